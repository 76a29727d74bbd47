package watchdog

import (
	"os"
	"strings"
	"testing"
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
