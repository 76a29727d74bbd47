package lab

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Fault is what a link does to frames in one direction.
type Fault struct {
	Cut    bool
	Loss   float64       // of frames, 0 to 1
	Double float64       // of frames, sent twice
	Delay  time.Duration // each frame
	Jitter time.Duration // added at random, up to this much; frames then overtake
}

// lanSwitch is an Ethernet switch in this process, with a TAP device in each
// host as the other end. It floods what it must and learns nothing: a host's
// hardware address tells its number.
type lanSwitch struct {
	n     int // of the network: its device is eth<n>
	mu    sync.Mutex
	ports map[int]*os.File
	fault map[[2]int]Fault
	watch []func(frame []byte) // see each frame as its host sends it
}

func newSwitch(n int) *lanSwitch {
	return &lanSwitch{n: n, ports: map[int]*os.File{}, fault: map[[2]int]Fault{}}
}

// hardware is the address of host i: locally administered, the number last.
func hardware(i int) string { return fmt.Sprintf("02:72:6d:00:00:%02x", i+1) }

func (s *lanSwitch) attach(h *Host) error {
	tap, err := openTAP(h, device(s.n))
	if err != nil {
		return err
	}
	s.mu.Lock()
	if old := s.ports[h.Index]; old != nil {
		old.Close()
	}
	s.ports[h.Index] = tap
	s.mu.Unlock()
	go s.serve(h.Index, tap)
	return configure(h, s.n)
}

// device is what the hosts call their interface on network n.
func device(n int) string { return fmt.Sprintf("eth%d", n) }

// deviceQueue is how many frames a host's device holds until the switch takes them.
// The kernel's 500 are ten packets of knet's, of which the reference sends 17 at a
// visit of the token to each host: what a host loses in its own device no link has
// been told to lose, and OnDatagram does not see it.
const deviceQueue = 1 << 14

// configure gives the host's interface its addresses and brings it up.
func configure(h *Host, n int) error {
	addr6 := h.Addr6On(n)
	if n == 0 {
		addr6 = h.Addr6()
	}
	script := fmt.Sprintf(`set -e
ip link set %[1]s address %[2]s mtu 1500 txqueuelen %[5]d up
ip addr add %[3]s/24 brd + dev %[1]s
ip -6 addr add %[4]s/64 dev %[1]s nodad
[ %[1]s != eth0 ] || ip route add 224.0.0.0/4 dev %[1]s
`, device(n), hardware(h.Index), h.AddrOn(n), addr6, deviceQueue)
	_, err := h.Run("sh", "-c", script)
	return err
}

// openTAP makes a device in the host's network and returns our end. A thread goes
// there for it and is thrown away.
func openTAP(h *Host, dev string) (*os.File, error) {
	type result struct {
		f   *os.File
		err error
	}
	done := make(chan result)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		f, err := func() (*os.File, error) {
			ns, err := os.Open(fmt.Sprintf("/proc/%d/ns/net", h.first.Process.Pid))
			if err != nil {
				return nil, err
			}
			defer ns.Close()
			if err := unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET); err != nil {
				return nil, fmt.Errorf("enter the host's network: %w", err)
			}
			fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
			if err != nil {
				return nil, fmt.Errorf("/dev/net/tun: %w", err)
			}
			req, err := unix.NewIfreq(dev)
			if err != nil {
				return nil, err
			}
			req.SetUint16(unix.IFF_TAP | unix.IFF_NO_PI)
			if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, req); err != nil {
				unix.Close(fd)
				return nil, fmt.Errorf("TAP device: %w", err)
			}
			return os.NewFile(uintptr(fd), "tap"), nil
		}()
		done <- result{f, err}
	}()
	r := <-done
	return r.f, r.err
}

func (s *lanSwitch) serve(from int, tap *os.File) {
	buf := make([]byte, 65536)
	for {
		n, err := tap.Read(buf)
		if err != nil {
			if errors.Is(err, os.ErrClosed) || errors.Is(err, io.EOF) || errors.Is(err, unix.EBADFD) {
				return
			}
			return // the host is gone
		}
		s.forward(from, buf[:n])
	}
}

func (s *lanSwitch) forward(from int, frame []byte) {
	if len(frame) < 14 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, see := range s.watch {
		see(frame)
	}
	if frame[0]&1 == 0 && binary.BigEndian.Uint32(frame) == 0x02726d00 {
		s.send(from, int(frame[5])-1, frame)
		return
	}
	for to := range s.ports {
		if to != from {
			s.send(from, to, frame)
		}
	}
}

// send applies the link's fault. The caller holds the lock.
func (s *lanSwitch) send(from, to int, frame []byte) {
	port := s.ports[to]
	f := s.fault[[2]int{from, to}]
	if port == nil || f.Cut || rand.Float64() < f.Loss {
		return
	}
	copies := 1
	if rand.Float64() < f.Double {
		copies = 2
	}
	for range copies {
		d := f.Delay
		if f.Jitter > 0 {
			d += time.Duration(rand.Int64N(int64(f.Jitter)))
		}
		if d == 0 {
			_, _ = port.Write(frame) // a host that has gone, or reads too slowly, loses it
			continue
		}
		later := append([]byte(nil), frame...)
		time.AfterFunc(d, func() { _, _ = port.Write(later) })
	}
}

func (s *lanSwitch) set(from, to int, f Fault) {
	s.mu.Lock()
	s.fault[[2]int{from, to}] = f
	s.mu.Unlock()
}

func (s *lanSwitch) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.ports {
		p.Close()
	}
}

func (l *Lab) lan() *lanSwitch {
	l.t.Helper()
	s, ok := l.net.(*lanSwitch)
	if !ok {
		l.t.Fatalf("lab: the links of a bridged lab have no faults")
	}
	return s
}

// SetLinkOn is SetLink on network n alone.
func (l *Lab) SetLinkOn(n int, a, b *Host, f Fault) {
	l.t.Helper()
	s := l.lan()
	if n > 0 {
		s = l.more[n-1]
	}
	s.set(a.Index, b.Index, f)
	s.set(b.Index, a.Index, f)
}

// SetLink gives both directions between two hosts a fault, on all networks; the
// zero Fault heals.
func (l *Lab) SetLink(a, b *Host, f Fault) {
	l.t.Helper()
	l.SetOneWay(a, b, f)
	l.SetOneWay(b, a, f)
}

// SetOneWay gives the direction from a to b a fault.
func (l *Lab) SetOneWay(a, b *Host, f Fault) {
	l.t.Helper()
	l.lan().set(a.Index, b.Index, f)
	for _, s := range l.more {
		s.set(a.Index, b.Index, f)
	}
}

// Cut cuts the link between two hosts.
func (l *Lab) Cut(a, b *Host) { l.t.Helper(); l.SetLink(a, b, Fault{Cut: true}) }

// Partition leaves only the links within each group; a host in no group is
// alone.
func (l *Lab) Partition(groups ...[]*Host) {
	l.t.Helper()
	side := map[*Host]int{}
	for i, g := range groups {
		for _, h := range g {
			side[h] = i + 1
		}
	}
	for i, a := range l.hosts {
		for _, b := range l.hosts[i+1:] {
			l.SetLink(a, b, Fault{Cut: side[a] != side[b] || side[a] == 0})
		}
	}
}

// SetAllLinks gives every link the same fault; the zero Fault heals everything.
func (l *Lab) SetAllLinks(f Fault) {
	l.t.Helper()
	for i, a := range l.hosts {
		for _, b := range l.hosts[i+1:] {
			l.SetLink(a, b, f)
		}
	}
}
