package crmmon

import (
	"fmt"

	"github.com/ringmaster-ha/ringmaster/pengine/show"
)

// key takes a key, and tells whether the status is to be shown: not while the list of
// keys is (detect_user_input).
func (w *watcher) key(k byte) bool {
	known := w.toggle(k)
	if k == '?' {
		w.choosing = true
	} else if !known {
		w.choosing = false
	}
	if w.choosing {
		w.showKeys()
	}
	return !w.choosing
}

// toggle changes what a key stands for, if it is such a one.
func (w *watcher) toggle(k byte) bool {
	switch k {
	case 'm':
		w.fenceLevel++
		if w.fenceLevel > 3 {
			w.fenceLevel = 0
		}
		w.applyFenceLevel()
	case 'c':
		w.sections ^= show.SectionTickets
	case 'f':
		w.sections ^= show.SectionFailCounts
	case 'n':
		w.detail ^= show.ByNode
	case 'o':
		w.sections ^= show.SectionOperations
		if !w.sections.Has(show.SectionOperations) {
			w.detail &^= show.Timing
		}
	case 'r':
		w.detail ^= show.Inactive
	case 'R':
		w.detail ^= show.AllDetails
	case 't':
		w.detail ^= show.Timing
		if w.detail.Has(show.Timing) {
			w.sections |= show.SectionOperations
		}
	case 'A':
		w.sections ^= show.SectionAttributes
	case 'L':
		w.sections ^= show.SectionBans
	case 'D':
		if w.sections.Any(show.SectionSummary) {
			w.sections &^= show.SectionSummary
		} else {
			w.sections |= show.SectionSummary
		}
		w.sections &^= show.SectionOptions
	case 'b':
		w.detail ^= show.Brief
	case 'j':
		w.detail ^= show.Pending
	default:
		return false
	}
	return true
}

// showKeys lists the keys and what is on.
func (w *watcher) showKeys() {
	w.console.blank()
	w.out.Printf("Display option change mode\n")
	for _, k := range []struct {
		key byte
		on  bool
	}{
		{'c', w.sections.Has(show.SectionTickets)},
		{'f', w.sections.Has(show.SectionFailCounts)},
		{'n', w.detail.Has(show.ByNode)},
		{'o', w.sections.Has(show.SectionOperations)},
		{'r', w.detail.Has(show.Inactive)},
		{'t', w.detail.Has(show.Timing)},
		{'A', w.sections.Has(show.SectionAttributes)},
		{'L', w.sections.Has(show.SectionBans)},
		{'D', !w.sections.Has(show.SectionSummary)},
		{'R', w.detail&show.AllDetails != 0},
		{'b', w.detail.Has(show.Brief)},
		{'j', w.detail.Has(show.Pending)},
	} {
		on := ' '
		if k.on {
			on = '*'
		}
		w.out.Printf("%s", fmt.Sprintf("%c %c: \t%s\n", on, k.key, keyHelp()[k.key]))
	}
	w.out.Printf("%d m: \t%s\n", w.fenceLevel, keyHelp()['m'])
	w.out.Printf("\nToggle fields via field letter, type any other key to return\n")
	w.flush()
}
