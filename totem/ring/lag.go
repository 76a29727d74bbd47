package ring

import "github.com/ringmaster-ha/ringmaster/totem"

// behind tells whether the receiver of events lags by more than times the
// bound.
func (l *loop) behind(times int64) bool {
	if l.r.out.backlog.Load() <= times*int64(l.r.cfg.BacklogMax) {
		return false
	}
	l.lagged = true
	l.r.lagging.Store(true)
	return true
}

// catchUp goes on with what was held back, as soon as the receiver has caught
// up.
func (l *loop) catchUp() {
	l.releaseToken()
	if l.lagged && !l.behind(1) {
		l.lagged = false
		l.r.lagging.Store(false)
		if l.running() {
			l.do(l.m.MessagesQueued(l.now))
		}
	}
}

// holdShare is which part of the token retransmit timeout a token is kept for
// at most: less than what makes its sender send it again.
const holdShare = 4

// keepToken puts a token aside while the receiver of events lags far: the ring
// then turns as slowly as with a processor that takes long to deliver, which is
// how totem slows all senders down. Meanwhile this thread goes on with all
// else. A token that comes while another waits replaces it: it is its
// retransmission, or of a newer ring.
func (l *loop) keepToken(p *totem.Packet, until totem.Instant) {
	p.Retain()
	if l.token != nil {
		l.token.Release()
	} else {
		l.holdUntil = until
	}
	l.token = p
}

// releaseToken goes on with a token that was kept, once the receiver has caught
// up or the time is over.
func (l *loop) releaseToken() {
	if l.token == nil || l.now < l.holdUntil && (l.pacing || l.pinned() || l.behind(1)) {
		return
	}
	p := l.token
	l.token, l.holdUntil, l.pacing = nil, totem.Never, false
	if l.running() {
		l.visit(p)
	}
	p.Release()
}
