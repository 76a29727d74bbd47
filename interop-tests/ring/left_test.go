//go:build interop

package ring

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/srp"
	"github.com/ringmaster-ha/ringmaster/totem/wire"
)

// diedOfLeaving tells that a node's corosync is the reference's and has ended on
// the assertion that it does not survive: another member has left a ring that it
// was still recovering (docs/wire/totem.md; TestLeftInRecovery has it happen).
func diedOfLeaving(h *lab.Host) bool {
	if !h.Running() || h.Kind() != lab.C || h.Corosync() == nil {
		return false
	}
	select {
	case <-h.Corosync().Done():
		return strings.Contains(h.ReadFile(diedOut), "orf_token_rtr: Assertion `range < QUEUE_RTR_ITEMS_SIZE_MAX' failed")
	default:
		return false
	}
}

// diedOut is where a node's corosync says what it has died of.
const diedOut = "/var/log/corosync.out"

// form waits until each of the hosts has just these as members. One of the
// reference's that has died of that defect is taken for one that has crashed: it
// is booted, and its member of the load is a new one. Nothing else is forgiven.
func (ld *load) form(hosts ...*lab.Host) {
	ld.t.Helper()
	var dead []*lab.Host
	ld.l.FormTended(func() {
		for _, h := range hosts {
			if !diedOfLeaving(h) {
				continue
			}
			ld.t.Logf("%s: the reference has died of a member that left a ring in recovery; it is booted again", h.Name)
			if err := os.Truncate(h.Path(diedOut), 0); err != nil {
				ld.t.Fatalf("%v", err)
			}
			h.Crash()
			h.Boot()
			h.StartCorosync()
			dead = append(dead, h)
		}
	}, hosts...)
	for _, h := range dead {
		ld.join(h, rate)
	}
}

// TestLeftInRecovery is what diedOfLeaving stands on: a member that leaves a ring
// that its peer still recovers, over broadcast, with the ring's token and its own
// memb_join there for the peer at once. The reference ends on an assertion. Ours
// goes on. (docs/wire/totem.md)
func TestLeftInRecovery(t *testing.T) {
	for _, k := range []lab.Kind{lab.C, lab.Go} {
		t.Run(k.String(), func(t *testing.T) {
			l := lab.New(t, 2)
			l.DumpLogs("/var/log/corosync/corosync.log", "/var/log/corosync.out")
			l.WriteFile("/etc/corosync/corosync.conf", lab.Ring{Transport: "udp", Broadcast: true}.Conf(l.Hosts()))
			peer, other := l.Hosts()[0], newStranger(t, l.Hosts()[1])
			peer.Use(k)
			peer.StartCorosync()
			l.Form(peer) // and it has messages on its ring of one

			token := other.untilRecovery(peer)
			// What it had said before is read by now, so that the token is the first
			// thing that the peer finds; it waits for it for a second.
			time.Sleep(100 * time.Millisecond)
			peer.SignalAll("corosync", syscall.SIGSTOP)
			other.send(peer.Addr(), token)
			other.send(broadcast, other.join())
			l.Eventually(time.Second/2, "both are there", func() bool { return waiting(peer) == 2 })
			peer.SignalAll("corosync", syscall.SIGCONT)

			if k == lab.C {
				l.Eventually(5*time.Second, "the reference has died of it", func() bool { return diedOfLeaving(peer) })
				return
			}
			l.Eventually(20*time.Second, "ours is alone again", func() bool {
				return strings.Contains(peer.CorosyncLog(), "join during recovery") && peer.Members() == "1"
			})
		})
	}
}

// waiting is on how many of a host's sockets of totem something waits to be read.
func waiting(h *lab.Host) (n int) {
	for line := range strings.Lines(h.ReadFile("/proc/1/net/udp")) {
		f := strings.Fields(line)
		if len(f) < 5 || !strings.HasSuffix(f[1], fmt.Sprintf(":%04X", totemPort)) {
			continue
		}
		if _, unread, _ := strings.Cut(f[4], ":"); strings.Trim(unread, "0") != "" {
			n++
		}
	}
	return n
}

// stranger is a processor by hand on a host without a daemon: the protocol's
// machine, whose datagrams the test sends, or does not.
type stranger struct {
	t    *testing.T
	conn *net.UDPConn
	m    *srp.Machine
	pool *totem.Pool
	kept []byte // the token that it has not passed on
}

const (
	totemPort = 5405
	broadcast = "255.255.255.255"
)

func newStranger(t *testing.T, h *lab.Host) *stranger {
	t.Helper()
	s := &stranger{t: t, pool: totem.NewPool(1500, 16)}
	h.MustRun("ip", "route", "add", broadcast, "dev", "eth0")
	opened := make(chan error)
	go func() {
		runtime.LockOSThread() // in the host's network; the thread ends with this goroutine
		opened <- s.open(h)
	}()
	if err := <-opened; err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.conn.Close() })
	ms := time.Millisecond
	s.m = srp.New(srp.Config{
		NodeID: totem.NodeID(h.Index + 1), Token: 1000 * ms, TokenRetransmit: 238 * ms,
		TokenRetransmitsBeforeLoss: 4, Hold: 180 * ms, Join: 50 * ms, Consensus: 1200 * ms, Merge: 200 * ms,
		Downcheck: time.Second, FailToRecvConst: 2500, SeqnoUnchangedConst: 30, WindowSize: 50, MaxMessages: 17,
		MissCountConst: 5, MaxNetworkDelay: 50 * ms, NetMTU: 1500, Pool: s.pool, Source: nothing{}, Rand: rand.IntN,
	})
	return s
}

func (s *stranger) open(h *lab.Host) error {
	ns, err := os.Open(h.Path("/proc/1/ns/net"))
	if err != nil {
		return err
	}
	defer ns.Close()
	if err := unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET); err != nil {
		return err
	}
	s.conn, err = net.ListenUDP("udp4", &net.UDPAddr{Port: totemPort})
	return err
}

// nothing is a source without messages.
type nothing struct{}

func (nothing) Backlog(bool) int                     { return 0 }
func (nothing) Next(_ bool, b []byte) ([]byte, bool) { return b, false }

// untilRecovery takes part until the ring with its peer is in recovery and it has
// the token, which it returns.
func (s *stranger) untilRecovery(peer *lab.Host) []byte {
	s.t.Helper()
	began := time.Now()
	now := func() totem.Instant { return totem.Instant(time.Since(began)) + 1 }
	s.do(peer, s.m.Start(now()))
	buf := make([]byte, 2000)
	for s.kept == nil {
		if time.Since(began) > 20*time.Second {
			s.t.Fatalf("in no ring with %s: %v", peer.Name, s.m.State())
		}
		wait := min(max(s.m.NextDeadline().Sub(now()), 0), 100*time.Millisecond)
		if err := s.conn.SetReadDeadline(time.Now().Add(wait)); err != nil {
			s.t.Fatal(err)
		}
		n, from, err := s.conn.ReadFromUDP(buf)
		switch {
		case err == nil && from.IP.String() == peer.Addr():
			p := s.pool.Get()
			p.Data = append(p.Data, buf[:n]...)
			s.do(peer, s.m.Receive(now(), p))
			p.Release()
		case s.m.NextDeadline() <= now():
			s.do(peer, s.m.Tick(now()))
		}
	}
	return s.kept
}

func (s *stranger) do(peer *lab.Host, acts []srp.Action) {
	for _, a := range acts {
		switch a.Kind {
		case srp.Mcast:
			s.send(broadcast, a.Packet.Data)
		case srp.Unicast:
			var h wire.Header
			if _, err := h.Parse(a.Packet.Data); err != nil {
				s.t.Fatal(err)
			}
			if h.Type == wire.TypeORFToken && s.m.State() == srp.Recovery && s.kept == nil {
				s.kept = append([]byte{}, a.Packet.Data...)
				break
			}
			s.send(peer.Addr(), a.Packet.Data)
		default:
			continue
		}
		a.Packet.Release()
	}
}

// join is what it says when it has left the ring that is being formed.
func (s *stranger) join() []byte {
	id := totem.NodeID(2)
	return (&wire.Join{
		Header:     wire.Header{Order: wire.Native, Type: wire.TypeJoin, NodeID: uint32(id)},
		SystemFrom: id, RingSeq: s.m.Ring().Seq, Proc: []totem.NodeID{1, id},
	}).AppendTo(nil)
}

func (s *stranger) send(to string, b []byte) {
	s.t.Helper()
	if _, err := s.conn.WriteToUDP(b, &net.UDPAddr{IP: net.ParseIP(to), Port: totemPort}); err != nil {
		s.t.Fatal(fmt.Errorf("send %d bytes to %s: %w", len(b), to, err))
	}
}
