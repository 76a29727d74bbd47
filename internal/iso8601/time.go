package iso8601

import "time"

// Seconds of an hour and a day.
const (
	hourSeconds = 60 * 60
	daySeconds  = 24 * hourSeconds
)

// epochSeconds is 1970-01-01 00:00:00Z in Seconds.
const epochSeconds = 62135596800

// Time is a date with a time of day, or a duration: the reference's crm_time_t.
// The zero Time is undefined. Times of one moment can be unequal with ==, by their
// offsets; see Compare.
type Time struct {
	Year   int32 // of a duration, the number of years
	Month  int32 // number of months; of durations only
	Day    int32 // day of the year from 1; of a duration, the number of days
	Second int32 // second of the day; of a duration, the number of seconds
	Offset int32 // seconds east of UTC of what the other fields say; of dates only

	Duration bool
}

// IsDefined says whether anything is set (crm_time_is_defined). The day before the
// year 1 begins cannot be told from an undefined time.
func (t Time) IsDefined() bool { return t != Time{} }

// IsSensible says whether the day lies in the year and the second in the day
// (crm_time_check).
func (t Time) IsSensible() bool {
	return t.Day > 0 && t.Day <= yearDays(t.Year) && t.Second >= 0 && t.Second < daySeconds
}

// FromTime is a moment in its zone (crm_time_set_timet), to the second, with the
// zone's offset in whole minutes. Years before 1901 become 0, as in the reference.
func FromTime(m time.Time) Time {
	var t Time
	if m.Year() > 1900 {
		t.Year = int32(m.Year())
	}
	t.Day = int32(m.YearDay())
	t.Second = int32(m.Hour()*hourSeconds + m.Minute()*60 + m.Second())
	_, offset := m.Zone()
	t.Offset = int32(offset - offset%60)
	return t
}

// UTC is the same moment at offset 0. What has an offset loses its months, and a
// duration is none any more (crm_get_utc_time).
func (t Time) UTC() Time {
	utc := Time{Year: t.Year, Day: t.Day, Second: t.Second}
	if t.Offset != 0 {
		utc.AddSeconds(-t.Offset)
	} else {
		utc.Month = t.Month
	}
	return utc
}

// Compare is -1, 0 or 1 as t is before, at or after u (crm_time_compare). Months
// do not count.
func (t Time) Compare(u Time) int {
	a, b := t.UTC(), u.UTC()
	for _, f := range [...][2]int32{{a.Year, b.Year}, {a.Day, b.Day}, {a.Second, b.Second}} {
		if f[0] > f[1] {
			return 1
		}
		if f[0] < f[1] {
			return -1
		}
	}
	return 0
}

// Seconds is the number of seconds since 0001-01-01 00:00:00Z, whatever the help
// text of the tool says (crm_time_get_seconds). Of a duration it counts a month as
// 30 days, a year as those from the year 1 on, and one day too few.
func (t Time) Seconds() int64 {
	utc := t.UTC()
	var s int64
	if utc.Year > 1 {
		y := int64(utc.Year) - 1
		s = daySeconds * (365*y + y/4 - y/100 + y/400)
	}
	if utc.Month > 0 {
		s += daySeconds * 30 * int64(utc.Month)
	}
	if utc.Day > 0 {
		s += daySeconds * (int64(utc.Day) - 1)
	}
	return s + int64(utc.Second)
}

// Epoch is the number of seconds since 1970-01-01 00:00:00Z
// (crm_time_get_seconds_since_epoch).
func (t Time) Epoch() int64 { return t.Seconds() - epochSeconds }

// Gregorian is the date as year, month (1 to 12) and day of the month
// (crm_time_get_gregorian). In the year 0, and for durations without years, the
// month is that of the duration and the day that of the year.
func (t Time) Gregorian() (year, month, day uint32) {
	m, d := t.Month, t.Day
	if t.Year != 0 {
		for m = 1; m <= 12 && d > 0; m++ {
			n := DaysInMonth(m, t.Year)
			if n >= d {
				break
			}
			d -= n
		}
	}
	return uint32(t.Year), uint32(m), uint32(d)
}

// TimeOfDay is the time of day (crm_time_get_timeofday), without the sign.
func (t Time) TimeOfDay() (hour, minute, second uint32) { return clock(t.Second) }

// ISOWeek is the date as week-numbering year, week (1 to 53) and day of the week
// (1 to 7, Monday first); it is not ok for a day below 1
// (crm_time_get_isoweek).
func (t Time) ISOWeek() (year, week, day uint32, ok bool) {
	if t.Day <= 0 {
		return 0, 0, 0, false
	}
	jan1 := january1Weekday(t.Year)
	weekday := 1 + (t.Day+jan1-2)%7
	switch {
	case t.Day <= 8-jan1 && jan1 > 4: // still of the last week of the year before
		return uint32(t.Year - 1), uint32(weeksInYear(t.Year - 1)), uint32(weekday), true
	case yearDays(t.Year)-t.Day < 4-weekday: // already of the next year's first week
		return uint32(t.Year + 1), 1, uint32(weekday), true
	}
	w := (t.Day + 7 - weekday + jan1 - 1) / 7
	if jan1 > 4 {
		w--
	}
	return uint32(t.Year), uint32(w), uint32(weekday), true
}

func clock(s int32) (hour, minute, second uint32) {
	n := uint32(s)
	if s < 0 {
		n = -n
	}
	return n / hourSeconds, n % hourSeconds / 60, n % 60
}

func isLeap(year int32) bool { return year%4 == 0 && (year%100 != 0 || year%400 == 0) }

func yearDays(year int32) int32 {
	if isLeap(year) {
		return 366
	}
	return 365
}

var monthDays = [12]int32{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

// DaysInMonth is the number of days of a month (1 to 12) of a year, 0 of any other
// month.
func DaysInMonth(month, year int32) int32 {
	switch {
	case month < 1 || month > 12:
		return 0
	case month == 2 && isLeap(year):
		return 29
	}
	return monthDays[month-1]
}

// january1Weekday is the weekday of the first of January, Monday as 1
// (crm_time_january1_weekday; the algorithm is that of myweb.ecu.edu's ISOwdALG).
func january1Weekday(year int32) int32 {
	y := (year - 1) % 100
	century := (year - 1 - y) / 100
	return 1 + (century%4*5+y+y/4)%7
}

func weeksInYear(year int32) int32 {
	if january1Weekday(year) == 4 || january1Weekday(year+1) == 5 {
		return 53
	}
	return 52
}

// ordinal is the day of the year of a day in a month. Months beyond December, and
// below January, count as all twelve before them.
func ordinal(year int32, month, day uint32) int32 {
	for m := uint32(1); m < min(month, 13); m++ {
		day += uint32(DaysInMonth(int32(m), year))
	}
	return int32(day)
}
