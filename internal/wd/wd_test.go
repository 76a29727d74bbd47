package wd

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

// world is host, machine and dog.
type world struct {
	now      totem.Instant
	trace    []string
	timers   []*timer
	there    bool
	openErr  error
	closeErr error
	fixed    bool   // the dog's timeout cannot be set
	timeout  uint32 // the dog's
}

type timer struct {
	at totem.Instant
	fn func()
}

func (t *timer) Stop() { t.fn = nil }

func (w *world) say(f string, a ...any) { w.trace = append(w.trace, fmt.Sprintf(f, a...)) }

func (w *world) Writable(string) bool { return w.there }
func (w *world) Open(d string) (Dog, error) {
	w.say("open %s", d)
	return w, w.openErr
}
func (w *world) Reboot()             { w.say("reboot") }
func (w *world) PowerOff()           { w.say("power off") }
func (w *world) Identity() string    { return "Rex" }
func (w *world) CanSetTimeout() bool { return !w.fixed }
func (w *world) Timeout() uint32     { return w.timeout }
func (w *world) SetTimeout(s uint32) { w.timeout = s }
func (w *world) EnableCard()         { w.say("enable") }
func (w *world) KeepAlive()          { w.say("tickle") }
func (w *world) MagicClose() error   { w.say("V"); return w.closeErr }

func (w *world) NodeID() totem.NodeID                  { return 1 }
func (w *world) Mcast(service.ID, int, ...[]byte) bool { panic("wd sends nothing") }
func (w *world) Now() totem.Instant                    { return w.now }
func (w *world) WallNow() time.Time                    { return time.Time{} }
func (w *world) Rand(int) int                          { return 0 }
func (w *world) Quorate() bool                         { return true }
func (w *world) Log(string) loglevel.Logger            { return w }
func (w *world) Enabled(loglevel.Level) bool           { return true }
func (w *world) Logf(l loglevel.Level, f string, a ...any) {
	w.say("%d "+f, append([]any{l}, a...)...)
}
func (w *world) After(d time.Duration, fn func()) service.Timer {
	t := &timer{w.now.Add(d), fn}
	w.timers = append(w.timers, t)
	return t
}

// until runs what is due up to an instant.
func (w *world) until(end time.Duration) {
	for {
		w.timers = slices.DeleteFunc(w.timers, func(t *timer) bool { return t.fn == nil })
		if len(w.timers) == 0 {
			break
		}
		next := slices.MinFunc(w.timers, func(a, b *timer) int { return int(a.at - b.at) })
		if next.at > totem.Instant(end) {
			break
		}
		w.now = next.at
		fn := next.fn
		next.fn = nil
		fn()
	}
	w.now = totem.Instant(end)
}

func (w *world) expect(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(w.trace, want) {
		t.Errorf("got:\n\t%s\nwant:\n\t%s", strings.Join(w.trace, "\n\t"), strings.Join(want, "\n\t"))
	}
	w.trace = nil
}

// TestDefault says what the C corosync's log says without a resources section,
// but for what the resources of package mon add.
func TestDefault(t *testing.T) {
	w, m := &world{}, icmap.New()
	e := New(w, m, w)
	w.expect(t,
		"7 The Watchdog timeout is 6 seconds",
		"7 The tickle timeout is 3000 ms",
		"4 Watchdog not enabled by configuration",
		"6 no resources configured.")
	if v, err := m.GetUint32(timeoutKey); v != 6 || err != nil {
		t.Errorf("timeout %d, %v", v, err)
	}
	w.until(10 * time.Second)
	m.SetUint32(timeoutKey, 121)
	// Setting it back is a change, too.
	w.expect(t, "4 Set watchdog_timeout is out of range (2..120).",
		"7 The Watchdog timeout is 6 seconds", "7 The tickle timeout is 3000 ms")
	if v, _ := m.GetUint32(timeoutKey); v != 6 {
		t.Errorf("timeout %d, want the old one", v)
	}
	e.Stop()
	w.expect(t)
}

func TestDevice(t *testing.T) {
	for _, tt := range []struct {
		device string
		w      world
		want   []string
	}{
		{"off", world{}, []string{"4 Watchdog disabled by configuration"}},
		{"/dev/dog", world{}, []string{"4 No watchdog /dev/dog, try modprobe <a watchdog>"}},
		{"/dev/dog", world{there: true, openErr: errors.New("no")},
			[]string{"open /dev/dog", "4 Watchdog /dev/dog exists but couldn't be opened."}},
		{"/dev/dog", world{there: true, timeout: 60}, []string{
			"open /dev/dog", "6 Watchdog /dev/dog is now being tickled by corosync.", "7 Rex",
			"7 The Watchdog timeout is 10 seconds", "7 The tickle timeout is 5000 ms", "enable"}},
		{"/dev/dog", world{there: true, timeout: 60, fixed: true}, []string{
			"open /dev/dog", "6 Watchdog /dev/dog is now being tickled by corosync.", "7 Rex",
			"4 Could not change the Watchdog timeout from 60 to 10 seconds", "enable"}},
	} {
		w, m := &tt.w, icmap.New()
		m.SetUint32(timeoutKey, 10)
		m.SetString("resources.watchdog_device", tt.device)
		New(w, m, w)
		w.expect(t, append(append([]string{
			"7 The Watchdog timeout is 10 seconds", "7 The tickle timeout is 5000 ms"}, tt.want...),
			"6 no resources configured.")...)
	}
}

func TestBadInitialTimeout(t *testing.T) {
	w, m := &world{}, icmap.New()
	m.SetUint32(timeoutKey, 1)
	New(w, m, w)
	if v, _ := m.GetUint32(timeoutKey); v != 6 || w.trace[1] != "6 use default value 6 seconds." {
		t.Errorf("timeout %d, %q", v, w.trace)
	}
}

func TestRecovery(t *testing.T) {
	for _, tt := range []struct {
		recovery string
		want     []string
	}{
		{"watchdog", nil},
		{"reboot", []string{"reboot"}},
		{"shutdown", []string{"power off"}},
		{"none", nil},
	} {
		w, m := &world{there: true}, icmap.New()
		m.SetString("resources.watchdog_device", "/dev/dog")
		const res = "resources.system.load_15min."
		m.SetString(res+"recovery", tt.recovery)
		m.SetString(res+"state", "running")
		m.SetUint64(res+"last_updated", 0)
		m.SetUint64(res+"poll_period", 2000)
		e := New(w, m, w)
		if w.trace[len(w.trace)-1] != `6 Fsm:load_15min event "config_changed", state "stopped" --> "running"` {
			t.Errorf("got %q", w.trace)
		}
		w.trace = nil
		w.until(13 * time.Second)
		w.expect(t, "tickle", "tickle", "tickle", "tickle")
		// The monitor reports a failure, which the next check sees.
		m.SetUint64(res+"last_updated", uint64(13*time.Second))
		m.SetString(res+"state", "failed")
		w.until(15*time.Second - 1)
		w.expect(t)
		w.until(15 * time.Second)
		want := []string{
			"2 " + tt.recovery + ` resource "load_15min" failed!`,
			`6 Fsm:load_15min event "failure", state "running" --> "failed"`,
		}
		last := []string{"1 NOT tickling the watchdog!"}
		if tt.recovery != "watchdog" {
			last = []string{"tickle"}
		}
		want = slices.Insert(want, 1, tt.want...)
		// The tickle of this second may come before or after the check.
		got := slices.DeleteFunc(slices.Clone(w.trace), func(s string) bool { return s == "tickle" || s == last[0] })
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", tt.recovery, got, want)
		}
		w.trace = nil
		w.until(18 * time.Second)
		if len(w.trace) > 0 {
			w.expect(t, last...)
		}
		e.Stop()
	}
}

func TestMonitorSilent(t *testing.T) {
	w, m := &world{}, icmap.New()
	const res = "resources.process.x."
	New(w, m, w)
	w.trace = nil
	// The resource comes up piece by piece; its first state begins the watch.
	m.SetString(res+"recovery", "watchdog")
	m.SetUint64(res+"last_updated", uint64(time.Second))
	m.SetString(res+"state", "running")
	w.expect(t, `6 Fsm:x event "config_changed", state "stopped" --> "running"`)
	w.until(12 * time.Second)
	w.expect(t,
		"3 last_updated 2000 ms too late, period:6000.",
		`2 watchdog resource "x" failed!`,
		`6 Fsm:x event "failure", state "running" --> "failed"`,
		"1 NOT tickling the watchdog!")
	m.SetString(res+"state", "stopped")
	w.expect(t, `6 Fsm:x event "config_changed", state "failed" --> "stopped"`)
	m.Delete(res + "recovery")
	m.SetString(res+"state", "running")
	w.trace = nil
	m.Delete(res + "state")
	w.expect(t, `4 resource "x" deleted from cmap!`)
	m.SetString(res+"state", "running")
	w.expect(t, "4 resource x missing a recovery key.")
}
