package crmreport

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The script has Perl's Date::Parse read its times, both those of its options and those in logs. What it takes is
// wide and odd, and logs are cut by it, so parseTime takes the same: a date by its parts, each of which is taken
// out of the text where it is found, and a time is read when nothing is left.

const (
	months   = `september|sept|sep|october|oct|november|nov|may|march|mar|june|jun|july|jul|january|jan|february|feb|december|dec|august|aug|april|apr`
	weekdays = `wednesday|wednes|wed|tuesday|tues|tue|thursday|thurs|thur|thu|sunday|sun|saturday|sat|monday|mon|friday|fri`
	ordinals = `th|st|rd|nd`
)

// alternatives joins a pattern by each of some separators: Go's expressions have no references back.
func alternatives(pattern string, separators ...string) string {
	var all []string
	for _, s := range separators {
		all = append(all, strings.ReplaceAll(pattern, "SEP", s))
	}
	return "(?:" + strings.Join(all, "|") + ")"
}

var (
	reComment = pattern{text: func() string { return `\([^()]*\)` }}
	rePoint   = pattern{text: func() string { return `([\w\s])[.,]\s` }}
	reWeekday = pattern{text: func() string { return `(?:` + weekdays + `)\s*(?:den\s)?\b` }}
	reISO     = pattern{text: func() string {
		return `\s(\d{4})` + alternatives(`SEP(\d\d?)SEP(\d\d?)`, "-", ":", "") + `(?:[-t ](\d\d?)` + alternatives(`SEP(\d\d?)(?:SEP(\d\d?)(?:[.,](\d+))?)?`, "-", ":", "") + `?)?(\D)`
	}}
	reClock    = pattern{text: func() string { return `[:\s](\d\d?):(\d\d?)(?::(\d\d?)(?:\.\d+)?)?(z)?\s*(?:([ap])\.?m?\.?)?\s` }}
	reHour     = pattern{text: func() string { return `\s(\d\d?)\s*([ap])\.?m?\.?\s` }}
	reMeridian = pattern{text: func() string { return ` ([ap])\.?m?\.?\s` }}
	reDayName  = pattern{text: func() string {
		return `\s(\d\d?)` + alternatives(`SEP(`+months+`)(?:SEP(\d\d+))?`, "-", `\.`, "/") + `\s`
	}}
	reNumbers   = pattern{text: func() string { return `\s(\d+)` + alternatives(`SEP(\d\d?)(?:SEP(\d+))?`, "-", `\.`, "/") + `\s` }}
	reDayFirst  = pattern{text: func() string { return `\s(\d+)\s*(?:` + ordinals + `)?\s*(` + months + `)` }}
	reDayLast   = pattern{text: func() string { return `(` + months + `)\s*(\d+)\s*(?:` + ordinals + `)?\s` }}
	reDayIn     = pattern{text: func() string { return `(` + months + `)[/-](\d+)[/-]` }}
	reSix       = pattern{text: func() string { return `\s(\d\d)(\d\d)(\d\d)\s` }}
	reYear      = pattern{text: func() string { return `\s(\d\d(?:\d\d)?)[\s.,]` }}
	reSummer    = pattern{text: func() string { return `\bdst\b` }}
	reZone      = pattern{text: func() string { return `\s"?([a-z]{3,4})(dst|\d+[a-z]*|_[a-z]+)?"?\s` }}
	reOffset    = pattern{text: func() string { return `\s([a-z]{3,4})?([-+]?)-?(\d\d?):?(\d\d)?(?:00)?\s` }}
	reUniversal = pattern{text: func() string { return `^\s*(?:ut?|z)\s*$` }}
)

// zones are the hours that zones which Date::Parse knows are before those of Greenwich.
func zones() map[string]int {
	return map[string]int{
		"gmt": 0, "ut": 0, "utc": 0, "wet": 0, "wat": -1, "at": -2, "fnt": -2, "brt": -3, "mnt": -4, "ewt": -4, "ast": -4, "est": -5, "act": -5,
		"cst": -6, "mst": -7, "pst": -8, "akst": -9, "yst": -9, "hst": -10, "cat": -10, "ahst": -10, "nt": -11, "idlw": -12, "cet": 1, "mez": 1,
		"ect": 1, "met": 1, "mewt": 1, "swt": 1, "set": 1, "fwt": 1, "eet": 2, "ukr": 2, "bt": 3, "msk": 3, "zp4": 4, "zp5": 5, "zp6": 6, "wst": 8, "hkt": 8,
		"cct": 8, "jst": 9, "kst": 9, "aest": 10, "east": 10, "gst": 10, "nzt": 12, "nzst": 12, "idle": 12,
		"brst": -2, "adt": -3, "edt": -4, "cdt": -5, "mdt": -6, "pdt": -7, "akdt": -8, "ydt": -8, "hdt": -9, "bst": 1, "mest": 2, "metdst": 2, "sst": 2,
		"fst": 2, "cest": 2, "eest": 3, "msd": 4, "wadt": 8, "kdt": 10, "aedt": 11, "eadt": 11, "nzd": 13, "nzdt": 13,
	}
}

// take cuts the first match out of the text; a match leaves a blank.
func take(text *string, re *regexp.Regexp) []string {
	at := re.FindStringSubmatchIndex(*text)
	if at == nil {
		return nil
	}
	groups := make([]string, len(at)/2)
	for i := range groups {
		if at[2*i] >= 0 {
			groups[i] = (*text)[at[2*i]:at[2*i+1]]
		}
	}
	*text = (*text)[:at[0]] + " " + (*text)[at[1]:]
	return groups
}

// either is the one of some groups that took part.
func either(groups []string, which ...int) string {
	for _, i := range which {
		if groups[i] != "" {
			return groups[i]
		}
	}
	return ""
}

func number(digits string) int {
	n, err := strconv.Atoi(digits)
	if err != nil {
		return math.MaxInt32 // too long for any part of a date
	}
	return n
}

func monthOf(name string) int {
	return slices.Index([]string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}, name[:3])
}

// date is what is known of a time.
type date struct {
	year, month, day, hour, minute, second *int
	zone                                   *int // seconds
}

// parseTime is a text's time in seconds since 1970, as the script's get_time has it: only texts with a
// colon have one, and 1970's first second is none. Times without a zone are those of now's place.
func parseTime(text string, now time.Time) (int64, bool) {
	if !strings.Contains(text, ":") {
		return 0, false
	}
	d, ok := readDate(text)
	if !ok {
		return 0, false
	}
	at, ok := d.seconds(now)
	return at, ok && at != 0
}

func readDate(text string) (d date, ok bool) {
	text = strings.ToLower(text)
	for reComment.get().MatchString(text) {
		text = reComment.get().ReplaceAllString(text, " ")
	}
	text = " " + strings.ReplaceAll(text, "\n", " ") + " "
	text = strings.ReplaceAll(rePoint.get().ReplaceAllString(text, "$1 "), ",", " ")
	take(&text, reWeekday.get())
	if strings.TrimSpace(text) == "" {
		return d, false
	}
	set := func(to **int, n int) { *to = &n }
	if at := reISO.get().FindStringSubmatchIndex(text); at != nil {
		g := take(&text, reISO.get())
		// What follows is only looked at.
		text = text[:at[0]+1] + g[len(g)-1] + text[at[0]+1:]
		set(&d.year, number(g[1]))
		set(&d.month, number(either(g, 2, 4, 6))-1)
		set(&d.day, number(either(g, 3, 5, 7)))
		for i, to := range []**int{&d.hour, &d.minute, &d.second} {
			part := g[8]
			if i > 0 {
				part = either(g, 8+i, 11+i, 14+i)
			}
			if part != "" {
				set(to, number(part))
			}
		}
	}
	meridian := ""
	if d.hour == nil {
		if g := take(&text, reClock.get()); g != nil {
			set(&d.hour, number(g[1]))
			set(&d.minute, number(g[2]))
			if g[3] != "" {
				set(&d.second, number(g[3]))
			}
			if g[4] != "" {
				set(&d.zone, 0)
			}
			meridian = g[5]
		} else if g := take(&text, reHour.get()); g != nil {
			set(&d.hour, number(g[1]))
			meridian = g[2]
		}
	}
	if d.hour != nil && *d.hour <= 12 {
		if g := take(&text, reMeridian.get()); g != nil {
			meridian = g[1]
		}
	}
	if d.year == nil && !d.readDay(&text) {
		return d, false
	}
	if !d.readZone(&text) || strings.TrimSpace(text) != "" {
		return d, false
	}
	if d.hour != nil {
		switch {
		case *d.hour == 12 && meridian == "a":
			*d.hour = 0
		case *d.hour != 12 && meridian == "p":
			*d.hour += 12
		}
	}
	return d, true
}

// readDay finds the day in a text that does not begin with a year of four digits.
func (d *date) readDay(text *string) bool {
	set := func(year string, month int, day string) {
		n := number(day)
		d.month, d.day = &month, &n
		if year != "" {
			y := number(year)
			d.year = &y
		}
	}
	if g := take(text, reDayName.get()); g != nil {
		set(either(g, 3, 5, 7), monthOf(either(g, 2, 4, 6)), g[1])
	} else if g := take(text, reNumbers.get()); g != nil {
		first, second, third := g[1], either(g, 2, 4, 6), either(g, 3, 5, 7)
		if third == "0" {
			third = "" // Perl's idea of false
		}
		if third != "" && number(first)-1 > 12 {
			set(first, number(second)-1, third)
			third = first
		} else {
			set(third, number(first)-1, second)
		}
		if len(third) > 2 && number(third) < 1901 {
			return false
		}
	} else if g := take(text, reDayFirst.get()); g != nil {
		set("", monthOf(g[2]), g[1])
	} else if g := take(text, reDayLast.get()); g != nil {
		set("", monthOf(g[1]), g[2])
	} else if g := take(text, reDayIn.get()); g != nil {
		set("", monthOf(g[1]), g[2])
	} else if g := take(text, reSix.get()); g != nil {
		set(g[1], number(g[2])-1, g[3])
	}
	if d.year == nil {
		if g := take(text, reYear.get()); g != nil {
			y := number(g[1])
			d.year = &y
		}
	}
	return true
}

// readZone finds the zone in what is left.
func (d *date) readZone(text *string) bool {
	summer := 0
	if take(text, reSummer.get()) != nil {
		summer = 3600
	}
	named := func(name string) bool {
		hours, ok := zones()[name]
		if ok {
			seconds := hours * 3600
			d.zone = &seconds
		}
		return ok
	}
	offset := func() (found, ok bool) {
		g := take(text, reOffset.get())
		if g == nil {
			return false, true
		}
		base := 0
		if g[1] != "" {
			if !named(g[1]) {
				return true, false
			}
			base = *d.zone
		}
		seconds := number(g[3]) * 3600
		if g[4] != "" {
			seconds += number(g[4]) * 60
		}
		if g[2] == "-" {
			seconds = -seconds
		}
		seconds += base
		d.zone = &seconds
		return true, true
	}
	if g := take(text, reZone.get()); g != nil {
		if g[2] == "dst" {
			summer = 3600
		}
		if !named(g[1]) {
			return false
		}
	} else if _, ok := offset(); !ok {
		return false
	}
	if strings.TrimSpace(*text) != "" {
		if reUniversal.get().MatchString(*text) {
			zero := 0
			d.zone, *text = &zero, ""
		} else if _, ok := offset(); !ok {
			return false
		}
	}
	if d.zone != nil {
		*d.zone += summer
	}
	return true
}

// seconds are the time in seconds since 1970; what is not known is today's, and a month that
// is yet to come is last year's.
func (d date) seconds(now time.Time) (int64, bool) {
	or := func(p *int, instead int) int {
		if p == nil {
			return instead
		}
		return *p
	}
	month := or(d.month, int(now.Month())-1)
	day := or(d.day, now.Day())
	lastYear := now.Year()
	if month > int(now.Month())-1 {
		lastYear--
	}
	year := or(d.year, lastYear)
	hour, minute, second := or(d.hour, 0), or(d.minute, 0), or(d.second, 0)
	if month < 0 || month > 11 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 59 {
		return 0, false
	}
	if year < 100 {
		// Two digits are the year that is nearest to now.
		year += now.Year() / 100 * 100
		if year > now.Year()+50 {
			year -= 100
		} else if year <= now.Year()-50 {
			year += 100
		}
	}
	if year > 9999 || day > time.Date(year, time.Month(month+2), 0, 0, 0, 0, 0, time.UTC).Day() {
		return 0, false
	}
	place := now.Location()
	if d.zone != nil {
		place = time.UTC
	}
	at := time.Date(year, time.Month(month+1), day, hour, minute, second, 0, place).Unix()
	return at - int64(or(d.zone, 0)), true
}
