package syslog

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// TestSend has a line as syslogd received it from the C corosync, also after syslogd has
// been restarted.
func TestSend(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	s := Sender{Path: path, Ident: "corosync", PID: 58}
	defer s.Close()
	const daemon = 3 << 3
	at := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	s.Send(daemon, loglevel.Notice, at, []byte("nobody hears this"))
	for range 2 {
		c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
		if err != nil {
			t.Fatal(err)
		}
		s.Send(daemon, loglevel.Notice, at, []byte("  [MAIN  ] starting up"))
		b := make([]byte, 200)
		n, err := c.Read(b)
		if got := string(b[:n]); err != nil || got != "<29>Nov  2 12:00:00 corosync[58]:   [MAIN  ] starting up" {
			t.Errorf("got %q, %v", got, err)
		}
		if err := errors.Join(c.Close(), os.Remove(path)); err != nil {
			t.Fatal(err)
		}
	}
}
