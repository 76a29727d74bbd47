package cmapctl

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/cmap"
	"github.com/ringmaster-ha/ringmaster/internal/cmapsvc/cmaptest"
	"github.com/ringmaster-ha/ringmaster/internal/cserr"
	"github.com/ringmaster-ha/ringmaster/internal/icmap"
)

func start(t *testing.T) *cmaptest.Daemon {
	d := cmaptest.Start(t, map[string]icmap.Value{"runtime.config.totem.token": icmap.Uint32(1000)})
	d.Do(func(m *icmap.Map) { m.SetReadOnly("runtime.config.", true, true) })
	return d
}

func newTool(d *cmaptest.Daemon, in io.Reader, out, errw io.Writer) *tool {
	return &tool{
		ctx: context.Background(), sleep: func(time.Duration) {}, in: in, out: bufio.NewWriter(out), errw: errw,
		dial: func(ctx context.Context, m cmap.Map) (*cmap.Conn, error) {
			return cmap.Dial(ctx, cmap.Options{Map: m, SocketDir: d.SocketDir})
		},
	}
}

// TestGolden replays what the reference's tool has said to its daemon;
// testdata/refresh.sh records it.
func TestGolden(t *testing.T) {
	golden, err := os.ReadFile("testdata/golden.txt")
	if err != nil {
		t.Fatal(err)
	}
	d := start(t)
	t.Chdir("testdata")
	for _, c := range strings.Split("\n"+string(golden), "\n== ")[1:] {
		line, want, _ := strings.Cut(strings.TrimSuffix(c, "\n")+"\n", "\n")
		var out, errs, got bytes.Buffer
		args := append([]string{"corosync-cmapctl"}, strings.Fields(line)...)
		status := newTool(d, strings.NewReader("q\n"), &out, &errs).main(args)
		fmt.Fprintf(&got, "status %d\n", status)
		prefix(&got, "out:", out.String())
		prefix(&got, "err:", errs.String())
		if got.String() != want {
			t.Errorf("%s: got\n%swant\n%s", line, got.String(), want)
		}
	}
}

func prefix(w *bytes.Buffer, p, text string) {
	for _, l := range strings.SplitAfter(text, "\n") {
		if l != "" {
			w.WriteString(p + l)
		}
	}
}

func TestTrack(t *testing.T) {
	d := start(t)
	in, quit := io.Pipe()
	out, printed := io.Pipe()
	var errs bytes.Buffer
	status := make(chan int)
	go func() {
		status <- newTool(d, in, printed, &errs).main([]string{"corosync-cmapctl", "-b", "-T", "a."})
		printed.Close()
	}()
	lines := bufio.NewScanner(out)
	expect := func(want string) {
		t.Helper()
		if !lines.Scan() || lines.Text() != want {
			t.Errorf("got %q, want %q", lines.Text(), want)
		}
	}
	expect(`Type "q" to finish`)
	d.Do(func(m *icmap.Map) {
		m.SetUint8("a.x", 1)
		m.Set("a.x", icmap.Binary([]byte{1}))
		m.Delete("a.x")
	})
	expect("create> a.x (u8) = 1")
	expect(`modify> a.x (bin) = \x01`)
	expect(`delete> a.x (bin) = \x01`)
	fmt.Fprintln(quit, "no")
	fmt.Fprintln(quit, "quit")
	if s := <-status; s != 0 || errs.Len() > 0 {
		t.Errorf("status %d, %q", s, errs.String())
	}
}

func TestNoDaemon(t *testing.T) {
	for _, tt := range []struct {
		err   error
		tries int
		want  string
	}{
		{cserr.Library, 1, "Failed to initialize the cmap API. Error CS_ERR_LIBRARY\n"},
		{cserr.TryAgain, 11, "Failed to initialize the cmap API. Error CS_ERR_TRY_AGAIN\n"},
	} {
		var out, errs bytes.Buffer
		tool := newTool(nil, nil, &out, &errs)
		tries := 0
		tool.dial = func(context.Context, cmap.Map) (*cmap.Conn, error) { tries++; return nil, tt.err }
		if s := tool.main([]string{"corosync-cmapctl"}); s != 1 || errs.String() != tt.want || tries != tt.tries {
			t.Errorf("%v: status %d, %q after %d tries", tt.err, s, errs.String(), tries)
		}
	}
}
