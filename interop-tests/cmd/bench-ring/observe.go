package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
	"golang.org/x/sys/unix"
)

// cpu is the processor time that a process has used.
func cpu(pid int) time.Duration {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		panic(err)
	}
	f := strings.Fields(string(b)[strings.LastIndexByte(string(b), ')')+1:])
	var user, system int64
	if _, err := fmt.Sscan(f[11]+" "+f[12], &user, &system); err != nil {
		panic(err)
	}
	const tick = 10 * time.Millisecond // USER_HZ is 100
	return time.Duration(user+system) * tick
}

// rss is a process's resident memory in MB.
func rss(pid int) float64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		panic(err)
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			var kb float64
			if _, err := fmt.Sscan(rest, &kb); err != nil {
				panic(err)
			}
			return kb / 1024
		}
	}
	panic("no VmRSS")
}

// tokenWatch sees every packet that reaches a host and remembers the longest
// time between two tokens.
type tokenWatch struct {
	fd   int
	done chan time.Duration
}

func watchToken(h *lab.Host) *tokenWatch {
	w := &tokenWatch{done: make(chan time.Duration)}
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
		panic(err)
	}
	return w
}

func (w *tokenWatch) open(h *lab.Host) error {
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
	if err := unix.SetsockoptInt(w.fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 16<<20); err != nil {
		return err
	}
	return unix.SetsockoptTimeval(w.fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Usec: 100000})
}

func (w *tokenWatch) run() {
	const headers = 20 + 8 // IPv4 and UDP
	var most time.Duration
	var last time.Time
	buf := make([]byte, 64)
	for {
		n, from, err := unix.Recvfrom(w.fd, buf, unix.MSG_TRUNC)
		if err == unix.EBADF {
			break
		}
		if err != nil || n < headers+4 {
			continue
		}
		if ll, ok := from.(*unix.SockaddrLinklayer); !ok || ll.Pkttype == unix.PACKET_OUTGOING {
			continue
		}
		if p := buf[headers:]; p[0] != 0x70 || p[1] != 0xc0 || p[3] != 0 {
			continue // not totem's orf_token
		}
		now := time.Now()
		if !last.IsZero() {
			most = max(most, now.Sub(last))
		}
		last = now
	}
	w.done <- most
}

func (w *tokenWatch) stop() time.Duration {
	unix.Close(w.fd)
	return <-w.done
}
