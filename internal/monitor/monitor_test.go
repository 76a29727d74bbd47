package monitor

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestThread: the thread that is taken for the monitor sleeps by the clock while the process computes, as no other does.
func TestThread(t *testing.T) {
	tid, err := thread()
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprint(syscall.SYS_NANOSLEEP, " ")
	for until := time.Now().Add(5 * time.Second); time.Now().Before(until); {
		b, err := os.ReadFile(fmt.Sprintf("/proc/self/task/%d/syscall", tid))
		if errors.Is(err, os.ErrPermission) || errors.Is(err, os.ErrNotExist) {
			t.Skipf("the kernel does not say what a thread does: %v", err)
		}
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(string(b), want) {
			return
		}
	}
	t.Errorf("thread %d was not seen in nanosleep for 5 s", tid)
}

// TestRelax: the monitor's slack is Slack then, and that of the first thread what it was.
func TestRelax(t *testing.T) {
	tid, err := thread()
	if err != nil {
		t.Fatal(err)
	}
	slack := func(tid int) string {
		b, err := os.ReadFile(slackOf(tid))
		if err != nil {
			t.Skipf("the kernel does not tell the slack of a thread: %v", err)
		}
		return strings.TrimSpace(string(b))
	}
	first := slack(os.Getpid())
	if err := Relax(); errors.Is(err, os.ErrPermission) {
		t.Skipf("without CAP_SYS_NICE: %v", err)
	} else if err != nil {
		t.Fatal(err)
	}
	if got := slack(tid); got != fmt.Sprint(Slack.Nanoseconds()) {
		t.Errorf("the monitor has a slack of %s ns, not %v", got, Slack)
	}
	if got := slack(os.Getpid()); got != first {
		t.Errorf("the first thread has a slack of %s ns, had %s", got, first)
	}
}
