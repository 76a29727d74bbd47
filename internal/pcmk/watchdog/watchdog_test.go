package watchdog

import (
	"os"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// TestFind: a process is found by the name that the kernel has for it.
func TestFind(t *testing.T) {
	own, err := os.ReadFile("/proc/self/comm")
	if err != nil {
		t.Fatal(err)
	}
	name := strings.TrimSpace(string(own))
	pid := Find(name)
	if pid == 0 || !is(pid, strings.ToUpper(name)) {
		t.Errorf("%s is process %d", name, pid)
	}
	if pid := Find("no such process"); pid != 0 {
		t.Errorf("found %d", pid)
	}
}

// TestValid: a node goes on only if SBD runs there and resets it before others rely on that.
func TestValid(t *testing.T) {
	for _, tt := range []struct {
		value, sbd string // "" for no SBD_WATCHDOG_TIMEOUT
		pid        int
		want       bool
	}{
		{"0", "5", 0, true},
		{"10s", "5", 7, true},
		{"5", "5", 7, true},
		{"4999ms", "5", 7, false},
		{"10", "5", 0, false},
		{"10", "", 7, true},
		{"-1", "5", 7, true}, // twice SBD's
		{"-1", "5", 0, false},
		{"-1", "", 0, true}, // as good as 0
		{"nonsense", "5", 0, false},
	} {
		env := func(name string) (string, bool) { return tt.sbd, name == "SBD_WATCHDOG_TIMEOUT" && tt.sbd != "" }
		if got := Valid(tt.value, env, tt.pid, loglevel.Discard); got != tt.want {
			t.Errorf("stonith-watchdog-timeout %q with SBD's %q, process %d: %t", tt.value, tt.sbd, tt.pid, got)
		}
	}
}
