package lab

import (
	"encoding/binary"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// CPU is the processor time that a process (numbered as outside) has used.
func (l *Lab) CPU(pid int) time.Duration {
	l.t.Helper()
	// The clock that clock_getcpuclockid(3) names: it counts in nanoseconds, where
	// /proc counts in hundredths of a second.
	const sched = 2
	var ts unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|sched), &ts); err != nil {
		l.t.Fatalf("lab: CPU time of process %d: %v", pid, err)
	}
	return time.Duration(ts.Nano())
}

// RSS is a process's resident memory in MB.
func (l *Lab) RSS(pid int) float64 {
	l.t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		l.t.Fatalf("lab: %v", err)
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			var kb float64
			if _, err := fmt.Sscan(rest, &kb); err != nil {
				l.t.Fatalf("lab: /proc/%d/status: %v", pid, err)
			}
			return kb / 1024
		}
	}
	l.t.Fatalf("lab: no VmRSS in /proc/%d/status", pid)
	return 0
}

// TokenWatch sees every token and every join message of totem over IPv4 that reaches a host. The kernel sorts
// them out, or the messages of a busy ring would fill the socket's buffer, and a token that has no
// room any more looks like one that was late.
type TokenWatch struct {
	fd   int
	stop atomic.Bool
	done chan TokenReport
}

// TokenReport is what a TokenWatch has seen.
type TokenReport struct {
	Longest time.Duration // between two tokens
	Tokens  int
	Joins   int // join messages: somebody is forming a ring
	Lost    int // of both, that the watch had no room for
}

// WatchToken begins to watch what reaches a host.
func (l *Lab) WatchToken(h *Host) *TokenWatch {
	l.t.Helper()
	w := &TokenWatch{done: make(chan TokenReport, 1)}
	ready := make(chan error)
	go func() {
		runtime.LockOSThread() // in the host's network; the thread ends with this goroutine
		err := w.open(h)
		ready <- err
		if err == nil {
			w.run()
		}
	}()
	if err := <-ready; err != nil {
		l.t.Fatalf("lab: watch the token: %v", err)
	}
	return w
}

func (w *TokenWatch) open(h *Host) error {
	ns, err := os.Open(h.Path("/proc/1/ns/net"))
	if err != nil {
		return err
	}
	defer ns.Close()
	if err := unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET); err != nil {
		return err
	}
	const all = 0x0300 // ETH_P_ALL in network order
	if w.fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, all); err != nil {
		return err
	}
	if err := tokensOnly(w.fd); err != nil {
		return err
	}
	// The kernel's times count: this process may get no CPU for a while.
	if err := unix.SetsockoptInt(w.fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1); err != nil {
		return err
	}
	if err := unix.SetsockoptInt(w.fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 16<<20); err != nil {
		return err
	}
	return unix.SetsockoptTimeval(w.fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Usec: 100000})
}

// What a packet of totem is: message_header of exec/totemsrp.c behind IPv4's and UDP's headers.
const (
	totemAt    = 20 + 8
	totemMagic = 0x70c0
	typeAt     = totemAt + 3
	typeToken  = 0
	typeJoin   = 3
)

// tokensOnly has a packet socket take what comes in and is a token or a join message.
func tokensOnly(fd int) error {
	filter, err := bpf.Assemble([]bpf.Instruction{
		bpf.LoadExtension{Num: bpf.ExtType},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: unix.PACKET_OUTGOING, SkipTrue: 6},
		bpf.LoadAbsolute{Off: totemAt, Size: 2},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: totemMagic, SkipTrue: 4},
		bpf.LoadAbsolute{Off: typeAt, Size: 1},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: typeToken, SkipTrue: 1},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: typeJoin, SkipTrue: 1},
		bpf.RetConstant{Val: typeAt + 1},
		bpf.RetConstant{Val: 0},
	})
	if err != nil {
		return err
	}
	prog := make([]unix.SockFilter, len(filter))
	for i, f := range filter {
		prog[i] = unix.SockFilter{Code: f.Op, Jt: f.Jt, Jf: f.Jf, K: f.K}
	}
	return unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: uint16(len(prog)), Filter: &prog[0]})
}

func (w *TokenWatch) run() {
	var r TokenReport
	var last time.Time
	buf, oob := make([]byte, typeAt+1), make([]byte, 128)
	for !w.stop.Load() {
		n, oobn, _, _, err := unix.Recvmsg(w.fd, buf, oob, 0)
		if err != nil || n < len(buf) {
			continue
		}
		switch buf[typeAt] {
		case typeToken:
			now := arrival(oob[:oobn])
			if !last.IsZero() {
				r.Longest = max(r.Longest, now.Sub(last))
			}
			last = now
			r.Tokens++
		case typeJoin:
			r.Joins++
		}
	}
	if s, err := unix.GetsockoptTpacketStats(w.fd, unix.SOL_PACKET, unix.PACKET_STATISTICS); err == nil {
		r.Lost = int(s.Drops)
	}
	unix.Close(w.fd)
	w.done <- r
}

// arrival is the kernel's time in ancillary data: SCM_TIMESTAMPNS.
func arrival(oob []byte) time.Time {
	msgs, err := unix.ParseSocketControlMessage(oob)
	if err == nil {
		for _, m := range msgs {
			if m.Header.Type == unix.SCM_TIMESTAMPNS && len(m.Data) >= 16 {
				return time.Unix(int64(binary.NativeEndian.Uint64(m.Data)), int64(binary.NativeEndian.Uint64(m.Data[8:])))
			}
		}
	}
	return time.Now()
}

// Stop ends the watch and tells what it has seen.
func (w *TokenWatch) Stop() TokenReport {
	w.stop.Store(true)
	return <-w.done
}
