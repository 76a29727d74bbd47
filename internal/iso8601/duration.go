package iso8601

import "strings"

// ParseDuration reads a duration (crm_time_parse_duration): P and amounts with
// units, P1Y2M3W4DT5H6M7S, whose order is free. White space or a slash ends it. An
// error is an *Error.
func ParseDuration(text string) (Time, error) {
	const where = "crm_time_parse_duration"
	const no = "'%s' is not a valid ISO 8601 time duration because "
	switch {
	case text == "":
		return Time{}, invalid(where, "No ISO 8601 time duration given")
	case text[0] != 'P':
		return Time{}, invalid(where, no+"it does not start with a 'P'", text)
	case len(text) == 1 || isSpace(text[1]):
		return Time{}, invalid(where, no+"nothing follows 'P'", text)
	}
	d := Time{Duration: true}
	clock := false
	for rest := text[1:]; rest != "" && rest[0] != '/' && !isSpace(rest[0]); rest = rest[1:] {
		if rest[0] == 'T' {
			clock = true
			continue
		}
		n, used := parseAmount(rest)
		if used == 0 {
			return Time{}, invalid(where, no+"no integer at '%s'", text, rest)
		}
		rest = rest[used:]
		if rest == "" {
			return Time{}, invalid(where, no+"no units after %d", text, n)
		}
		switch rest[0] {
		case 'Y':
			d.Year = n
		case 'M':
			if clock {
				d.Second += n * 60
			} else {
				d.Month = n
			}
		case 'W':
			d.Day += n * 7
		case 'D':
			d.Day += n
		case 'H':
			d.Second += n * hourSeconds
		case 'S':
			d.Second += n
		default:
			return Time{}, invalid(where, no+"'%s' is not a valid time unit", text, rest[:1])
		}
	}
	return d, nil
}

// parseAmount is a number of at most ten digits after an optional sign, and how
// many bytes it takes (parse_int). Of a fraction, which the reference tries to
// read and then multiplies by zero, the value is 0.
func parseAmount(s string) (n int32, used int) {
	i, width := 0, 10
	negative, fraction := false, false
	switch s[0] {
	case '.', ',':
		fraction = true
		i++
	case '-':
		negative = true
		i++
	case '+', ':':
		i++
	}
	first := i
	for ; i < len(s) && isDigit(s[i]) && (fraction || i-first < width); i++ {
		n = n*10 + int32(s[i]-'0')
	}
	switch {
	case i == first:
		return 0, 0
	case fraction:
		return 0, i
	case negative:
		return -n, i
	}
	return n, i
}

// Period is a time from Start to End.
type Period struct{ Start, End Time }

// ParsePeriod reads a period (crm_time_parse_period): start/end, start/duration,
// duration/end, or a duration alone, from now on. now completes dates as in Parse.
// An error is an *Error.
func ParsePeriod(text string, now Time) (Period, error) {
	const where = "crm_time_parse_period"
	const no = "'%s' is not a valid ISO 8601 time period because "
	if text == "" {
		return Period{}, invalid(where, "No ISO 8601 time period given")
	}
	var p Period
	var d Time
	var err error
	second, both := "", false
	if i := strings.IndexByte(text, '/'); i >= 0 {
		second, both = text[i+1:], true
	}
	leads := text[0] == 'P'
	if leads {
		d, err = ParseDuration(text)
	} else {
		// The reference, too, reads on behind the slash.
		p.Start, err = Parse(text, now)
	}
	if err != nil {
		return Period{}, err
	}
	trails := strings.HasPrefix(second, "P")
	switch {
	case !both && !leads:
		return Period{}, invalid(where, no+"it has no duration or ending time", text)
	case !both:
		p.Start = now
		p.End = p.Start.Add(d)
	case trails && leads:
		return Period{}, invalid(where, no+"it has two durations", text)
	case trails:
		if d, err = ParseDuration(second); err != nil {
			return Period{}, err
		}
		p.End = p.Start.Add(d)
	default:
		if p.End, err = Parse(second, now); err != nil {
			return Period{}, err
		}
		if leads {
			p.Start = p.End.Sub(d)
		}
	}
	if both {
		text = second
	}
	if !p.Start.IsSensible() {
		return Period{}, invalid(where, no+"the start is invalid", text)
	}
	if !p.End.IsSensible() {
		return Period{}, invalid(where, no+"the end is invalid", text)
	}
	return p, nil
}
