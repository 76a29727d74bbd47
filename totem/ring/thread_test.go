package ring

import (
	"os"
	"runtime"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// TestOnlyTheRingThreadIsRealTime reads the scheduling policy of every thread of
// this process while a ring runs, after the runtime has been made to start many.
func TestOnlyTheRingThreadIsRealTime(t *testing.T) {
	probe := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends here
		err := realTime(0)
		if err == nil { // the main thread does not end
			err = unix.SchedSetAttr(0, &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_NORMAL}, 0)
		}
		probe <- err
	}()
	if err := <-probe; err != nil {
		t.Skipf("SCHED_RR refused (%v): needs CAP_SYS_NICE", err)
	}
	cfg := testConfig(t, 1, 1)
	cfg.RealTime = true
	n := open(t, cfg)
	n.awaitView(t, 1)

	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(16))
	var locked, all sync.WaitGroup
	release := make(chan struct{})
	for range 16 {
		locked.Add(1)
		all.Go(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			locked.Done()
			<-release
		})
	}
	locked.Wait()
	var tid int
	if err := n.ask(func(*loop) { tid = unix.Gettid() }); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		runtime.GC()
	}
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	if len(tasks) < 17 {
		t.Errorf("%d threads, want at least 17", len(tasks))
	}
	for _, task := range tasks {
		id := 0
		for _, c := range task.Name() {
			id = id*10 + int(c-'0')
		}
		attr, err := unix.SchedGetAttr(id, 0)
		if err != nil {
			continue // ended meanwhile
		}
		if rr := attr.Policy == unix.SCHED_RR; rr != (id == tid) {
			t.Errorf("thread %d has policy %d, the ring thread is %d", id, attr.Policy, tid)
		}
	}
	close(release)
	all.Wait()
}
