package ring

import "time"

// While clients send many messages, each turn of the token costs every node a
// wake-up and some system calls, whether it carries two messages or fifty. So
// the ring is then turned no faster than once in paceRotation, unless a token
// visit has paceEnough packets to send anyway; and requests are fetched at the
// token visit rather than as they come. A message that is sent alone sees
// nothing of it.
const (
	paceRotation = 250 * time.Microsecond
	paceEnough   = 8

	// streamOn and streamOff are how many messages a token visit must have found
	// on average for the ring to be paced, and not to be paced any longer.
	streamOn  = 3
	streamOff = 2
	// streamIdle is how long requests wait for a token that does not come.
	streamIdle = time.Millisecond
)

// stream knows how many messages clients send.
type stream struct {
	fresh   int // messages since the last token visit
	average int // messages a visit, times 16
	on      bool
}

// visit counts a visit of the token.
func (s *stream) visit() {
	s.average += (16*s.fresh - s.average) / 4
	s.fresh = 0
	if s.on {
		s.on = s.average >= 16*streamOff
	} else {
		s.on = s.average >= 16*streamOn
	}
}
