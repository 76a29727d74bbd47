//go:build interop

package knet

import (
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ringmaster-ha/ringmaster/interop-tests/knet/peer"
	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/knet"
	"github.com/ringmaster-ha/ringmaster/totem/knet/compress"
	"github.com/ringmaster-ha/ringmaster/totem/knet/crypto"
	"github.com/ringmaster-ha/ringmaster/totem/knet/link"
)

// batch is how many messages are answered by one, as a token visit's are by the
// token.
const batch = 32

// cost is what a message takes: of both nodes' CPU, and of time.
type cost struct{ cpu, wall time.Duration }

func (c cost) per(n int) cost { return cost{c.cpu / time.Duration(n), c.wall / time.Duration(n)} }

// Two nodes of the reference and two of ours send each other messages over an
// MTU of 1500. What a message costs in CPU must not be more with ours; time is
// printed, but a busy machine says little about it.
func TestThroughput(t *testing.T) {
	for _, c := range []crypto.Config{{}, {Model: "nss", Cipher: "aes256", Hash: "sha256", Key: peer.Key(256)}} {
		for _, size := range []int{100, 1300, 8192, 65000} {
			count := max(batch, min(20000, 60_000_000/size)/batch*batch)
			theirs := theirCost(t, c, count, size).per(count)
			ours := ourCost(t, c, count, size).per(count)
			name := "clear"
			if c.Model != "" {
				name = c.Cipher + "/" + c.Hash
			}
			ratio := float64(theirs.cpu) / float64(ours.cpu)
			t.Logf("%s, %5d bytes: CPU %v, the reference %v (%.1f times); time %v, the reference %v (%.1f times)", name, size,
				ours.cpu, theirs.cpu, ratio, ours.wall, theirs.wall, float64(theirs.wall)/float64(ours.wall))
			if ratio < 1 {
				t.Errorf("%s, %d bytes: a message costs more CPU than with the reference", name, size)
			}
		}
	}
}

// addresses are two that are free.
func addresses(t *testing.T) (a [2]netip.AddrPort) {
	t.Helper()
	for i := range a {
		c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		a[i] = c.LocalAddr().(*net.UDPAddr).AddrPort()
	}
	return a
}

func theirCost(t *testing.T, c crypto.Config, count, size int) cost {
	t.Helper()
	a := addresses(t)
	var hosts [2]*peer.Host
	for i := range hosts {
		options := []string{fmt.Sprintf("host=%d", i+1), fmt.Sprintf("peer=%d", 2-i),
			"local=" + a[i].String(), "remote=" + a[1-i].String(), "mtu=1500"}
		if c.Model != "" {
			options = append(options, "model="+c.Model, "cipher="+c.Cipher, "hash="+c.Hash)
		}
		if i == 1 {
			options = append(options, fmt.Sprintf("ack=%d", batch))
		}
		h, err := peer.Start(program, options...)
		if err != nil {
			t.Fatal(err)
		}
		defer h.Stop()
		hosts[i] = h
	}
	number := func(h *peer.Host, command, answer string) time.Duration {
		t.Helper()
		err := h.Do("%s", command)
		line := ""
		if err == nil {
			line, err = h.Wait(answer+" ", time.Minute)
		}
		n, err2 := strconv.Atoi(strings.TrimPrefix(line, answer+" "))
		if err != nil || err2 != nil {
			t.Fatalf("%s: %q, %v, %v", command, line, err, err2)
		}
		return time.Duration(n) * time.Microsecond
	}
	for _, h := range hosts {
		// It says so before or after it says that it has the MTU.
		if _, err := h.Wait("up", patience); err != nil {
			t.Fatal(err)
		}
		for line := ""; !strings.Contains(line, "link_mtu=1"); {
			err := h.Do("stats")
			if err == nil {
				line, err = h.Wait("stats ", patience)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	var total cost
	for _, h := range hosts {
		total.cpu -= number(h, "cpu", "cpu")
	}
	total.wall = number(hosts[0], fmt.Sprintf("flood %d %d %d", count, size, batch), "flood")
	for _, h := range hosts {
		total.cpu += number(h, "cpu", "cpu")
	}
	return total
}

// cpuUsed is this process's.
func cpuUsed() time.Duration {
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// ringNode drives a transport as the ring thread does.
type ringNode struct {
	t     *knet.Transport
	pool  *totem.Pool
	fds   []unix.PollFd
	began time.Time
}

func newRingNode(t *testing.T, c crypto.Config, i int, a [2]netip.AddrPort) *ringNode {
	t.Helper()
	n := &ringNode{pool: totem.NewPool(knet.PacketSize, 256), began: time.Now()}
	cfg := knet.Config{
		NodeID: totem.NodeID(i + 1), Options: link.Options{PMTUDInterval: time.Minute, MTU: 1500},
		Crypto: c, Compression: compress.Config{Model: "none"}, Pool: n.pool,
	}
	if c.Model == "" {
		cfg.Crypto = crypto.Config{Model: "nss", Cipher: "none", Hash: "none"}
	}
	timers := link.Timers{PingInterval: 200 * time.Millisecond, PingTimeout: 2 * time.Second, Precision: 2048, PongCount: 1, Priority: 1}
	for id, remote := range a {
		cfg.Members = append(cfg.Members, knet.Member{NodeID: totem.NodeID(id + 1), Local: a[i], Remote: remote, Timers: timers})
	}
	var err error
	if n.t, err = knet.New(cfg); err != nil {
		t.Fatal(err)
	}
	n.t.Start(n.now())
	return n
}

func (n *ringNode) now() totem.Instant { return totem.Instant(time.Since(n.began) + time.Second) }

// turn waits for what comes, 50 ms at most, and gives messages to fn.
func (n *ringNode) turn(fn func(*totem.Packet)) {
	n.fds = n.t.Poll(n.fds[:0])
	ts := unix.NsecToTimespec(int64(min(max(n.t.Deadline().Sub(n.now()), 0), 50*time.Millisecond)))
	_, _ = unix.Ppoll(n.fds, &ts, nil)
	n.t.Tick(n.now())
	n.t.Receive(fn)
}

func (n *ringNode) mcast(msg []byte) {
	p := n.pool.Get()
	p.Data = append(p.Data, msg...)
	n.t.Mcast(p)
}

func ourCost(t *testing.T, c crypto.Config, count, size int) cost {
	t.Helper()
	a := addresses(t)
	var done sync.WaitGroup
	stop := make(chan struct{})
	sender, receiver := newRingNode(t, c, 0, a), newRingNode(t, c, 1, a)
	done.Go(func() {
		runtime.LockOSThread()
		got := 0
		for {
			select {
			case <-stop:
				receiver.t.Close()
				return
			default:
			}
			receiver.turn(func(p *totem.Packet) {
				if len(p.Data) != size {
					return
				}
				if got++; got%batch == 0 {
					receiver.mcast([]byte{1})
				}
			})
		}
	})
	defer done.Wait()
	defer close(stop)
	defer sender.t.Close()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	reachable := func() bool {
		for _, l := range sender.t.Links(2) {
			if l.Connected {
				return true
			}
		}
		return false
	}
	up := time.Now()
	for !reachable() || time.Since(up) < 2*time.Second { // theirs, too
		if time.Since(up) > patience {
			t.Fatal("our link does not come up")
		}
		sender.turn(func(*totem.Packet) {})
	}
	msg := make([]byte, size)
	cpu, wall := cpuUsed(), time.Now()
	for sent := 0; sent < count; sent += batch {
		for range batch {
			sender.mcast(msg)
		}
		sender.t.Flush()
		acked, patient := false, time.Now().Add(patience)
		for !acked {
			sender.turn(func(*totem.Packet) { acked = true })
			if time.Now().After(patient) {
				t.Fatalf("no answer after %d messages of %d bytes", sent+batch, size)
			}
		}
	}
	return cost{cpuUsed() - cpu, time.Since(wall)}
}
