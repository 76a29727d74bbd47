package pload

import (
	"encoding/binary"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/exitcode"
	"github.com/ringmaster-ha/ringmaster/internal/icmap"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/mar"
	"github.com/ringmaster-ha/ringmaster/internal/service"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// host is a ring of one whose queue takes three messages.
type host struct {
	e     *Engine
	now   totem.Instant
	queue [][]byte
	later []func()
	trace []string
}

func (h *host) NodeID() totem.NodeID { return 1 }
func (h *host) Mcast(_ service.ID, fn int, parts ...[]byte) bool {
	if len(h.queue) == 3 {
		return false
	}
	head := make([]byte, service.HeaderSize)
	head[0] = byte(fn)
	h.queue = append(h.queue, append(head, slices.Concat(parts...)...))
	return true
}
func (h *host) After(_ time.Duration, fn func()) service.Timer {
	h.later = append(h.later, fn)
	return nil
}
func (h *host) Now() totem.Instant          { return h.now }
func (h *host) WallNow() time.Time          { return time.Time{} }
func (h *host) Rand(int) int                { return 0 }
func (h *host) Quorate() bool               { return true }
func (h *host) Log(string) loglevel.Logger  { return h }
func (h *host) Enabled(loglevel.Level) bool { return true }
func (h *host) Logf(l loglevel.Level, f string, a ...any) {
	h.trace = append(h.trace, fmt.Sprintf("%d "+f, append([]any{l}, a...)...))
}

func TestLoad(t *testing.T) {
	h, m := &host{}, icmap.New()
	h.e = New(h, m, func(c exitcode.Code) { h.trace = append(h.trace, c.String()) })
	m.SetUint32("pload.count", 5)
	m.SetUint32("pload.size", totem.MessageSizeMax+1)
	m.SetUint32("pload.size", 100)
	m.SetString("pload.start", "please")
	if len(h.queue) != 0 {
		t.Fatal("started without the sentence")
	}
	m.SetString("pload.start", sentence)
	for len(h.queue)+len(h.later) > 0 {
		if len(h.queue) == 0 {
			fn := h.later[0]
			h.later = h.later[1:]
			fn()
			continue
		}
		msg := h.queue[0]
		h.queue = h.queue[1:]
		if msg[0] == execLoad && len(msg) != 100 {
			t.Errorf("a message of %d bytes, want 100", len(msg))
		}
		h.e.Deliver(1, int(msg[0]), msg, service.Order)
		if msg[0] == execLoad {
			h.now = h.now.Add(500 * time.Millisecond)
		}
	}
	want := []string{
		"4 pload size limited to 1048576",
		"4 Starting pload!",
		"5     5 Writes 100 bytes per write   2.000 seconds runtime,     2.500 TP/S,     0.000 MB/S.",
		"4 Stopping corosync the hard way",
		"pload",
	}
	if !slices.Equal(h.trace, want) {
		t.Errorf("got %q\nwant %q", h.trace, want)
	}
}

func TestMalformed(t *testing.T) {
	h := &host{}
	h.e = New(h, icmap.New(), func(exitcode.Code) {})
	start := func(count, size uint32) []byte {
		return mar.NewWriter(make([]byte, service.HeaderSize), binary.BigEndian).U32(count).U32(size).Buf()
	}
	for i := service.HeaderSize; i < 24; i++ {
		h.e.Deliver(2, execStart, start(1, 20)[:i], binary.BigEndian)
	}
	h.e.Deliver(2, execStart, start(1, totem.MessageSizeMax+1), binary.BigEndian)
	if h.e.Malformed() != 9 || len(h.queue) != 0 {
		t.Errorf("%d malformed, want 9; %d sent", h.e.Malformed(), len(h.queue))
	}
	h.e.Deliver(2, execStart, start(2, 20), binary.BigEndian)
	if len(h.queue) != 2 || len(h.queue[0]) != 20 {
		t.Errorf("sent %d messages", len(h.queue))
	}
}
