// Package cpgtool is corosync-cpgtool(8): the process groups of the cluster
// and who is in them. Output and exit status are those of the reference's
// tools/corosync-cpgtool.c.
package cpgtool

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"path"

	"github.com/ringmaster-ha/ringmaster/cfg"
	"github.com/ringmaster-ha/ringmaster/cpg"
	"github.com/ringmaster-ha/ringmaster/internal/cli/getopt"
	"github.com/ringmaster-ha/ringmaster/internal/cserr"
	"github.com/ringmaster-ha/ringmaster/totem"
)

const (
	success = 0
	failure = 1
)

// groups is what the tool asks of the CPG service.
type groups interface {
	IterateNames(context.Context) (iteration, error)
	IterateAll(context.Context) (iteration, error)
	Close() error
}

type iteration interface {
	Next(context.Context) (cpg.Process, error)
	Close(context.Context) error
}

// addresses is what the tool asks of the configuration service; *cfg.Conn is
// one.
type addresses interface {
	NodeAddrs(context.Context, cfg.NodeID) ([]netip.Addr, error)
	Close() error
}

// conn is *cpg.Conn as groups.
type conn struct{ *cpg.Conn }

func (c conn) IterateNames(ctx context.Context) (iteration, error) {
	return some(c.Conn.IterateNames(ctx))
}
func (c conn) IterateAll(ctx context.Context) (iteration, error) { return some(c.Conn.IterateAll(ctx)) }

func some(it *cpg.Iteration, err error) (iteration, error) {
	if err != nil {
		return nil, err
	}
	return it, nil
}

// tool is one call of the program.
type tool struct {
	out     *bufio.Writer
	errw    io.Writer
	dialCPG func(context.Context) (groups, error)
	dialCfg func(context.Context) (addresses, error)

	cpg       groups
	cfg       addresses
	delimiter byte // 0: a table for people
	raw       bool // names as they are
}

// Main runs the tool and returns its exit status.
func Main(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	t := &tool{
		out: bufio.NewWriter(stdout), errw: stderr,
		dialCPG: func(ctx context.Context) (groups, error) {
			c, err := cpg.Dial(ctx, cpg.Options{})
			if err != nil {
				return nil, err
			}
			return conn{c}, nil
		},
		dialCfg: func(ctx context.Context) (addresses, error) { return cfg.Dial(ctx, cfg.Options{}) },
	}
	return t.run(args)
}

func (t *tool) run(args []string) int {
	defer t.out.Flush()
	ctx := context.Background()
	show := t.members
	p := getopt.New(args, "hd:ne", nil, t.errw)
	for {
		opt, ok := p.Next()
		if !ok {
			break
		}
		switch opt {
		case 'd':
			if p.Arg != "" {
				t.delimiter = p.Arg[0]
			}
		case 'n':
			show = t.names
		case 'e':
			t.raw = true
		case 'h':
			t.usage(path.Base(args[0]))
			return success
		default:
			return failure
		}
	}
	var err error
	if t.cpg, err = t.dialCPG(ctx); err != nil {
		fmt.Fprintf(t.errw, "Could not initialize corosync cpg API error %d\n", cserr.Of(err))
		return failure
	}
	defer t.cpg.Close()
	if t.cfg, err = t.dialCfg(ctx); err != nil {
		fmt.Fprintf(t.errw, "Could not initialize corosync configuration API error %d\n", cserr.Of(err))
		return failure
	}
	defer t.cfg.Close()
	return show(ctx)
}

func (t *tool) usage(name string) {
	fmt.Fprintf(t.out, `%s [-d delimiter] [-e] [-n] [-h]

A tool for displaying cpg groups and members.
options:
	-d	Delimiter between fields.
	-e	Don't escape unprintable characters in group name.
	-n	Display only all existing group names.
	-h	Display this help.
`, name)
}

// names lists the groups: a line each, or all in one with the delimiter behind
// each.
func (t *tool) names(ctx context.Context) int {
	it, err := t.cpg.IterateNames(ctx)
	if err != nil {
		return t.noIterator(err)
	}
	defer it.Close(ctx)
	for {
		p, err := it.Next(ctx)
		if err != nil { // the end or not, the reference does not tell
			break
		}
		t.group(p.Group)
		if t.delimiter != 0 {
			t.out.WriteByte(t.delimiter)
		} else {
			t.out.WriteByte('\n')
		}
	}
	if t.delimiter != 0 {
		t.out.WriteByte('\n')
	}
	return success
}

// members lists the processes: a table with the groups' names on lines of
// their own, or a line of fields each.
func (t *tool) members(ctx context.Context) int {
	it, err := t.cpg.IterateAll(ctx)
	if err != nil {
		return t.noIterator(err)
	}
	if d := t.delimiter; d != 0 {
		fmt.Fprintf(t.out, "GRP_NAME%[1]sPID%[1]sNODEID\n", []byte{d})
	} else {
		fmt.Fprintf(t.out, "Group Name\t%10s\t%10s\n", "PID", "Node ID")
	}
	before := ""
	for {
		p, err := it.Next(ctx)
		if errors.Is(err, io.EOF) {
			it.Close(ctx)
			return success
		}
		if err != nil {
			fmt.Fprintf(t.errw, "cpg iteration error %d\n", cserr.Of(err))
			return failure
		}
		if d := t.delimiter; d != 0 {
			t.group(p.Group)
			fmt.Fprintf(t.out, "%[1]s%[2]d%[1]s%[3]d\n", []byte{d}, p.PID, p.Node)
			continue
		}
		if p.Group != before {
			t.group(p.Group)
			t.out.WriteByte('\n')
			before = p.Group
		}
		fmt.Fprintf(t.out, "\t\t%10d\t%10d (", p.PID, p.Node)
		t.addrs(ctx, p.Node)
		t.out.WriteString(")\n")
	}
}

func (t *tool) noIterator(err error) int {
	fmt.Fprintf(t.errw, "Cannot initialize cpg iterator error %d\n", cserr.Of(err))
	return failure
}

// addrs prints a node's addresses; none if it is not known.
func (t *tool) addrs(ctx context.Context, node totem.NodeID) {
	list, err := t.cfg.NodeAddrs(ctx, node)
	if err != nil {
		return
	}
	for i, a := range list {
		if i > 0 {
			t.out.WriteByte(' ')
		}
		t.out.WriteString(a.String())
	}
}

// group prints a group's name. A byte above 0x7f is a negative char to the
// reference, which prints it widened to 32 bits: \xFFFFFFC3.
func (t *tool) group(name string) {
	if t.raw {
		t.out.WriteString(name)
		return
	}
	for i := range len(name) {
		switch c := name[i]; {
		case c == '\\':
			t.out.WriteString(`\\`)
		case c >= ' ' && c < 0x7f:
			t.out.WriteByte(c)
		default:
			fmt.Fprintf(t.out, "\\x%02X", uint32(int8(c)))
		}
	}
}
