package status

import (
	"math"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// fields are those of a history entry that are read as numbers, or taken apart. The
// reference keeps the texts and reads them whenever it looks at them, with a warning each
// time if they are not what they should be; here they are read once, and said is what is
// odd about them wherever it reads them.
type fields uint8

// The fields.
const (
	fieldKey fields = 1 << iota // transition-key
	fieldRC
	fieldCall
	fieldStatus
	fieldInterval
	fieldChange // last-rc-change
)

// isPlain tells whether a text is a number of which there is nothing to say.
func isPlain(s string) bool {
	n, ok := LeadingInt(s)
	return ok && n >= 0 && n <= math.MaxInt32 && digits(s) == len(s)
}

// mark notes whether a field is as it should be.
func (e *HistoryEntry) mark(f fields, plain bool) {
	if !plain {
		e.odd |= f
	}
}

// said says in the log what is odd about fields of an entry, in their order.
func (ws *WorkingSet) said(e *HistoryEntry, read ...fields) {
	if e.odd == 0 {
		return
	}
	for _, f := range read {
		if e.odd&f == 0 {
			continue
		}
		switch f {
		case fieldKey:
			ws.oddKey(e.TransitionKey)
		case fieldRC:
			ws.ReadInt(e.RCText)
		case fieldCall:
			ws.ReadInt(e.text("call-id"))
		case fieldStatus:
			ws.ReadInt(e.StatusText)
		case fieldInterval:
			ws.ReadInt(e.text("interval"))
		case fieldChange:
			ws.readOr(e.text("last-rc-change"), -1)
		}
	}
}

// ReadInterval says what is odd about an entry's interval where the reference reads it.
func (ws *WorkingSet) ReadInterval(e *HistoryEntry) { ws.said(e, fieldInterval) }

// isProbe is IsProbe, and says what is odd about what that looks at.
func (ws *WorkingSet) isProbe(e *HistoryEntry) bool {
	if e.odd&fieldInterval != 0 {
		text := e.text("interval")
		switch n, _ := ws.ReadInt(text); {
		case n < 0:
			ws.At("pcmk__scan_min_int").Warningf("Clipped '%s' to minimum acceptable value 0", text)
		case n > math.MaxInt32:
			ws.At("pcmk__scan_min_int").Warningf("Clipped '%s' to maximum integer %d", text, math.MaxInt32)
		}
	}
	return e.IsProbe()
}

// masksProbeFailure is MasksProbeFailure, and says what is odd about what that looks at.
func (ws *WorkingSet) masksProbeFailure(e *HistoryEntry) bool {
	if ws.isProbe(e) {
		ws.said(e, fieldStatus, fieldRC)
	}
	return e.MasksProbeFailure()
}

func (e *HistoryEntry) has(name string) bool {
	_, ok := attribute(e.Element, name)
	return ok
}

func (e *HistoryEntry) text(name string) string {
	value, _ := attribute(e.Element, name)
	return value
}

const uuidLength = 36

// oddKey says what is odd about a transition key (decode_transition_key).
func (ws *WorkingSet) oddKey(key string) {
	at := ws.At("decode_transition_key")
	switch _, _, _, uuid, ok := transitionKey(key); {
	case !ok:
		at.Logf(loglevel.Error, "Invalid transition key '%s'", key)
	case len(uuid) != uuidLength:
		at.Warningf("Invalid UUID '%s' in transition key '%s'", uuid, key)
	}
}

// oddMagic says what is odd about a transition magic (decode_transition_magic).
func (ws *WorkingSet) oddMagic(magic string) {
	items, key := magicItems(magic)
	if items < 3 {
		ws.At("decode_transition_magic").Warningf("Transition information '%s' incomplete (%d of 3 expected items)", magic, items)
		return
	}
	ws.oddKey(key)
}
