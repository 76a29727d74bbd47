package ring

import (
	"bytes"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// pauseWatch finds out why the ring thread stood still, as far as the kernel
// tells. It reads counters now and then, and again after a pause, on a goroutine
// of its own: files of /proc are no business of the ring thread.
type pauseWatch struct {
	log    loglevel.Logger
	pauses chan time.Duration
	stop   chan struct{}
	wg     sync.WaitGroup
}

// sampleInterval is how old the counters may be that a pause is compared with.
const sampleInterval = 5 * time.Second

func newPauseWatch(log loglevel.Logger) *pauseWatch {
	return &pauseWatch{log: log, pauses: make(chan time.Duration, 4), stop: make(chan struct{})}
}

// report has a pause looked into. It does not wait; of more than a few at a time
// the rest is left out.
func (w *pauseWatch) report(p time.Duration) {
	select {
	case w.pauses <- p:
	default:
	}
}

// watch starts to watch the calling thread.
func (w *pauseWatch) watch() {
	tid := unix.Gettid()
	w.wg.Go(func() { w.run(tid) })
}

func (w *pauseWatch) run(tid int) {
	tick := time.NewTicker(sampleInterval)
	defer tick.Stop()
	last := takeSample(tid)
	for {
		select {
		case <-w.stop:
			return
		case <-tick.C:
			last = takeSample(tid)
		case p := <-w.pauses:
			s := takeSample(tid)
			w.log.Logf(loglevel.Warning, "The ring thread stood still for %0.4f ms: %s.",
				millis(p), s.since(last).why(p))
			last = s
		}
	}
}

func (w *pauseWatch) close() {
	close(w.stop)
	w.wg.Wait()
}

// sample is what the kernel and the runtime have counted so far.
type sample struct {
	ready  time.Duration // the thread was ready, but another had the CPU
	faults uint64        // of its pages came from the disk
	disk   time.Duration // it waited for block devices
	stolen time.Duration // the hypervisor took of all CPUs
	stop   time.Duration // the collector stopped the world
}

// userHZ is the unit of times in /proc, 1/100 s on all architectures.
const userHZ = time.Second / 100

func takeSample(tid int) (s sample) {
	task := fmt.Sprintf("/proc/self/task/%d/", tid)
	if b, err := os.ReadFile(task + "schedstat"); err == nil {
		s.ready = parseSchedstat(b)
	}
	if b, err := os.ReadFile(task + "stat"); err == nil {
		s.faults, s.disk = parseTaskStat(b)
	}
	if b, err := os.ReadFile("/proc/stat"); err == nil {
		s.stolen = parseSteal(b)
	}
	var gc debug.GCStats
	debug.ReadGCStats(&gc)
	s.stop = gc.PauseTotal
	return s
}

// parseSchedstat reads the second number: nanoseconds of waiting for a CPU.
func parseSchedstat(b []byte) time.Duration {
	f := bytes.Fields(b)
	if len(f) < 2 {
		return 0
	}
	n, _ := strconv.ParseInt(string(f[1]), 10, 64)
	return time.Duration(n)
}

// parseTaskStat reads majflt and delayacct_blkio_ticks of proc(5), fields 12 and
// 42. The second field, the name, may hold anything but ends with the last ')'.
func parseTaskStat(b []byte) (faults uint64, disk time.Duration) {
	i := bytes.LastIndexByte(b, ')')
	if i < 0 {
		return 0, 0
	}
	f := bytes.Fields(b[i+1:]) // f[0] is field 3
	if len(f) > 12-3 {
		faults, _ = strconv.ParseUint(string(f[12-3]), 10, 64)
	}
	if len(f) > 42-3 {
		n, _ := strconv.ParseInt(string(f[42-3]), 10, 64)
		disk = time.Duration(n) * userHZ
	}
	return faults, disk
}

// parseSteal reads the eighth number of the first line, "cpu".
func parseSteal(b []byte) time.Duration {
	line, _, _ := bytes.Cut(b, []byte("\n"))
	f := bytes.Fields(line)
	if len(f) < 9 {
		return 0
	}
	n, _ := strconv.ParseInt(string(f[8]), 10, 64)
	return time.Duration(n) * userHZ
}

func (s sample) since(old sample) sample {
	return sample{
		ready:  s.ready - old.ready,
		faults: s.faults - old.faults,
		disk:   s.disk - old.disk,
		stolen: s.stolen - old.stolen,
		stop:   s.stop - old.stop,
	}
}

// faultTime is how long one page takes to be read from disk, at most.
const faultTime = 10 * time.Millisecond

// why words what the counters say of a pause. What is less than a tenth of it is
// not its cause.
func (s sample) why(pause time.Duration) string {
	var found []string
	add := func(d time.Duration, format string) {
		if d >= pause/10 {
			found = append(found, fmt.Sprintf(format, millis(d)))
		}
	}
	add(s.ready, "it waited %0.1f ms for a CPU")
	add(s.stolen, "the hypervisor took %0.1f ms of CPU time from this machine")
	add(s.disk, "it waited %0.1f ms for a disk")
	add(s.stop, "garbage collection stopped the process for %0.1f ms")
	if time.Duration(s.faults)*faultTime >= pause/10 {
		found = append(found, fmt.Sprintf("%d of its pages had to be read from disk", s.faults))
	}
	if len(found) == 0 {
		return "no CPU, disk or hypervisor delay was counted for it; the process was stopped or the machine suspended"
	}
	return strings.Join(found, ", ")
}
