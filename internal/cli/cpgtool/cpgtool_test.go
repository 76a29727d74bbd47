package cpgtool

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net/netip"
	"testing"

	"github.com/ringmaster-ha/ringmaster/cfg"
	"github.com/ringmaster-ha/ringmaster/cpg"
	"github.com/ringmaster-ha/ringmaster/internal/cserr"
)

// cluster stands for a daemon.
type cluster struct {
	all          []cpg.Process
	begin, after error
	closed       int
}

func (c *cluster) Close() error { c.closed++; return nil }
func (c *cluster) IterateAll(context.Context) (iteration, error) {
	return &steps{c, c.all}, c.begin
}
func (c *cluster) IterateNames(context.Context) (iteration, error) {
	var names []cpg.Process
	for i, p := range c.all {
		if i == 0 || c.all[i-1].Group != p.Group {
			names = append(names, cpg.Process{Group: p.Group})
		}
	}
	return &steps{c, names}, c.begin
}

func (c *cluster) NodeAddrs(_ context.Context, n cfg.NodeID) ([]netip.Addr, error) {
	switch n {
	case 1:
		return []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")}, nil
	case 2:
		return []netip.Addr{netip.MustParseAddr("192.0.2.2")}, nil
	}
	return nil, cserr.NotExist
}

type steps struct {
	c    *cluster
	left []cpg.Process
}

func (s *steps) Close(context.Context) error { return nil }
func (s *steps) Next(context.Context) (cpg.Process, error) {
	if len(s.left) == 0 {
		if s.c.after != nil {
			return cpg.Process{}, s.c.after
		}
		return cpg.Process{}, io.EOF
	}
	p := s.left[0]
	s.left = s.left[1:]
	return p, nil
}

const usage = `corosync-cpgtool [-d delimiter] [-e] [-n] [-h]

A tool for displaying cpg groups and members.
options:
	-d	Delimiter between fields.
	-e	Don't escape unprintable characters in group name.
	-n	Display only all existing group names.
	-h	Display this help.
`

// The texts are those of corosync-cpgtool 3.1.7.
func TestTool(t *testing.T) {
	two := []cpg.Process{
		{Group: "crmd", Member: cpg.Member{Node: 2, PID: 4294967295}},
		{Group: "crmd", Member: cpg.Member{Node: 1, PID: 7}},
		{Group: "a\\b\n\xc3", Member: cpg.Member{Node: 3, PID: 8}},
	}
	for _, tt := range []struct {
		name      string
		c         cluster
		args      []string
		out, errs string
		code      int
	}{
		{"nothing", cluster{}, nil, "Group Name\t       PID\t   Node ID\n", "", 0},
		{"table", cluster{all: two}, nil, "Group Name\t       PID\t   Node ID\n" +
			"crmd\n\t\t4294967295\t         2 (192.0.2.2)\n\t\t         7\t         1 (192.0.2.1 2001:db8::1)\n" +
			"a\\\\b\\x0A\\xFFFFFFC3\n\t\t         8\t         3 ()\n", "", 0},
		{"fields", cluster{all: two}, []string{"-d", ":;"}, "GRP_NAME:PID:NODEID\n" +
			"crmd:4294967295:2\ncrmd:7:1\na\\\\b\\x0A\\xFFFFFFC3:8:3\n", "", 0},
		{"raw fields", cluster{all: two}, []string{"-ed,"}, "GRP_NAME,PID,NODEID\n" +
			"crmd,4294967295,2\ncrmd,7,1\na\\b\n\xc3,8,3\n", "", 0},
		{"names", cluster{all: two}, []string{"-n"}, "crmd\na\\\\b\\x0A\\xFFFFFFC3\n", "", 0},
		{"names in a line", cluster{all: two}, []string{"-n", "-d", ","}, "crmd,a\\\\b\\x0A\\xFFFFFFC3,\n", "", 0},
		{"empty delimiter", cluster{all: two}, []string{"-n", "-d", ""}, "crmd\na\\\\b\\x0A\\xFFFFFFC3\n", "", 0},
		{"no iterator", cluster{begin: cserr.TryAgain}, nil, "", "Cannot initialize cpg iterator error 6\n", 1},
		{"no iterator for names", cluster{begin: cserr.TryAgain}, []string{"-n"}, "", "Cannot initialize cpg iterator error 6\n", 1},
		{"broken iteration", cluster{after: cserr.Library}, nil, "Group Name\t       PID\t   Node ID\n", "cpg iteration error 2\n", 1},
		{"broken iteration of names", cluster{after: cserr.Library}, []string{"-n"}, "", "", 0},
		{"help", cluster{}, []string{"-n", "-h", "-x"}, usage, "", 0},
		{"bad option", cluster{}, []string{"-x"}, "", "/usr/sbin/corosync-cpgtool: invalid option -- 'x'\n", 1},
		{"long option", cluster{}, []string{"--help"}, "", "/usr/sbin/corosync-cpgtool: invalid option -- '-'\n", 1},
		{"no argument", cluster{}, []string{"-d"}, "", "/usr/sbin/corosync-cpgtool: option requires an argument -- 'd'\n", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out, errs bytes.Buffer
			tool := &tool{
				out: bufio.NewWriter(&out), errw: &errs,
				dialCPG: func(context.Context) (groups, error) { return &tt.c, nil },
				dialCfg: func(context.Context) (addresses, error) { return &tt.c, nil },
			}
			code := tool.run(append([]string{"/usr/sbin/corosync-cpgtool"}, tt.args...))
			if out.String() != tt.out || errs.String() != tt.errs || code != tt.code {
				t.Errorf("got %d\n%q\n%q\nwant %d\n%q\n%q", code, out.String(), errs.String(), tt.code, tt.out, tt.errs)
			}
		})
	}
}

func TestNoDaemon(t *testing.T) {
	refuse := errors.New("connection refused")
	for _, tt := range []struct {
		cpg, cfg error
		want     string
	}{
		{refuse, nil, "Could not initialize corosync cpg API error 2\n"},
		{nil, refuse, "Could not initialize corosync configuration API error 2\n"},
	} {
		var out, errs bytes.Buffer
		c := &cluster{}
		tool := &tool{
			out: bufio.NewWriter(&out), errw: &errs,
			dialCPG: func(context.Context) (groups, error) { return c, tt.cpg },
			dialCfg: func(context.Context) (addresses, error) { return c, tt.cfg },
		}
		if code := tool.run([]string{"t"}); code != 1 || errs.String() != tt.want || out.Len() != 0 {
			t.Errorf("got %d, %q, %q; want %q", code, out.String(), errs.String(), tt.want)
		}
	}
}
