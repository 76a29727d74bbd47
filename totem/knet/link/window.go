package link

// windowLen is how many numbers back a duplicate is known (KNET_CBUFFER_SIZE).
const windowLen = 4096

// window remembers which of a sender's last messages have come. Numbers wrap at
// 16 bits; 0 is no message's, and last is 0 until one has come.
type window struct {
	last uint16
	// delivered are those handed on, begun those of which a fragment has come,
	// by number modulo the length: of the windowLen numbers up to last.
	delivered, begun [windowLen]bool
}

// admit makes a number part of the window: one that is ahead moves it, one that is
// out of reach in both directions begins it anew, since the sender must have
// started again.
func (w *window) admit(seq uint16) {
	if w.last == 0 {
		w.last = seq
	}
	if age := w.last - seq; age < windowLen {
		return
	}
	if ahead := seq - w.last; ahead > windowLen {
		clear(w.delivered[:])
		clear(w.begun[:])
	} else {
		for i := w.last + 1; i != seq+1; i++ {
			w.delivered[i%windowLen], w.begun[i%windowLen] = false, false
		}
	}
	w.last = seq
}

// reset forgets everything; seq is the sender's last number, if that is known.
func (w *window) reset(seq uint16) {
	clear(w.delivered[:])
	clear(w.begun[:])
	w.last = seq
}

// isNew tells whether a number of the window has not been delivered.
func (w *window) isNew(seq uint16) bool { return !w.delivered[seq%windowLen] }

func (w *window) deliver(seq uint16) { w.delivered[seq%windowLen] = true }

// begin marks the first fragment of a message; false when one has come before.
func (w *window) begin(seq uint16) bool {
	was := w.begun[seq%windowLen]
	w.begun[seq%windowLen] = true
	return !was
}
