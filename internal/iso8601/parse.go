package iso8601

import (
	"fmt"
	"strings"
)

// Error is text that is no date, duration or period.
type Error struct {
	// Where is the reference's function that rejects it; the tools show it with -V.
	Where string
	Text  string // the reference's log message
}

func (e *Error) Error() string { return e.Text }

func invalid(where, format string, args ...any) *Error {
	return &Error{where, fmt.Sprintf(format, args...)}
}

// Moment is the text of a date, read as far as that goes without knowing the
// current time.
type Moment struct {
	text     string
	floating bool // a time of day alone, or one without an offset
	t        Time
	err      error
}

// NewMoment reads text; At has the errors.
func NewMoment(text string) Moment {
	p := dateParser{}
	t, err := p.parse(text)
	return Moment{text, p.usedNow, t, err}
}

// At is the date, with what its text leaves open taken from now, as Parse does.
func (m Moment) At(now Time) (Time, error) {
	if m.floating {
		return Parse(m.text, now)
	}
	return m.t, m.err
}

// Parse reads a date (crm_time_new): 2005-01-29, 20050129, 2005-029, 2005-W04-6 or
// epoch, and after a space or T a time, 10, 10:20, 10:20:30, 1020 or 102030, with Z
// or, after a space, an offset. What follows is ignored. A time alone (T10:20, or
// 10:20) is of now's day, one without an offset has now's; 24:00 is the next day's
// begin. An error is an *Error.
func Parse(text string, now Time) (Time, error) {
	p := dateParser{now: now}
	return p.parse(text)
}

type dateParser struct {
	now     Time
	usedNow bool
}

func (p *dateParser) parse(text string) (Time, error) {
	const where = "parse_date"
	if text == "" {
		return Time{}, invalid(where, "No ISO 8601 date/time specification given")
	}
	var t Time
	var clockText string
	hasClock := true
	switch {
	case text[0] == 'T':
		t, clockText = p.today(), text[1:]
	case len(text) > 2 && text[2] == ':':
		t, clockText = p.today(), text
	case isEpoch(text):
		return Time{Year: 1970, Day: 1}, nil
	default:
		var err error
		if t, err = parseDay(text); err != nil {
			return Time{}, err
		}
		rest := strings.TrimLeft(text, "0123456789-W")
		if hasClock = rest != "" && (rest[0] == ' ' || rest[0] == 'T'); hasClock {
			clockText = rest[1:]
		}
	}
	if hasClock {
		if err := p.timeOfDay(clockText, &t); err != nil {
			return Time{}, err
		}
	}
	if !t.IsSensible() {
		return Time{}, invalid(where, "'%s' is not a valid ISO 8601 date/time specification", text)
	}
	return t, nil
}

func (p *dateParser) today() Time {
	p.usedNow = true
	return p.now
}

func isEpoch(s string) bool {
	const word = "epoch"
	if len(s) < len(word) || !strings.EqualFold(s[:len(word)], word) {
		return false
	}
	return len(s) == len(word) || s[len(word)] == '/' || isSpace(s[len(word)])
}

var (
	anyWidth = []int{0, 0, 0}
	compact  = []int{4, 2, 2}
	pairs    = []int{2, 2, 2}
	dashes   = []string{"", "-", "-"}
	weekly   = []string{"", "-W", "-"}
	colons   = []string{"", ":", ":"}
)

func parseDay(text string) (Time, error) {
	const where = "parse_date"
	const no = "'%s' is not a valid ISO 8601 date/time specification"
	var year, month, week, day int32
	n := scan(text, anyWidth, dashes, &year, &month, &day)
	if n == 1 {
		n = scan(text, compact, nil, &year, &month, &day)
	}
	if n == 3 {
		if month > 12 {
			return Time{}, invalid(where, no+" because '%d' is not a valid month", text, month)
		}
		if day > DaysInMonth(month, year) {
			return Time{}, invalid(where, no+" because '%d' is not a valid day of the month", text, day)
		}
		return Time{Year: year, Day: ordinal(year, uint32(month), uint32(day))}, nil
	}
	if scan(text, anyWidth, dashes, &year, &day) == 2 {
		if day > yearDays(year) {
			return Time{}, invalid(where, no+" because '%d' is not a valid day of the year (max %d)", text, day, yearDays(year))
		}
		return Time{Year: year, Day: day}, nil
	}
	if scan(text, anyWidth, weekly, &year, &week, &day) != 3 {
		return Time{}, invalid(where, no, text)
	}
	if weeks := weeksInYear(year); week > weeks {
		return Time{}, invalid(where, no+" because '%d' is not a valid week of the year (max %d)", text, week, weeks)
	}
	if day < 1 || day > 7 {
		return Time{}, invalid(where, no+" because '%d' is not a valid day of the week", text, day)
	}
	return weekDay(year, week, day), nil
}

// weekDay is a day (1 to 7) of a week of a week-numbering year. The first week is
// the one with the year's first Thursday.
func weekDay(year, week, day int32) Time {
	t := Time{Year: year}
	t.AddDays((week - 1) * 7)
	if jan1 := january1Weekday(year); jan1 <= 4 {
		t.AddDays(1 - jan1)
	} else {
		t.AddDays(8 - jan1)
	}
	t.AddDays(day)
	return t
}

// timeOfDay sets t's time and offset from the text after a date
// (crm_time_parse).
func (p *dateParser) timeOfDay(text string, t *Time) error {
	seconds, err := parseClock(text)
	if err != nil {
		return err
	}
	t.Second = seconds
	zone, ok := "", false
	if i := strings.IndexByte(text, 'Z'); i >= 0 {
		zone, ok = text[i:], true
	} else if i := strings.IndexByte(text, ' '); i >= 0 {
		zone, ok = strings.TrimLeft(text[i:], " \t\n\v\f\r"), true
	}
	if ok {
		t.Offset, err = parseOffset(zone)
	} else {
		p.usedNow = true
		t.Offset = localOffset(p.now)
	}
	if err != nil {
		return err
	}
	if t.Second == daySeconds {
		t.Second = 0
		t.AddDays(1)
	}
	return nil
}

// parseClock is the second of the day, or all of a day's for 24:00
// (crm_time_parse_sec).
func parseClock(text string) (int32, error) {
	const where = "crm_time_parse_sec"
	const no = "%s is not a valid ISO 8601 time specification"
	var hour, minute, second int32
	n := scan(text, anyWidth, colons, &hour, &minute, &second)
	if n == 1 {
		n = scan(text, pairs, nil, &hour, &minute, &second)
	}
	// What ends before the first number is midnight.
	if n == 0 {
		return 0, invalid(where, no, text)
	}
	switch {
	case hour == 24 && minute == 0 && second == 0:
	case uint32(hour) >= 24:
		return 0, invalid(where, no+" because %d is not a valid hour", text, hour)
	case uint32(minute) >= 60:
		return 0, invalid(where, no+" because %d is not a valid minute", text, minute)
	case uint32(second) >= 60:
		return 0, invalid(where, no+" because %d is not a valid second", text, second)
	}
	return hour*hourSeconds + minute*60 + second, nil
}

// parseOffset is an offset in seconds. What begins like none is UTC
// (crm_time_parse_offset).
func parseOffset(text string) (int32, error) {
	if text == "" {
		return 0, nil
	}
	negative := text[0] == '-'
	switch {
	case negative, text[0] == '+':
		text = text[1:]
	case !isDigit(text[0]):
		return 0, nil
	}
	n, err := parseClock(text)
	if negative {
		n = -n
	}
	return n, err
}

// localOffset is the current offset as dates without one get it: west of
// Greenwich, minutes count back towards it, so that -03:30 is -02:30.
func localOffset(now Time) int32 {
	hours := now.Offset / hourSeconds
	minutes := now.Offset % hourSeconds / 60
	if hours < 0 && minutes < 0 {
		minutes = -minutes
	}
	return hours*hourSeconds + minutes*60
}
