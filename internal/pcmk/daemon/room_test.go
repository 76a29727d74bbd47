package daemon

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
)

// TestKeepRoom: the heap of a daemon that keeps room may grow by more before it is collected, and takes no more memory.
func TestKeepRoom(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(gcPercent))
	grows := func() uint64 {
		runtime.GC()
		samples := []metrics.Sample{{Name: "/gc/heap/goal:bytes"}, {Name: "/gc/heap/live:bytes"}}
		metrics.Read(samples)
		return samples[0].Value.Uint64() - samples[1].Value.Uint64()
	}
	without := grows()
	before := residentBytes(t)
	d := &Daemon{}
	d.KeepRoom()
	if with, least := grows(), uint64(len(d.room)*gcPercent/100); with < least || with < without {
		t.Errorf("it grows by %d bytes, %d without the room, want %d", with, without, least)
	}
	if more := residentBytes(t) - before; more > len(d.room)/4 {
		t.Errorf("the room takes %d bytes", more)
	}
	runtime.KeepAlive(d)
}

// residentBytes is how much memory the process has, in bytes.
func residentBytes(t *testing.T) int {
	t.Helper()
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	var size, pages int
	if _, err := fmt.Sscan(string(b), &size, &pages); err != nil {
		t.Fatalf("%q: %v", b, err)
	}
	return pages * os.Getpagesize()
}
