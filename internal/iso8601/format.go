package iso8601

import (
	"fmt"
	"strings"
)

// Format says what of a time String shows: the reference's crm_time_log_date and
// its companions, of the same values.
type Format uint

// The parts and styles. Duration, Seconds and Epoch, looked at in that order, each
// replace all else.
const (
	Date         Format = 0x001 // 2005-01-29
	TimeOfDay    Format = 0x002 // 10:20:30
	WithTimezone Format = 0x004 // with its own offset, not in UTC
	AsDuration   Format = 0x008 // 1 year 2 days
	Ordinal      Format = 0x010 // the date as 2005-029
	Weeks        Format = 0x020 // the date as 2005-W04-6
	AsSeconds    Format = 0x100 // the number Seconds
	AsEpoch      Format = 0x200 // the number Epoch
)

// Undefined is how an undefined time is written.
const Undefined = "<undefined time>"

// Format writes t (crm_time_as_string).
func (t Time) Format(f Format) string {
	shown := t
	if t.Offset != 0 && f&WithTimezone == 0 {
		shown = t.UTC()
	}
	switch {
	case !shown.IsDefined():
		return Undefined
	case f&AsDuration != 0:
		return t.durationText()
	case f&AsSeconds != 0:
		return fmt.Sprint(t.Seconds())
	case f&AsEpoch != 0:
		return fmt.Sprint(t.Epoch())
	}
	var b strings.Builder
	if f&Date != 0 {
		shown.writeDate(&b, f)
	}
	if f&TimeOfDay != 0 {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		h, m, s := shown.TimeOfDay()
		fmt.Fprintf(&b, "%02d:%02d:%02d", h, m, s)
		if f&WithTimezone != 0 && shown.Offset != 0 {
			sign := '+'
			if shown.Offset < 0 {
				sign = '-'
			}
			h, m, _ := clock(shown.Offset)
			fmt.Fprintf(&b, " %c%02d:%02d", sign, h, m)
		} else {
			b.WriteByte('Z')
		}
	}
	return b.String()
}

func (t Time) writeDate(b *strings.Builder, f Format) {
	switch {
	case f&Weeks != 0:
		if y, w, d, ok := t.ISOWeek(); ok {
			fmt.Fprintf(b, "%d-W%02d-%d", y, w, d)
		}
	case f&Ordinal != 0:
		fmt.Fprintf(b, "%d-%03d", uint32(t.Year), uint32(t.Day))
	default:
		y, m, d := t.Gregorian()
		fmt.Fprintf(b, "%04d-%02d-%02d", y, m, d)
	}
}

// durationText is crm_duration_as_string. Parts but the seconds end with a space.
func (t Time) durationText() string {
	var b strings.Builder
	for _, p := range [...]struct {
		n     int32
		width int
		unit  string
	}{{t.Year, 4, "year"}, {t.Month, 2, "month"}, {t.Day, 2, "day"}} {
		if p.n != 0 {
			fmt.Fprintf(&b, "%*d %s%s ", p.width, p.n, p.unit, plural(p.n))
		}
	}
	switch {
	case (b.Len() == 0 || t.Second != 0) && t.Second > -60 && t.Second < 60:
		fmt.Fprintf(&b, "%d second%s", t.Second, plural(t.Second))
	case t.Second != 0:
		h, m, s := t.TimeOfDay()
		var parts []string
		for i, n := range [...]uint32{h, m, s} {
			if n != 0 {
				parts = append(parts, fmt.Sprintf("%d %s%s", n, [...]string{"hour", "minute", "second"}[i], plural(n)))
			}
		}
		fmt.Fprintf(&b, "%d seconds (%s)", t.Second, strings.Join(parts, " "))
	}
	return b.String()
}

func plural[N int32 | uint32](n N) string {
	if n == 1 {
		return ""
	}
	return "s"
}
