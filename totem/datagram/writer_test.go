package datagram

import (
	"testing"

	"golang.org/x/sys/unix"

	"github.com/ringmaster-ha/ringmaster/totem"
)

// TestWriterKeepsWhatTheSocketDoesNotTake sends more than a socket of another
// family holds, which unlike the loopback's pushes back.
func TestWriterKeepsWhatTheSocketDoesNotTake(t *testing.T) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fds[0])
	defer unix.Close(fds[1])
	w := NewWriter()
	pool := totem.NewPool(16, 4)
	const total = 1000
	for i := range total {
		p := pool.Get()
		p.Data = append(p.Data, byte(i>>8), byte(i))
		w.Hold(p)
		if n := w.Add([]*totem.Packet{p}, &Addr{}, 0); n != 0 {
			t.Fatalf("packet %d: dropped", i)
		}
	}
	sent, got, pushedBack := 0, 0, 0
	failed := func(_ Tag, no unix.Errno) bool {
		t.Errorf("packet %d: %v", sent, no)
		return false
	}
	done := func(_ Tag, n int) { sent += n }
	for got < total {
		if !w.Flush(fds[0], failed, done) {
			pushedBack++
		}
		for {
			var b [16]byte
			n, err := unix.Read(fds[1], b[:])
			if err != nil {
				break
			}
			if i := int(b[0])<<8 | int(b[1]); n != 2 || i != got {
				t.Fatalf("packet %d comes when %d is due", i, got)
			}
			got++
		}
		if sent != got {
			t.Fatalf("%d counted as sent, %d came", sent, got)
		}
	}
	if pushedBack == 0 {
		t.Error("the socket took all at once: nothing was tested")
	}
	if !w.Empty() || len(w.held) != 0 {
		t.Errorf("%d sends and %d packets are left", len(w.hdrs), len(w.held))
	}
}

func TestWriterHasABound(t *testing.T) {
	w := NewWriter()
	p := totem.NewPool(16, 1).Get()
	p.Data = append(p.Data, 1)
	one := []*totem.Packet{p}
	for range writerMax {
		if n := w.Add(one, &Addr{}, 0); n != 0 {
			t.Fatal("dropped below the bound")
		}
	}
	if n := w.Add(one, &Addr{}, 0); n != 1 {
		t.Errorf("%d dropped beyond the bound, want 1", n)
	}
}

func TestRunsEndWhereTheKernelWouldCut(t *testing.T) {
	packets := func(sizes ...int) []*totem.Packet {
		list := make([]*totem.Packet, len(sizes))
		for i, n := range sizes {
			list[i] = &totem.Packet{Data: make([]byte, n)}
		}
		return list
	}
	same := func(n, size int) []int {
		list := make([]int, n)
		for i := range list {
			list[i] = size
		}
		return list
	}
	for _, tt := range []struct {
		name  string
		sizes []int
		want  int
	}{
		{"one", same(1, 1455), 1},
		{"a visit", same(17, 1455), 17},
		{"a shorter one ends it", []int{1455, 1455, 900, 900}, 3},
		{"a longer one cannot join", []int{900, 1455}, 1},
		{"as many segments as the kernel makes", same(100, 10), segmentsMax},
		{"as many bytes as a packet holds", same(60, 1455), 44},
	} {
		w := NewWriter()
		w.Offload = true
		if got := w.run(packets(tt.sizes...)); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
		w.Offload = false
		if got := w.run(packets(tt.sizes...)); got != 1 {
			t.Errorf("%s: %d without offload, want 1", tt.name, got)
		}
	}
}
