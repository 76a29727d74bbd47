package ring

import (
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/totem"
)

func TestPauseDetector(t *testing.T) {
	const token = 1000 * time.Millisecond
	var d pauseDetector
	now := totem.Instant(5e9)
	d.start(now, token)
	for i, step := range []struct {
		after time.Duration // since the tick before
		token time.Duration
		want  time.Duration
	}{
		{334 * time.Millisecond, token, 0},
		{800 * time.Millisecond, token, 0}, // as long as the threshold: not longer
		{801 * time.Millisecond, token, 801 * time.Millisecond},
		{334 * time.Millisecond, 3 * token, 0},
		{2000 * time.Millisecond, token, 0}, // the longer timeout still counts here
		{2000 * time.Millisecond, token, 2000 * time.Millisecond},
	} {
		now = now.Add(step.after)
		if got, _ := d.tick(now, step.token); got != step.want {
			t.Errorf("step %d: pause of %v, want %v", i, got, step.want)
		}
		if want := now.Add(step.token / 3); d.next != want {
			t.Errorf("step %d: next tick at %d, want %d", i, d.next, want)
		}
	}
}

func TestProcFiles(t *testing.T) {
	if got := parseSchedstat([]byte("1200 34567 8\n")); got != 34567 {
		t.Errorf("schedstat: %v", got)
	}
	stat := "42 (a) b (c) S 1 42 42 0 -1 4194560 720 0 17 0 1 3 0 0 -100 0 7 0 293087 1712799744 1429 " +
		"18446744073709551615 1 2 3 0 0 0 0 2 2143420157 1 0 0 17 0 99 2 25 0 0"
	if faults, disk := parseTaskStat([]byte(stat)); faults != 17 || disk != 250*time.Millisecond {
		t.Errorf("stat: %d faults, %v for disks", faults, disk)
	}
	if got := parseSteal([]byte("cpu  1 2 3 4 5 6 7 80 9 10\ncpu0 1 2 3 4 5 6 7 8 9 10\n")); got != 800*time.Millisecond {
		t.Errorf("steal: %v", got)
	}
	for _, junk := range []string{"", "x", "(", "1 (a", "1 (a)", "cpu", "cpu x x x x x x x x"} {
		parseSchedstat([]byte(junk))
		parseTaskStat([]byte(junk))
		parseSteal([]byte(junk))
	}
}

func TestWhy(t *testing.T) {
	const ms = time.Millisecond
	for _, tt := range []struct {
		s    sample
		want string
	}{
		{sample{}, "no CPU, disk or hypervisor delay was counted for it; the process was stopped or the machine suspended"},
		{sample{ready: 99 * ms}, "no CPU, disk or hypervisor delay was counted for it; the process was stopped or the machine suspended"},
		{sample{ready: 900 * ms, stolen: 850 * ms}, "it waited 900.0 ms for a CPU, the hypervisor took 850.0 ms of CPU time from this machine"},
		{sample{faults: 9}, "no CPU, disk or hypervisor delay was counted for it; the process was stopped or the machine suspended"},
		{sample{disk: 990 * ms, faults: 30}, "it waited 990.0 ms for a disk, 30 of its pages had to be read from disk"},
		{sample{stop: 150 * ms}, "garbage collection stopped the process for 150.0 ms"},
	} {
		if got := tt.s.why(1000 * ms); got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.s, got, tt.want)
		}
	}
}
