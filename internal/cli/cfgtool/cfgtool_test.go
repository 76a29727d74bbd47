package cfgtool

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/cfg"
	"github.com/ringmaster-ha/ringmaster/internal/cserr"
)

// fake is a daemon and its map.
type fake struct {
	values  map[string]any
	local   cfg.NodeID
	nodes   map[cfg.NodeID]*cfg.NodeStatus
	addrs   map[cfg.NodeID][]netip.Addr
	members []cfg.NodeID
	asked   []cfg.ShutdownFlag
	refuse  []error // one for each shutdown in turn
	broken  error   // of everything else
}

func (f *fake) Close() error                                  { return nil }
func (f *fake) LocalNode(context.Context) (cfg.NodeID, error) { return f.local, nil }
func (f *fake) ReloadConfig(context.Context) error            { return f.broken }
func (f *fake) ReopenLogFiles(context.Context) error          { return f.broken }
func (f *fake) KillNode(_ context.Context, n cfg.NodeID, _ string) error {
	if slices.Contains(f.members, n) {
		return nil
	}
	return cserr.NotExist
}
func (f *fake) TryShutdown(_ context.Context, how cfg.ShutdownFlag) (err error) {
	f.asked = append(f.asked, how)
	if len(f.refuse) > 0 {
		err, f.refuse = f.refuse[0], f.refuse[1:]
	}
	return err
}
func (f *fake) NodeStatus(_ context.Context, n cfg.NodeID) (*cfg.NodeStatus, error) {
	if s := f.nodes[n]; s != nil {
		s.Node = n
		return s, nil
	}
	return nil, cserr.FailedOperation
}
func (f *fake) NodeAddrs(_ context.Context, n cfg.NodeID) ([]netip.Addr, error) {
	if a := f.addrs[n]; a != nil {
		return a, nil
	}
	return nil, cserr.NotExist
}
func (f *fake) GetString(_ context.Context, key string) (string, error) {
	if s, ok := f.values[key].(string); ok {
		return s, nil
	}
	return "", cserr.NotExist
}
func (f *fake) GetUint32(_ context.Context, key string) (uint32, error) {
	if s, ok := f.values[key].(uint32); ok {
		return s, nil
	}
	return 0, cserr.NotExist
}
func (f *fake) Keys(_ context.Context, prefix string) (list []string, _ error) {
	for k := range f.values {
		if strings.HasPrefix(k, prefix) {
			list = append(list, k)
		}
	}
	return list, nil
}

// run returns what a call prints, in the form of testdata/udpu.txt.
func (f *fake) run(args string) string {
	var out, errs, got bytes.Buffer
	t := &tool{
		out: &out, errw: &errs, pause: func() {},
		dialCfg: func(context.Context) (daemon, error) { return f, nil },
		dialMap: func(context.Context) (keys, error) { return f, nil },
	}
	if f == nil {
		t.dialCfg = func(context.Context) (daemon, error) { return nil, cserr.Library }
	}
	fmt.Fprintf(&got, "status %d\n", t.run(append([]string{"corosync-cfgtool"}, strings.Fields(args)...)))
	for _, o := range []struct{ p, s string }{{"out:", out.String()}, {"err:", errs.String()}} {
		for _, l := range strings.SplitAfter(o.s, "\n") {
			if l != "" {
				got.WriteString(o.p + l)
			}
		}
	}
	return got.String()
}

// pair is the ring of testdata/udpu.txt, seen from node 1 while node 2 is away.
func pair() *fake {
	return &fake{
		local: 1, members: []cfg.NodeID{1},
		values: map[string]any{
			"totem.transport":        "udpu",
			"nodelist.node.0.nodeid": uint32(1), "nodelist.node.0.ring0_addr": "127.0.0.1",
			"nodelist.node.1.nodeid": uint32(2), "nodelist.node.1.ring0_addr": "127.0.0.2",
			"nodelist.local_node_pos": uint32(0),
		},
		nodes: map[cfg.NodeID]*cfg.NodeStatus{
			1: {Reachable: true, Links: [8]cfg.Link{{Enabled: true, Connected: true, MTU: 1410, Src: "127.0.0.1"}}},
			2: {Links: [8]cfg.Link{{Enabled: true, MTU: 1410, Src: "127.0.0.2"}}},
		},
		addrs: map[cfg.NodeID][]netip.Addr{1: {netip.MustParseAddr("127.0.0.1")}, 2: {netip.MustParseAddr("127.0.0.2")}},
	}
}

// TestGolden replays what the C tool has said to a ring of one of two;
// testdata/refresh.sh records it.
func TestGolden(t *testing.T) {
	for _, c := range []struct {
		file string
		f    *fake
	}{{"udpu.txt", pair()}, {"nodaemon.txt", nil}} {
		golden, err := os.ReadFile("testdata/" + c.file)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, g := range strings.Split(string(golden), "== ")[1:] {
			args, want, _ := strings.Cut(g, "\n")
			if got := c.f.run(args); got != want {
				t.Errorf("%s: %s: got\n%swant\n%s", c.file, args, got, want)
			}
			n++
		}
		if n < 10 {
			t.Errorf("%s has %d calls", c.file, n)
		}
	}
}

func TestReachableNodes(t *testing.T) {
	f := pair()
	f.nodes[2].Reachable = true
	f.nodes[2].Links[0].Connected = true
	const udpu = `status 0
out:Local node ID 1, transport udpu
out:nodeid: 2 reachable
out:   LINK: 0  (127.0.0.2) enabled connected mtu: 1410
out:
`
	if got := f.run("-n"); got != udpu {
		t.Errorf("got\n%s", got)
	}
	if got, want := f.run("-sb"), "status 0\nout:Local node ID 1, transport udpu\nout:LINK ID 0 \nout:\taddr\t= 127.0.0.2\nout:\tstatus\t= n3\n"; got != want {
		t.Errorf("got\n%s", got)
	}

	delete(f.values, "totem.transport")
	f.values["totem.interface.1.knet_transport"] = "sctp"
	s := f.nodes[2]
	s.Remote, s.External, s.OnwireMax, s.OnwireVer = true, true, 1, 1
	s.Links[0].Dst = "127.0.0.1"
	s.Links[1] = cfg.Link{Enabled: true, DynConnected: true, MTU: 500, Src: "10.0.0.2", Dst: "10.0.0.1"}
	const knet = `status 0
out:Local node ID 1, transport knet
out:nodeid: 2 reachable remote external   onwire (min/max/cur): 0, 1, 1
out:   LINK: 0 udp (127.0.0.2->127.0.0.1) enabled connected mtu: 1410
out:   LINK: 1 sctp (10.0.0.2->10.0.0.1) enabled dynconnected mtu: 500
out:
`
	if got := f.run("--nodes"); got != knet {
		t.Errorf("got\n%s", got)
	}
	delete(f.nodes, 1)
	if got := f.run("-s"); !strings.Contains(got, "err:Could not get the node status for nodeid 1, the error is: 21\n") {
		t.Errorf("got\n%s", got)
	}
	clear(f.values)
	if got, want := f.run("-s"), "status 1\nerr:No nodes found in nodelist\n"; got != want {
		t.Errorf("got\n%s", got)
	}
}

func TestShutdown(t *testing.T) {
	f := pair()
	f.refuse = []error{cserr.TryAgain, cserr.TryAgain, cserr.Busy}
	if got, want := f.run("-H"), "status 0\nout:Shutting down corosync\nerr:Could not shutdown (error = 10)\n"; got != want {
		t.Errorf("got\n%s", got)
	}
	if got, want := f.run("-H --force"), "status 0\nout:Shutting down corosync\n"; got != want {
		t.Errorf("got\n%s", got)
	}
	if want := []cfg.ShutdownFlag{0, 0, 0, 1}; !slices.Equal(f.asked, want) {
		t.Errorf("asked %v, want %v", f.asked, want)
	}
}

func TestErrorsAreStatuses(t *testing.T) {
	f := pair()
	f.broken = fmt.Errorf("wrapped: %w", cserr.InvalidParam)
	if got, want := f.run("-R"), "status 7\nout:Reloading corosync.conf...\nerr:Could not reload configuration. Error CS_ERR_INVALID_PARAM\n"; got != want {
		t.Errorf("got\n%s", got)
	}
	if got, want := f.run("-L"), "status 7\nerr:Could not reopen corosync logging files. Error CS_ERR_INVALID_PARAM\n"; got != want {
		t.Errorf("got\n%s", got)
	}
}
