package iso8601

import (
	"math"
	"strconv"
	"strings"
)

// ParseInterval reads an interval as configurations have it, in milliseconds: a
// number with a unit (us, ms, s, m, h; seconds without one) or a duration, of which
// Seconds counts (crm_parse_interval_spec). More than 32 bits hold is the most that
// they hold. An error is an *Error.
func ParseInterval(text string) (ms uint32, err error) {
	n, ok := int64(0), false
	if strings.HasPrefix(text, "P") {
		if d, err := ParseDuration(text); err == nil {
			n, ok = 1000*d.Seconds(), true
		}
	} else {
		n, ok = ParseMilliseconds(text)
	}
	if !ok || n < 0 {
		return 0, invalid("crm_parse_interval_spec", "Using 0 instead of '%s'", text)
	}
	return uint32(min(n, math.MaxUint32)), nil
}

var units = []struct {
	name                string
	multiplier, divisor int64
}{
	{"ms", 1, 1}, {"us", 1, 1000}, {"s", 1000, 1}, {"m", 60 * 1000, 1}, {"h", 60 * 60 * 1000, 1},
}

// ParseMilliseconds reads a number with a unit, in milliseconds (crm_get_msec). What
// follows a unit's first letters is ignored, a fraction too. ok is false without a
// number, or for another unit.
func ParseMilliseconds(text string) (ms int64, ok bool) {
	const space = " \t\n\r\f"
	number := strings.TrimLeft(text, space)
	unit := strings.TrimLeft(number, "0123456789.")
	if len(unit) == len(number) {
		return 0, false
	}
	unit = strings.TrimLeft(unit, space)
	multiplier, divisor := int64(1000), int64(1)
	known := unit == "" || unit[0] == '\n' || unit[0] == '\r'
	for _, u := range units {
		if len(unit) >= len(u.name) && strings.EqualFold(unit[:len(u.name)], u.name) {
			multiplier, divisor, known = u.multiplier, u.divisor, true
			break
		}
	}
	if !known {
		return 0, false
	}
	n, used := strtol(number)
	if used == 0 {
		return 0, false
	}
	if n > math.MaxInt64/multiplier {
		return math.MaxInt64, true
	}
	return n * multiplier / divisor, true
}

// ReadableInterval is an interval in milliseconds as messages have it
// (pcmk__readable_interval): a unit is used from just above one on, so that a minute
// is 60s.
func ReadableInterval(ms uint) string {
	if ms == 0 {
		return "0s"
	}
	text := ""
	number := func(n uint) string { return strconv.FormatUint(uint64(n), 10) }
	for _, unit := range [...]struct {
		ms   uint
		name string
	}{{24 * 60 * 60 * 1000, "d"}, {60 * 60 * 1000, "h"}, {60 * 1000, "m"}} {
		if ms > unit.ms {
			text += number(ms/unit.ms) + unit.name
			ms %= unit.ms
		}
	}
	switch {
	case ms > 1000:
		text += number(ms / 1000)
		if rest := ms % 1000; rest > 0 {
			text += "." + number(1000 + rest)[1:]
		}
		text += "s"
	case ms > 0:
		text += number(ms) + "ms"
	}
	return text
}
