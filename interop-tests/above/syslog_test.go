//go:build interop

package above

import (
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

// syslog is a host's /dev/log.
type syslog struct {
	mu   sync.Mutex
	text strings.Builder
}

// startSyslog gives a host a /dev of its own with a log in it, before anything
// that uses either runs.
func startSyslog(t *testing.T, h *lab.Host) *syslog {
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
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	s := &syslog{}
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

// since returns what has been logged after the first from bytes.
func (s *syslog) since(from int) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()[from:]
}
