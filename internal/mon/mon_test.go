package mon

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/icmap"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/service"
	"github.com/ringmaster-ha/ringmaster/totem"
)

type world struct {
	now    totem.Instant
	mem    int32
	load   float64
	err    error
	trace  []string
	timers []*timer
}

type timer struct {
	d  time.Duration
	fn func()
}

func (t *timer) Stop() { t.fn = nil }

func (w *world) MemoryUsed() (int32, error) { return w.mem, w.err }
func (w *world) Load15() (float64, error)   { return w.load, w.err }

func (w *world) NodeID() totem.NodeID                  { return 1 }
func (w *world) Mcast(service.ID, int, ...[]byte) bool { panic("mon sends nothing") }
func (w *world) Now() totem.Instant                    { return w.now }
func (w *world) WallNow() time.Time                    { return time.Time{} }
func (w *world) Rand(int) int                          { return 0 }
func (w *world) Quorate() bool                         { return true }
func (w *world) Log(string) loglevel.Logger            { return w }
func (w *world) Enabled(loglevel.Level) bool           { return true }
func (w *world) Logf(l loglevel.Level, f string, a ...any) {
	w.trace = append(w.trace, fmt.Sprintf("%d "+f, append([]any{l}, a...)...))
}
func (w *world) After(d time.Duration, fn func()) service.Timer {
	t := &timer{d, fn}
	w.timers = append(w.timers, t)
	return t
}

// pass runs what is due after d.
func (w *world) pass(d time.Duration) {
	w.now = w.now.Add(d)
	ts := w.timers
	w.timers = nil
	for _, t := range ts {
		if t.fn != nil {
			t.fn()
		}
	}
}

func (w *world) expect(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(w.trace, want) {
		t.Errorf("got:\n\t%s\nwant:\n\t%s", strings.Join(w.trace, "\n\t"), strings.Join(want, "\n\t"))
	}
	w.trace = nil
}

func dump(m *icmap.Map) string {
	var b strings.Builder
	for k, v := range m.Iterate("resources.") {
		fmt.Fprintf(&b, "%s (%v) = %v\n", strings.TrimPrefix(k, "resources.system."), v.Type(), v)
	}
	return b.String()
}

// TestDefaultKeys has the keys as corosync-cmapctl prints them for the C
// corosync without a resources section.
func TestDefaultKeys(t *testing.T) {
	w, m := &world{}, icmap.New()
	New(w, m, w)
	w.expect(t)
	const want = `load_15min.current (dbl) = 0.000000
load_15min.last_updated (u64) = 0
load_15min.poll_period (u64) = 3000
load_15min.state (str) = stopped
memory_used.current (i32) = 0
memory_used.last_updated (u64) = 0
memory_used.poll_period (u64) = 3000
memory_used.state (str) = stopped
`
	if got := dump(m); got != want {
		t.Errorf("got\n%s", got)
	}
}

func TestMonitoring(t *testing.T) {
	w, m := &world{mem: 40, load: 0.5}, icmap.New()
	m.SetString("resources.system.memory_used.max", "50")
	m.SetString("resources.system.memory_used.poll_period", "1000")
	m.SetString("resources.system.load_15min.max", "8.56")
	m.SetString("resources.system.load_15min.poll_period", "7")
	New(w, m, w)
	w.expect(t,
		"7 poll_period changing from:1000 to 1000.",
		`6 Fsm:memory_used event "config_changed", state "stopped" --> "running"`,
		"4 Could NOT use poll_period:7 ms for resource load_15min",
		"4 Could NOT use poll_period:7 ms for resource load_15min",
		`6 Fsm:load_15min event "config_changed", state "stopped" --> "running"`)
	w.mem = 51
	w.pass(time.Second)
	w.expect(t, `6 Fsm:memory_used event "failure", state "running" --> "failed"`)
	if v, err := m.GetUint32("resources.system.memory_used.current"); v != 51 || err != nil {
		t.Errorf("current %d, %v", v, err)
	}
	if v, _ := m.GetUint64("resources.system.memory_used.last_updated"); v != uint64(time.Second) {
		t.Errorf("last updated %d", v)
	}
	w.pass(time.Second) // once is enough
	w.expect(t)
	m.SetString("resources.system.memory_used.max", "60")
	w.expect(t, "7 poll_period changing from:1000 to 1000.", `6 Fsm:memory_used event "config_changed", state "failed" --> "running"`)
	m.SetString("resources.system.memory_used.max", "much")
	w.expect(t, "7 poll_period changing from:1000 to 1000.", `6 Fsm:memory_used event "config_changed", state "running" --> "stopped"`)
	m.SetString("resources.system.memory_used.poll_period", "often")
	w.expect(t,
		"4 Could NOT use poll_period: often (not uint64 type) for resource memory_used",
		"4 Could NOT use poll_period:0 ms for resource memory_used")
	m.Delete("resources.system.load_15min.max")
	w.expect(t, `4 resource "load_15min" deleted from cmap!`, "4 Could NOT use poll_period:7 ms for resource load_15min")

	m.SetString("resources.system.memory_used.max", "60")
	m.SetString("resources.system.memory_used.max", "61")
	w.trace, w.err = nil, errors.New("no")
	w.pass(time.Second)
	w.expect(t, "3 Unable to get memory stats: no")
}
