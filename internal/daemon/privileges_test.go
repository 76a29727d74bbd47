package daemon

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/ringmaster-ha/ringmaster/internal/icmap"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

func TestReadPrivileges(t *testing.T) {
	for _, tt := range []struct {
		keys     map[string]string
		want     privileges
		niceness int
	}{
		{nil, privileges{realtime: true}, -20},
		{map[string]string{"sched_rr": "yes", "priority": "5"}, privileges{realtime: true, nice: 5}, -20},
		{map[string]string{"sched_rr": "no"}, privileges{}, 0},
		{map[string]string{"sched_rr": "no", "priority": "max"}, privileges{nice: math.MinInt32}, math.MinInt32},
		{map[string]string{"sched_rr": "no", "priority": "min"}, privileges{nice: math.MaxInt32}, math.MaxInt32},
		{map[string]string{"sched_rr": "no", "priority": "-7"}, privileges{nice: -7}, -7},
		{map[string]string{"move_to_root_cgroup": "yes"}, privileges{realtime: true, cgroup: rootCgroupOn}, -20},
		{map[string]string{"move_to_root_cgroup": "no"}, privileges{realtime: true, cgroup: rootCgroupOff}, -20},
		{map[string]string{"move_to_root_cgroup": "auto"}, privileges{realtime: true}, -20},
	} {
		m := icmap.New()
		for k, v := range tt.keys {
			if err := m.SetString("system."+k, v); err != nil {
				t.Fatal(err)
			}
		}
		got, err := readPrivileges(m)
		if err != nil || got != tt.want || got.niceness() != tt.niceness {
			t.Errorf("%v: %+v with niceness %d, %v; want %+v with %d", tt.keys, got, got.niceness(), err, tt.want, tt.niceness)
		}
	}
	m := icmap.New()
	if err := m.SetString("system.priority", "high"); err != nil {
		t.Fatal(err)
	}
	if _, err := readPrivileges(m); err == nil || err.Error() != "Priority value high is invalid" {
		t.Errorf("a bad priority: %v", err)
	}
}

// refusals counts what is logged.
type refusals struct{ n int }

func (r *refusals) Enabled(loglevel.Level) bool         { return true }
func (r *refusals) Logf(loglevel.Level, string, ...any) { r.n++ }

// TestApplyNice sets the nice value that this thread has, which everybody may.
func TestApplyNice(t *testing.T) {
	dir := t.TempDir()
	// Of a thread, of one that has ended, of none.
	for _, name := range []string{fmt.Sprint(unix.Gettid()), fmt.Sprint(math.MaxInt32), "self"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := unix.Getpriority(unix.PRIO_PROCESS, 0)
	if err != nil {
		t.Fatal(err)
	}
	now := 20 - raw // the system call tells 20 less the nice value
	var log refusals
	privileges{nice: now}.applyNice(dir, &log)
	if log.n != 0 {
		t.Errorf("%d complaints", log.n)
	}
	if after, err := unix.Getpriority(unix.PRIO_PROCESS, 0); err != nil || after != raw {
		t.Errorf("nice value %d, %v; want %d", 20-after, err, now)
	}
	privileges{nice: now + 1}.applyNice(filepath.Join(dir, "nowhere"), &log)
	if log.n != 1 {
		t.Errorf("no threads: %d complaints, want 1", log.n)
	}
}
