package daemon

import (
	"os"
	"os/signal"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestBrokenPipe: SIGPIPE ends no daemon, and can be listened to.
func TestBrokenPipe(t *testing.T) {
	_, stop := (&Daemon{}).Signals()
	defer stop()
	heard := make(chan os.Signal, 1)
	signal.Notify(heard, unix.SIGPIPE)
	defer signal.Stop(heard)
	if err := unix.Kill(os.Getpid(), unix.SIGPIPE); err != nil {
		t.Fatal(err)
	}
	select {
	case <-heard:
	case <-time.After(time.Minute):
		t.Error("not heard")
	}
}
