package rules

import "github.com/ringmaster-ha/ringmaster/internal/iso8601"

// unbounded is an end of a range that is open.
const unbounded = -1

// specField is an attribute of a date_spec: what of a time lies from low to high.
type specField struct {
	value     func(iso8601.Time) uint32
	low, high int64
	problems  []Problem // if there are any, it does not restrict; reported when it is looked at
}

// specFields are the attributes of date_spec in the order in which they are looked
// at, on which depends whether a rule is called expired or not yet in effect.
var specFields = []struct {
	name  string
	value func(iso8601.Time) uint32
}{
	{"years", func(t iso8601.Time) uint32 { y, _, _ := t.Gregorian(); return y }},
	{"months", func(t iso8601.Time) uint32 { _, m, _ := t.Gregorian(); return m }},
	{"monthdays", func(t iso8601.Time) uint32 { _, _, d := t.Gregorian(); return d }},
	{"hours", func(t iso8601.Time) uint32 { h, _, _ := t.TimeOfDay(); return h }},
	{"minutes", func(t iso8601.Time) uint32 { _, m, _ := t.TimeOfDay(); return m }},
	{"seconds", func(t iso8601.Time) uint32 { _, _, s := t.TimeOfDay(); return s }},
	{"yeardays", func(t iso8601.Time) uint32 { return uint32(t.Day) }},
	{"weekyears", func(t iso8601.Time) uint32 { y, _, _, _ := t.ISOWeek(); return y }},
	{"weeks", func(t iso8601.Time) uint32 { _, w, _, _ := t.ISOWeek(); return w }},
	{"weekdays", func(t iso8601.Time) uint32 { _, _, d, _ := t.ISOWeek(); return d }},
	{"moon", moonPhase},
}

// satisfied says whether all fields are in range, and if not, on which side the
// first is that is not (pe_cron_range_satisfied).
func satisfied(fields []specField, in *Input) DateResult {
	for _, f := range fields {
		if len(f.problems) > 0 {
			for _, p := range f.problems {
				in.report(p)
			}
			continue
		}
		v := int64(f.value(in.Now))
		above, below := v >= f.low, v <= f.high
		if f.low != f.high { // else a single number, even if it is the one that opens a range
			above = above || f.low == unbounded
			below = below || f.high == unbounded
		}
		switch {
		case !above:
			return Before
		case !below:
			return After
		}
	}
	return Satisfied
}

// parseRange reads 5, 5-7, 5- or -7 (pcmk__parse_ll_range). What it cannot read
// does not restrict; of some such the reference warns.
func parseRange(text string) (low, high int64, ok bool, problems []Problem) {
	low, high = unbounded, unbounded
	if text == "" || text == "-" {
		return low, high, false, nil
	}
	if text[0] == '-' {
		n := scanIntOr(text[1:], unbounded, false)
		return low, n.value, n.ok && n.rest == "", n.problems
	}
	n := scanIntOr(text, unbounded, false)
	if !n.ok {
		return low, high, false, n.problems
	}
	low = n.value
	switch {
	case n.rest == "":
		return low, low, true, nil
	case n.rest[0] != '-':
		return low, high, false, nil
	case n.rest == "-":
		return low, high, true, nil
	}
	n = scanIntOr(n.rest[1:], unbounded, false)
	return low, n.value, n.ok && n.rest == "", n.problems
}

// moonPhase is the phase of the moon from 0, new, over 4, full, to 7, as NetHack
// reckons it (phase_of_the_moon): the phases of a day advance by 11 days a year
// and come round in 19.
func moonPhase(t iso8601.Time) uint32 {
	golden := uint32(t.Year)%19 + 1
	epact := (11*golden + 18) % 30
	if epact == 25 && golden > 11 || epact == 24 {
		epact++
	}
	return ((uint32(t.Day)+epact)*6 + 11) % 177 / 22 & 7
}
