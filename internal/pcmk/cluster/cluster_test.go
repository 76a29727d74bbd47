package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/ringmaster-ha/ringmaster/cpg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/cpgmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/peers"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// group is a connection whose events a test makes.
type group struct {
	ring
	events chan cpg.Event // closed: corosync is gone
	left   bool
}

func (g *group) Next(ctx context.Context) (cpg.Event, error) {
	select {
	case ev, ok := <-g.events:
		if !ok {
			return nil, cpg.ErrClosed
		}
		return ev, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (g *group) Leave(context.Context) error { g.left = true; return nil }
func (g *group) Close() error                { return nil }

// held is a lock that knows whether it is held.
type held struct {
	sync.Mutex
	is bool
}

func (l *held) Lock()   { l.Mutex.Lock(); l.is = true }
func (l *held) Unlock() { l.is = false; l.Mutex.Unlock() }

// daemon writes down what it hears.
type daemon struct {
	t     *testing.T
	lock  held
	heard []string
}

func (d *daemon) say(format string, args ...any) {
	if !d.lock.is {
		d.t.Error("called without the lock")
	}
	d.heard = append(d.heard, fmt.Sprintf(format, args...))
}

func (d *daemon) Message(m *cpgmsg.Message, from *peers.Peer) {
	d.say("%s from %d/%s=%s", m.Text, from.ID, from.Name, m.Sender.Name)
}

func (d *daemon) Changed(c peers.Change) {
	d.say("%d/%s %v joined=%v left=%v", c.Peer.ID, c.Peer.Name, c.Kind, c.Joined(), c.Left())
}

func (d *daemon) Lost(err error) { d.say("lost: %v", err) }

func (d *daemon) want(want ...string) {
	d.t.Helper()
	synctest.Wait()
	if !slices.Equal(d.heard, want) {
		d.t.Errorf("heard\n%s\nwant\n%s", strings.Join(d.heard, "\n"), strings.Join(want, "\n"))
	}
	d.heard = nil
}

// start is a daemon on node 1 of a cluster without a list of nodes.
func start(t *testing.T) (*daemon, *group, *Cluster) {
	d := &daemon{t: t}
	g := &group{events: make(chan cpg.Event, 100)}
	g.open = make(chan struct{})
	close(g.open)
	c := prepare(Options{Service: cpgmsg.Attrd, Handler: d, Locker: &d.lock, SocketDir: t.TempDir()})
	c.node, c.name, c.conn = 1, "a", g
	c.begin()
	d.want("1/a named joined=false left=false", "1/a processes joined=true left=false", "1/a state joined=false left=false")
	return d, g, c
}

func self() cpg.Member { return cpg.Member{Node: 1, PID: uint32(os.Getpid())} }

// sent is a message as node 2's process multicasts it.
func sent(t *testing.T, m cpgmsg.Message) *cpg.Message {
	t.Helper()
	b, err := cpgmsg.Encode(nil, &m)
	if err != nil {
		t.Fatal(err)
	}
	return &cpg.Message{From: cpg.Member{Node: 2, PID: 200}, Data: b}
}

func TestMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, g, c := start(t)
		for _, m := range []cpgmsg.Message{
			{Text: "<all/>", Sender: cpgmsg.Address{Name: "b"}},
			{Text: "<id/>", Receiver: cpgmsg.Address{Node: 1}, Sender: cpgmsg.Address{Name: "b"}},
			{Text: "<name/>", Receiver: cpgmsg.Address{Name: "A"}, Sender: cpgmsg.Address{Name: "b"}},
			{Text: "<other-id/>", Receiver: cpgmsg.Address{Node: 3}, Sender: cpgmsg.Address{Name: "b"}},
			{Text: "<other-name/>", Receiver: cpgmsg.Address{Name: "c"}, Sender: cpgmsg.Address{Name: "b"}},
			{Text: "<lie/>", Sender: cpgmsg.Address{Node: 3, Name: "b"}},
			{Text: "<nameless/>"},
			{Text: "<election/>", Receiver: cpgmsg.Address{Service: cpgmsg.CRMD}, Sender: cpgmsg.Address{Name: "b"}},
		} {
			g.events <- sent(t, m)
		}
		g.events <- &cpg.Message{From: cpg.Member{Node: 2}, Data: []byte("garbage")}
		d.want("2/b named joined=false left=false", "<all/> from 2/b=b", "<id/> from 2/b=b", "<name/> from 2/b=b", "<nameless/> from 2/b=b", "<election/> from 2/b=b")

		d.lock.Lock()
		b := c.Peers().Find(2, "")
		d.lock.Unlock()
		for _, err := range []error{c.Send(nil, cpgmsg.Attrd, "<to-all/>"), c.Send(b, cpgmsg.Attrd, "<to-b/>")} {
			if err != nil {
				t.Error(err)
			}
		}
		if err := c.Send(&peers.Peer{Name: strings.Repeat("n", 256)}, cpgmsg.Attrd, ""); err == nil {
			t.Error("a name that does not fit was taken")
		}
		c.Close()
		if !g.left || !slices.Equal(g.taken, []string{"1:<to-all/>", "2:<to-b/>"}) {
			t.Errorf("left %v, sent %q", g.left, g.taken)
		}
		if err := c.Send(nil, cpgmsg.Attrd, "<late/>"); !errors.Is(err, ErrClosed) {
			t.Errorf("sent after the end: %v", err)
		}
		c.Close()
		d.want()
	})
}

func TestMembership(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, g, c := start(t)
		b := cpg.Member{Node: totem.NodeID(2), PID: 200}
		g.events <- &cpg.Membership{Members: []cpg.Member{self(), b}, Joined: []cpg.Change{{Member: b, Reason: cpg.ReasonJoin}}}
		d.want("2/ processes joined=true left=false", "2/ state joined=false left=false")
		g.events <- &cpg.RingChange{}
		g.events <- &cpg.Membership{Members: []cpg.Member{self()}, Left: []cpg.Change{{Member: b, Reason: cpg.ReasonNodeDown}}}
		d.want("2/ processes joined=false left=true", "2/ state joined=false left=false")
		g.events <- &cpg.Membership{Left: []cpg.Change{{Member: self(), Reason: cpg.ReasonProcDown}}}
		g.events <- sent(t, cpgmsg.Message{Text: "<late/>", Sender: cpgmsg.Address{Name: "b"}})
		d.want("1/a processes joined=false left=true", "1/a state joined=false left=false", "lost: cluster: group attrd: local node was evicted")
		c.Close()
	})
}

func TestLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, g, c := start(t)
		close(g.events)
		d.want("lost: cluster: " + cpg.ErrClosed.Error())
		c.Close()
		d.want()
	})
}

// TestNobody has no corosync to join.
func TestNobody(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Join(ctx, Options{Service: cpgmsg.CIB, Handler: &daemon{t: t}, SocketDir: t.TempDir()}); err == nil {
		t.Error("joined nobody")
	}
}

func TestAuthentic(t *testing.T) {
	t.Setenv("RINGMASTER_ROOT", "")
	me := uint32(os.Getuid())
	if !authentic(0, 7) || !authentic(7, 0) || me != 0 && authentic(me, 7) || authentic(me+7, 7) {
		t.Error("of the system")
	}
	t.Setenv("RINGMASTER_ROOT", "/folder")
	if !authentic(me, 7) || authentic(me+7, 7) {
		t.Error("of a folder")
	}
}
