package ring

import "github.com/ringmaster-ha/ringmaster/totem"

// pin is how a token is kept by the daemon's wish: a change that must be in force
// here before any other node goes on (a new key, say) then is, as it would be if
// the thread that carries the token made it.
type pin struct {
	on    bool
	next  bool // again after the next visit
	until totem.Instant
}

// pinShare is which part of the token timeout a token is pinned for at most.
const pinShare = 2

func (l *loop) setPin() {
	l.pin.on, l.pin.next = true, false
	l.pin.until = l.now.Add(l.srp.Token / pinShare)
	if l.token != nil {
		l.holdUntil = l.pin.until
	}
}

// pinned tells whether the token is to be kept.
func (l *loop) pinned() bool { return l.pin.on && l.now < l.pin.until }

// Pin keeps the token when it comes next, until Unpin, for half of the token
// timeout at most.
func (r *Ring) Pin() { r.call(func(l *loop) { l.setPin() }) }

// Unpin lets the token go on, with what has been sent before. With again it is
// kept anew after that visit, or the first after which no message is missing: for
// the receiver to carry out what it brought.
func (r *Ring) Unpin(again bool) {
	r.call(func(l *loop) { l.pin.on, l.pin.next = false, again })
}
