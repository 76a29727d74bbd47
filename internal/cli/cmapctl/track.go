package cmapctl

import (
	"bufio"
	"context"
	"errors"
	"io/fs"
	"os"

	"github.com/ringmaster-ha/ringmaster/cmap"
)

// track prints changes until standard input says "q" or ends.
func (t *tool) track() error {
	for _, key := range t.keys {
		add := t.c.TrackPrefix
		if !t.trackPrefix {
			add = t.c.Track
		}
		if _, err := add(t.ctx, key, cmap.AllEvents); err != nil {
			return faultf("Failed to add tracking function. Error %v", reason(err))
		}
	}
	t.out.WriteString("Type \"q\" to finish\n")
	t.out.Flush()
	ctx, quit := context.WithCancel(t.ctx)
	defer quit()
	// It ends with the process at the latest: a read cannot be called off.
	go t.awaitQuit(quit)
	for {
		ch, err := t.c.Next(ctx)
		if err != nil {
			if !errors.Is(err, context.Canceled) {
				t.complain("Dispatch error %v", reason(err))
			}
			return nil
		}
		switch ch.Event {
		case cmap.Added:
			t.out.WriteString("create> ")
			t.print(ch.Key, ch.New)
		case cmap.Deleted:
			t.out.WriteString("delete> ")
			t.print(ch.Key, ch.Old)
		case cmap.Modified:
			t.out.WriteString("modify> ")
			t.print(ch.Key, ch.New)
		default:
			t.out.WriteString("unknown change> ")
		}
		t.out.Flush()
	}
}

// awaitQuit reads lines until one begins with "q". The end of standard input
// quits too, unless it is a pipe, for then the reference goes on.
func (t *tool) awaitQuit(quit func()) {
	lines := bufio.NewScanner(t.in)
	for lines.Scan() {
		if s := lines.Text(); s != "" && s[0] == 'q' {
			quit()
			return
		}
	}
	if f, ok := t.in.(*os.File); ok {
		if st, err := f.Stat(); err == nil && st.Mode()&fs.ModeNamedPipe != 0 {
			return
		}
	}
	quit()
}
