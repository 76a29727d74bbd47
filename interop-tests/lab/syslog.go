package lab

import (
	"net"
	"strings"
	"sync"
)

// Syslog is a host's /dev/log.
type Syslog struct {
	mu   sync.Mutex
	text strings.Builder
}

// StartSyslog gives a host a /dev of its own with a log in it, before anything
// that uses either runs.
func (h *Host) StartSyslog() *Syslog {
	t := h.lab.t
	t.Helper()
	h.MustRun("sh", "-c", `set -e
mkdir /run/dev
mount -t tmpfs tmpfs /run/dev
cp -a /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty /run/dev
mkdir /run/dev/shm
mount --bind /dev/shm /run/dev/shm
mount --move /run/dev /dev`)
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: h.Path("/dev/log"), Net: "unixgram"})
	if err != nil {
		t.Fatalf("%s: %v", h.Name, err)
	}
	t.Cleanup(func() { c.Close() })
	s := &Syslog{}
	go func() {
		buf := make([]byte, 8192)
		for {
			n, err := c.Read(buf)
			if err != nil {
				return
			}
			s.mu.Lock()
			s.text.Write(buf[:n])
			s.text.WriteByte('\n')
			s.mu.Unlock()
		}
	}()
	return s
}

// Since returns what has been logged after the first from bytes.
func (s *Syslog) Since(from int) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()[from:]
}
