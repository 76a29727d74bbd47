package iso8601

// Days of the 400 years after which leap years repeat.
const cycleDays = 400*365 + 97

// Add is t later by the duration d (crm_time_add). The result has t's offset and
// is no duration.
func (t Time) Add(d Time) Time {
	d = d.UTC()
	t.Duration = false
	t.Year += d.Year
	t.AddMonths(d.Month)
	t.AddDays(d.Day)
	t.AddSeconds(d.Second)
	return t
}

// Sub is t earlier by the duration d (crm_time_subtract).
func (t Time) Sub(d Time) Time {
	d = d.UTC()
	t.Duration = false
	return t.less(d)
}

// Since is the duration from u to t, field by field
// (crm_time_calculate_duration).
func (t Time) Since(u Time) Time {
	t, u = t.UTC(), u.UTC()
	t.Duration = true
	return t.less(u)
}

func (t Time) less(d Time) Time {
	t.Year -= d.Year
	if d.Month != 0 {
		t.AddMonths(-d.Month)
	}
	t.AddDays(-d.Day)
	t.AddSeconds(-d.Second)
	return t
}

// AddSeconds moves t by n seconds (crm_time_add_seconds).
func (t *Time) AddSeconds(n int32) {
	t.Second += n
	days := t.Second / daySeconds
	t.Second %= daySeconds
	if t.Second < 0 {
		t.Second += daySeconds
		days--
	}
	t.AddDays(days)
}

// AddMinutes moves t by n minutes.
func (t *Time) AddMinutes(n int32) { t.AddSeconds(n * 60) }

// AddHours moves t by n hours.
func (t *Time) AddHours(n int32) { t.AddSeconds(n * hourSeconds) }

// AddDays moves t by n days (crm_time_add_days). Of a duration, day 0 is none too
// few.
func (t *Time) AddDays(n int32) {
	t.Day += n
	if t.Day > cycleDays {
		cycles := t.Day/cycleDays - 1
		t.Year += 400 * cycles
		t.Day -= cycleDays * cycles
	}
	for days := yearDays(t.Year); t.Day > days; days = yearDays(t.Year) {
		t.Year++
		t.Day -= days
	}
	if t.Day < -cycleDays {
		cycles := -(t.Day / cycleDays) - 1
		t.Year -= 400 * cycles
		t.Day += cycleDays * cycles
	}
	first := int32(1)
	if t.Duration {
		first = 0
	}
	for t.Day < first {
		t.Year--
		t.Day += yearDays(t.Year)
	}
}

// AddWeeks moves t by n weeks.
func (t *Time) AddWeeks(n int32) { t.AddDays(n * 7) }

// AddMonths moves t by n months and keeps the day of the month, or takes the
// month's last if it has none of that number (crm_time_add_months).
func (t *Time) AddMonths(n int32) {
	y, m, d := t.Gregorian()
	switch {
	case m == 0 && n < 0, m == 13 && n > 0:
		// From outside the calendar the reference never meets the turn of a year.
		m += uint32(n)
	case n != 0:
		months := int64(int32(y))*12 + int64(m) - 1 + int64(n)
		year := months / 12
		if months %= 12; months < 0 {
			months += 12
			year--
		}
		y, m = uint32(year), uint32(months)+1
	}
	d = min(d, uint32(DaysInMonth(int32(m), int32(y))))
	t.Year = int32(y)
	t.Day = ordinal(t.Year, m, d)
}

// AddYears moves t by n years, whether or not the day is in that year.
func (t *Time) AddYears(n int32) { t.Year += n }
