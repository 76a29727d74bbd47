package ring

import (
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// Pause is a time for which the ring thread did not run although it should
// have: a schedmiss event of cmap's statistics.
type Pause struct {
	// At is when the thread ran again, in milliseconds since the epoch.
	At     uint64
	Length time.Duration
}

// pauseDetector notices when the ring thread has stood still: it should come by every
// third of the token timeout at least, and comes more than 0.8 of that timeout after
// the last time (timer_function_scheduler_timeout of the reference's exec/main.c, where
// only a timer comes by; here everything that wakes the thread does, so that an idle
// ring needs no wake-up for it).
type pauseDetector struct {
	prev      totem.Instant
	next      totem.Instant
	threshold time.Duration
}

func (d *pauseDetector) start(now totem.Instant, token time.Duration) {
	d.prev = now
	d.arm(now, token)
}

func (d *pauseDetector) arm(now totem.Instant, token time.Duration) {
	d.threshold = token * 8 / 10
	d.next = now.Add(token / 3)
}

// tick is called whenever the thread comes by, when now has reached next at the latest;
// it returns the pause and the threshold that it was longer than, or zero. token may have changed: it counts
// from here on.
func (d *pauseDetector) tick(now totem.Instant, token time.Duration) (pause, threshold time.Duration) {
	diff, limit := now.Sub(d.prev), d.threshold
	d.prev = now
	d.arm(now, token)
	if diff <= limit {
		return 0, 0
	}
	return diff, limit
}

// watchPause runs the detector and reports. The machine's own is finer: what that
// has noticed is looked into as well, once.
func (l *loop) watchPause() {
	if length, threshold := l.pause.tick(l.now, l.srp.Token); length > 0 {
		p := Pause{At: uint64(time.Now().UnixMilli()), Length: length}
		l.r.log.Logf(loglevel.Warning, "Corosync main process was not scheduled (@%d) for %0.4f ms "+
			"(threshold is %0.4f ms). Consider token timeout increase.", p.At, millis(length), millis(threshold))
		l.r.out.push(Event{Kind: Paused, Pause: p})
		l.unexplained = length
	}
	if l.unexplained > 0 {
		l.r.pauses.report(l.unexplained)
		l.unexplained = 0
	}
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
