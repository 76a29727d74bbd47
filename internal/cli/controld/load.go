package controld

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/ringmaster-ha/ringmaster/crmd/te"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/watchdog"
)

// loadReader reads how busy the node is.
type loadReader struct {
	cib int // the process of the CIB manager, 0 if it is not known
}

// ticks is how many of its own the kernel counts in a second (sysconf(_SC_CLK_TCK)), on all that Linux runs on.
const ticks = 100

// Load is the core's Host's (throttle_cib_load, throttle_load_avg).
func (s *server) Load() te.Load {
	l := te.Load{Cores: cores(), Average: -1, CIB: -1}
	if b, err := os.ReadFile("/proc/loadavg"); err != nil {
		s.log.LogfAt(loglevel.Warning, "throttle_load_avg", "Couldn't read /proc/loadavg: %v", err)
	} else if first, _, _ := strings.Cut(string(b), " "); first != "" {
		if average, err := strconv.ParseFloat(first, 64); err == nil {
			l.Average = average
		}
	}
	if used, err := s.load.cibTime(); err != nil {
		s.log.LogfAt(loglevel.Warning, "throttle_cib_load", "Couldn't find CIB load: %v", err)
	} else {
		l.CIB = used
	}
	return l
}

// cibTime is what the CIB manager has used of a processor so far.
func (r *loadReader) cibTime() (time.Duration, error) {
	if r.cib == 0 {
		if r.cib = watchdog.Find("pacemaker-based"); r.cib == 0 {
			return 0, errors.New("no CIB manager")
		}
	}
	file := fmt.Sprintf("/proc/%d/stat", r.cib)
	b, err := os.ReadFile(file)
	if err != nil {
		r.cib = 0
		return 0, err
	}
	used, err := processorTime(string(b))
	if err != nil {
		return 0, fmt.Errorf("%s: %w", file, err)
	}
	return used, nil
}

// processorTime is what a process has used, in its own and in the kernel's code: fields 14 and 15 of its stat, of
// which the second, a name in brackets, may have blanks.
func processorTime(stat string) (time.Duration, error) {
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	const first = 3 // number of the field after the name
	if len(fields) <= 15-first {
		return 0, fmt.Errorf("only %d of 15 fields found", len(fields)+first-1)
	}
	var sum time.Duration
	for _, f := range fields[14-first : 16-first] {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil || n < 0 {
			return 0, fmt.Errorf("time %q, want a number of ticks", f)
		}
		sum += time.Duration(n) * time.Second / ticks
	}
	return sum, nil
}

// cores is the number of processors (pcmk__procfs_num_cores).
func cores() int {
	b, _ := os.ReadFile("/proc/stat")
	n := 0
	for line := range strings.Lines(string(b)) {
		if len(line) > 3 && strings.HasPrefix(line, "cpu") && line[3] >= '0' && line[3] <= '9' {
			n++
		}
	}
	return max(n, 1)
}
