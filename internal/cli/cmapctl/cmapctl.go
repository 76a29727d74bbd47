// Package cmapctl is corosync-cmapctl(8): it shows, changes and watches the
// keys of the daemon's maps. Options, output and exit statuses are those of the
// reference's tools/corosync-cmapctl.c.
package cmapctl

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"syscall"
	"time"

	_ "embed"

	"github.com/ringmaster-ha/ringmaster/cmap"
	"github.com/ringmaster-ha/ringmaster/internal/cli/getopt"
	"github.com/ringmaster-ha/ringmaster/internal/cserr"
)

//go:embed help.txt
var help string

// retries is how often a daemon that is busy is asked again, a second apart.
const retries = 10

type action int

const (
	actionPrint action = iota
	actionGet
	actionSet
	actionDelete
	actionDeletePrefix
	actionTrack
	actionLoad
	actionClear
)

type options struct {
	action      action
	m           cmap.Map
	trackPrefix bool
	binary      bool // -b: show binary values
	quiet       bool // -q: values only
	file        string
	clear       string
	help        bool
	keys        []string
}

// fault is an error that ends the program, as it is told.
type fault string

func (f fault) Error() string { return string(f) }

func faultf(format string, args ...any) error { return fault(fmt.Sprintf(format, args...)) }

// errFailed ends the program with nothing more to say.
var errFailed = errors.New("failed")

func parse(args []string, errw io.Writer) (options, error) {
	o := options{trackPrefix: true}
	mapSet := false
	p := getopt.New(args, "m:hqgsdDtTbp:C:", nil, errw)
	for {
		opt, ok := p.Next()
		if !ok {
			break
		}
		switch opt {
		case 'h':
			o.help = true
			return o, nil
		case 'b':
			o.binary = true
		case 'q':
			o.quiet = true
		case 'g':
			o.action = actionGet
		case 's':
			o.action = actionSet
		case 'd':
			o.action = actionDelete
		case 'D':
			o.action = actionDeletePrefix
		case 'p':
			o.action, o.file = actionLoad, p.Arg
		case 'C':
			if !slices.Contains([]string{"knet", "totem", "ipc", "schedmiss", "all"}, p.Arg) {
				return o, fault("argument to -C should be 'knet', 'totem', 'ipc', 'schedmiss' or 'all'")
			}
			o.action, o.clear, o.m = actionClear, p.Arg, cmap.Statistics
		case 't':
			o.action, o.trackPrefix = actionTrack, false
		case 'T':
			o.action = actionTrack
		case 'm':
			switch p.Arg {
			case "icmap", "default":
				o.m, mapSet = cmap.Configuration, true
			case "stats":
				o.m, mapSet = cmap.Statistics, true
			}
			if !mapSet {
				return o, fault("invalid map name, must be 'default', 'icmap' or 'stats'")
			}
		default:
			return o, errFailed
		}
	}
	o.keys = p.Rest()
	if len(o.keys) == 0 && o.action != actionLoad && o.action != actionClear && o.action != actionPrint {
		return o, fault("Expected key after options")
	}
	return o, nil
}

// tool is one run of the program.
type tool struct {
	options
	ctx   context.Context
	c     *cmap.Conn
	dial  func(context.Context, cmap.Map) (*cmap.Conn, error)
	sleep func(time.Duration)
	in    io.Reader
	out   *bufio.Writer
	errw  io.Writer
}

// Main runs the tool and returns its exit status.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	t := &tool{
		ctx: context.Background(), sleep: time.Sleep, in: stdin, out: bufio.NewWriter(stdout), errw: stderr,
		dial: func(ctx context.Context, m cmap.Map) (*cmap.Conn, error) { return cmap.Dial(ctx, cmap.Options{Map: m}) },
	}
	return t.main(args)
}

func (t *tool) main(args []string) int {
	defer t.out.Flush()
	err := t.run(args)
	if f := fault(""); errors.As(err, &f) {
		t.complain("%s", f)
	}
	if err != nil {
		return 1
	}
	return 0
}

// complain writes a line to standard error, behind what has been put out.
func (t *tool) complain(format string, args ...any) {
	t.out.Flush()
	fmt.Fprintf(t.errw, format+"\n", args...)
}

// reason is how an error of the daemon is told.
func reason(err error) cserr.Code { return cserr.Of(err) }

// strerror is the text of a system error as perror(3) has it.
func strerror(err error) string {
	var n syscall.Errno
	if !errors.As(err, &n) {
		return err.Error()
	}
	s := n.Error()
	return strings.ToUpper(s[:1]) + s[1:]
}

func (t *tool) run(args []string) (err error) {
	if t.options, err = parse(args, t.errw); err != nil {
		return err
	}
	if t.help {
		t.out.WriteString(help)
		return nil
	}
	for try := 0; ; try++ {
		t.c, err = t.dial(t.ctx, t.m)
		if err == nil {
			break
		}
		if reason(err) != cserr.TryAgain || try == retries {
			return faultf("Failed to initialize the cmap API. Error %v", reason(err))
		}
		t.sleep(time.Second)
	}
	defer t.c.Close()
	switch t.action {
	case actionGet:
		return t.getAll()
	case actionSet:
		if len(t.keys) < 3 {
			return fault("At least 3 parameters are expected for set")
		}
		return t.set(t.keys[0], t.keys[1], t.keys[2])
	case actionDelete:
		for _, key := range t.keys {
			if err := t.c.Delete(t.ctx, key); err != nil {
				return faultf("Can't delete key %s. Error %v", key, reason(err))
			}
		}
		return nil
	case actionDeletePrefix:
		for _, prefix := range t.keys {
			if err := t.deletePrefix(prefix); err != nil {
				return err
			}
		}
		return nil
	case actionTrack:
		return t.track()
	case actionLoad:
		return t.load()
	case actionClear:
		_ = t.c.Set(t.ctx, "stats.clear."+t.clear, cmap.Uint32(1)) // the reference does not look either
		return nil
	}
	return t.printAll()
}

// printAll prints all keys with the prefixes; it fails when no prefix has any.
func (t *tool) printAll() error {
	prefixes := t.keys
	if len(prefixes) == 0 {
		prefixes = []string{""}
	}
	empty := 0
	for _, prefix := range prefixes {
		any := false
		for e, err := range t.c.Keys(t.ctx, prefix) {
			if err != nil {
				if !any {
					return faultf("Failed to initialize iteration. Error %v", reason(err))
				}
				break
			}
			any = true
			t.fetch(e)
		}
		if !any {
			empty++
		}
	}
	if empty == len(prefixes) {
		return errFailed
	}
	return nil
}

func (t *tool) getAll() error {
	for _, key := range t.keys {
		e, err := t.c.Stat(t.ctx, key)
		if err != nil {
			return faultf("Can't get key %s. Error %v", key, reason(err))
		}
		t.fetch(e)
	}
	return nil
}

func (t *tool) deletePrefix(prefix string) error {
	any := false
	for e, err := range t.c.Keys(t.ctx, prefix) {
		if err != nil {
			if !any {
				return faultf("Failed to initialize iteration. Error %v", reason(err))
			}
			return nil
		}
		any = true
		if err := t.c.Delete(t.ctx, e.Key); err != nil {
			t.complain("Can't delete key %s. Error %v", e.Key, reason(err))
		}
	}
	return nil
}
