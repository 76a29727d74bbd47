// Package cfgtool is corosync-cfgtool(8): status of links and nodes, reload,
// reopening of log files, the end of a node, shutdown. Output and exit status
// are those of the reference's tools/corosync-cfgtool.c.
package cfgtool

import (
	"context"
	"fmt"
	"io"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/ringmaster-ha/ringmaster/cfg"
	"github.com/ringmaster-ha/ringmaster/internal/cli/getopt"
	"github.com/ringmaster-ha/ringmaster/internal/cserr"
)

const (
	success = 0
	failure = 1
)

// daemon is what the tool asks of the configuration service; *cfg.Conn is one.
type daemon interface {
	LocalNode(context.Context) (cfg.NodeID, error)
	NodeStatus(context.Context, cfg.NodeID) (*cfg.NodeStatus, error)
	NodeAddrs(context.Context, cfg.NodeID) ([]netip.Addr, error)
	KillNode(context.Context, cfg.NodeID, string) error
	TryShutdown(context.Context, cfg.ShutdownFlag) error
	ReloadConfig(context.Context) error
	ReopenLogFiles(context.Context) error
	Close() error
}

// keys is what the tool asks of the map.
type keys interface {
	GetString(ctx context.Context, key string) (string, error)
	GetUint32(ctx context.Context, key string) (uint32, error)
	// Keys lists those that begin with a prefix.
	Keys(ctx context.Context, prefix string) ([]string, error)
	Close() error
}

// tool is one call of the program.
type tool struct {
	out, errw io.Writer
	dialCfg   func(context.Context) (daemon, error)
	dialMap   func(context.Context) (keys, error)
	pause     func() // before a shutdown is tried again
}

var longOptions = []getopt.Long{
	{Name: "if", Arg: getopt.Required, Val: 'i'},
	{Name: "status", Val: 's'},
	{Name: "nodes", Val: 'n'},
	{Name: "brief", Val: 'b'},
	{Name: "reload", Val: 'R'},
	{Name: "reopen", Val: 'L'},
	{Name: "kill", Arg: getopt.Required, Val: 'k'},
	{Name: "address", Arg: getopt.Required, Val: 'a'},
	{Name: "shutdown", Val: 'H'},
	{Name: "force", Val: force},
}

const force = rune(0) // --force has no letter

// Main runs the tool and returns its exit status.
func Main(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	t := &tool{
		out: stdout, errw: stderr,
		dialCfg: func(ctx context.Context) (daemon, error) { return cfg.Dial(ctx, cfg.Options{}) },
		dialMap: dialMap,
		pause:   func() { time.Sleep(time.Second) },
	}
	return t.run(args)
}

func (t *tool) run(args []string) int {
	ctx := context.Background()
	action := func() int { t.usage(); return success }
	brief, regardless := false, false
	p := getopt.New(args, "i:snbrRLk:a:hH", longOptions, t.errw)
	for {
		opt, ok := p.Next()
		if !ok {
			break
		}
		switch opt {
		case force:
			regardless = true
		case 'i', 'r', 'h':
			// -i narrowed -s down once; it is accepted and has no effect.
		case 's':
			action = func() int { return t.status(ctx, false, brief) }
		case 'n':
			action = func() int { return t.status(ctx, true, brief) }
		case 'b':
			brief = true
		case 'R':
			action = func() int { return t.reload(ctx) }
		case 'L':
			action = func() int { return t.reopen(ctx) }
		case 'H':
			action = func() int { return t.shutdown(ctx, regardless) }
		case 'k', 'a':
			n, err := strconv.ParseInt(strings.TrimLeft(p.Arg, " \t\n\v\f\r"), 10, 64)
			if err != nil || n < 1 || n > math.MaxUint32 {
				fmt.Fprintf(t.errw, "The nodeid was not valid, try a positive number\n")
				return failure
			}
			if node := cfg.NodeID(n); opt == 'k' {
				action = func() int { return t.kill(ctx, node) }
			} else {
				action = func() int { return t.addresses(ctx, node) }
			}
		default:
			return failure
		}
	}
	return action()
}

func (t *tool) usage() {
	io.WriteString(t.out, `corosync-cfgtool [[-i <interface ip>] [-b] -s] [-R] [-L] [-k nodeid] [-a nodeid] [-h] [-H]

A tool for displaying and configuring active parameters within corosync.
options:
	-i	Finds only information about the specified interface IP address or link id when used with -s..
	-s	Displays the status of the current links on this node.
	-n	Displays the status of the connected nodes and their links.
	-b	Displays the brief status of the current links on this node when used with -s.
	-R	Tell all instances of corosync in this cluster to reload corosync.conf.
	-L	Tell corosync to reopen all logging files.
	-k	Kill a node identified by node id.
	-a	Display the IP address(es) of a node
	-h	Print basic usage.
	-H	Shutdown corosync cleanly on this node.
		--force will shut down corosync regardless of daemon vetos
`)
}

// connect dials the configuration service; its error is told by number.
func (t *tool) connect(ctx context.Context) daemon {
	d, err := t.dialCfg(ctx)
	if err != nil {
		fmt.Fprintf(t.errw, "Could not initialize corosync configuration API error %d\n", cserr.Of(err))
		return nil
	}
	return d
}

// connectNamed tells the error by name.
func (t *tool) connectNamed(ctx context.Context) daemon {
	d, err := t.dialCfg(ctx)
	if err != nil {
		fmt.Fprintf(t.errw, "Could not initialize corosync configuration API error %s\n", cserr.Of(err))
		return nil
	}
	return d
}

func (t *tool) reload(ctx context.Context) int {
	fmt.Fprintf(t.out, "Reloading corosync.conf...\n")
	d := t.connectNamed(ctx)
	if d == nil {
		return failure
	}
	defer d.Close()
	if err := d.ReloadConfig(ctx); err != nil {
		fmt.Fprintf(t.errw, "Could not reload configuration. Error %s\n", cserr.Of(err))
		return int(cserr.Of(err))
	}
	fmt.Fprintf(t.out, "Done\n")
	return success
}

func (t *tool) reopen(ctx context.Context) int {
	d := t.connectNamed(ctx)
	if d == nil {
		return failure
	}
	defer d.Close()
	if err := d.ReopenLogFiles(ctx); err != nil {
		fmt.Fprintf(t.errw, "Could not reopen corosync logging files. Error %s\n", cserr.Of(err))
		return int(cserr.Of(err))
	}
	return success
}

// shutdown ends with status 0 even when it was refused, as the reference does.
func (t *tool) shutdown(ctx context.Context, regardless bool) int {
	how := cfg.Request
	if regardless {
		how = cfg.Regardless
	}
	d := t.connect(ctx)
	if d == nil {
		return failure
	}
	defer d.Close()
	fmt.Fprintf(t.out, "Shutting down corosync\n")
	var code cserr.Code
	for range 30 {
		if code = cserr.Of(d.TryShutdown(ctx, how)); code != cserr.TryAgain {
			break
		}
		t.pause()
	}
	if code != cserr.OK {
		fmt.Fprintf(t.errw, "Could not shutdown (error = %d)\n", code)
	}
	return success
}

func (t *tool) kill(ctx context.Context, node cfg.NodeID) int {
	fmt.Fprintf(t.out, "Killing node %d\n", node)
	d := t.connect(ctx)
	if d == nil {
		return failure
	}
	defer d.Close()
	if err := d.KillNode(ctx, node, "Killed by corosync-cfgtool"); err != nil {
		fmt.Fprintf(t.errw, "Could not kill node (error = %s)\n", cserr.Of(err))
		return failure
	}
	return success
}

func (t *tool) addresses(ctx context.Context, node cfg.NodeID) int {
	d := t.connect(ctx)
	if d == nil {
		return failure
	}
	defer d.Close()
	addrs, err := d.NodeAddrs(ctx, node)
	if err != nil {
		fmt.Fprintf(t.errw, "Could not get node address for nodeid %d\n", int32(node))
		return failure
	}
	text := make([]string, len(addrs))
	for i, a := range addrs {
		text[i] = a.String()
	}
	fmt.Fprintln(t.out, strings.Join(text, " "))
	return success
}
