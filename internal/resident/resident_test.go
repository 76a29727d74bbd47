package resident

import (
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestUnwritten(t *testing.T) {
	const maps = `00400000-00b00000 r-xp 00000000 fe:00 99     /usr/sbin/a b
00b00000-01200000 r--p 00700000 fe:00 99     /usr/sbin/a b
01200000-01240000 rw-p 00e00000 fe:00 99     /usr/sbin/a b
01240000-01260000 rw-p 00000000 00:00 0
c000000000-c000400000 rw-p 00000000 00:00 0
7f0000000000-7f0000001000 r--p 00000000 fe:00 98  /usr/sbin/a
7f0000001000-7f0000002000 r--s 00000000 00:1b 97  /dev/shm/a b
nonsense
`
	want := []span{{0x400000, 0xb00000}, {0xb00000, 0x1200000}}
	if got := unwritten(maps, "/usr/sbin/a b"); !slices.Equal(got, want) {
		t.Errorf("got %x", got)
	}
}

// TestDropProgram: the program is found, and goes on afterwards.
func TestDropProgram(t *testing.T) {
	if len(program()) < 2 {
		maps, _ := os.ReadFile("/proc/self/maps")
		t.Fatalf("%x of\n%s", program(), maps)
	}
	before := fileResident(t)
	DropProgram()
	if after := fileResident(t); after >= before {
		t.Errorf("%d pages of files before, %d after", before, after)
	}
}

// fileResident is how many pages of files the process has in memory.
func fileResident(t *testing.T) (pages int) {
	t.Helper()
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Sscanf(string(b), "%d %d %d", new(int), new(int), &pages); err != nil {
		t.Fatalf("%q: %v", b, err)
	}
	return pages
}

// TestKeeper: the program's pages are dropped as long as there is work, and the heap is given back
// once there is none; the collection that this takes is no work, and who has nothing to do is left alone.
func TestKeeper(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex // the keeper's timer is a goroutine of its own
		var did []string
		note := func(what string) func() {
			return func() {
				mu.Lock()
				defer mu.Unlock()
				did = append(did, what)
			}
		}
		steps := func(want ...string) {
			t.Helper()
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			if !slices.Equal(did, want) {
				t.Errorf("%q, want %q", did, want)
			}
			did = nil
		}
		var cycles atomic.Uint32
		k := &keeper{drop: note("drop"), cycles: cycles.Load}
		k.arm = func() { time.AfterFunc(calm, k.tick) }
		collect := func() {
			cycles.Add(1)
			k.collected()
		}
		k.free = func() {
			note("free")()
			collect()
			cycles.Add(1) // whose end is told later
		}
		for range 2 {
			for range 4 {
				collect()
				steps("drop")
				collect()
				steps() // that was just now
				time.Sleep(calm / 2)
			}
			time.Sleep(2 * calm)
			steps("free", "drop")
			k.collected()
			time.Sleep(time.Hour)
			steps()
		}
	})
}
