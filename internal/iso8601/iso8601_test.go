package iso8601

import (
	"testing"
	"time"
)

// now is the current time of the tests, at +05:45.
var now = Time{Year: 2005, Day: 40, Second: 36000, Offset: 5*hourSeconds + 45*60}

const moment = Date | TimeOfDay

// What the reference answers to much more than this is in
// internal/cli/iso8601/testdata.
func TestParse(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"2005-01-29", "2005-01-29 00:00:00Z"},
		{"20050129", "2005-01-29 00:00:00Z"},
		{"2005-029", "2005-01-29 00:00:00Z"},
		{"2005-W04-6", "2005-01-29 00:00:00Z"},
		{"2009-W53-7", "2010-01-03 00:00:00Z"},
		{"2009-W01-1", "2008-12-29 00:00:00Z"},
		{"epoch", "1970-01-01 00:00:00Z"},
		{"EPOCH/P1D", "1970-01-01 00:00:00Z"},
		{"2005-01-29 10:20:30Z", "2005-01-29 10:20:30Z"},
		{"2005-01-29T102030Z", "2005-01-29 10:20:30Z"},
		{"2005-01-29T10Z", "2005-01-29 10:00:00Z"},
		{"2005-01-29 10:20 +01:00", "2005-01-29 09:20:00Z"},
		{"2005-01-29 10:20 -0130", "2005-01-29 11:50:00Z"},
		{"2005-12-31 24:00 ", "2006-01-01 00:00:00Z"},
		{"2005-01-29 10:20", "2005-01-29 04:35:00Z"},
		{"2005-01-29T10:20+01:00", "2005-01-29 04:35:00Z"}, // an offset needs a space
		{"T10:20", "2005-02-09 04:35:00Z"},
		{"10:20Z", "2005-02-09 10:20:00Z"},
		{"2005-01-29T", "2005-01-28 18:15:00Z"},
		{"2005--5-0", "2005-12-31 00:00:00Z"},
		{"2004-366", "2004-12-31 00:00:00Z"},
	} {
		got, err := Parse(c.text, now)
		if err != nil || got.Format(moment) != c.want {
			t.Errorf("%s: got %s, %v, want %s", c.text, got.Format(moment), err, c.want)
		}
		if m, err := NewMoment(c.text).At(now); m != got || err != nil {
			t.Errorf("%s: a moment is %v, %v", c.text, m, err)
		}
	}
}

func TestParseErrors(t *testing.T) {
	const no = "' is not a valid ISO 8601 date/time specification"
	for text, want := range map[string]string{
		"":                  "No ISO 8601 date/time specification given",
		"garbage":           "'garbage" + no,
		"2005":              "'2005" + no,
		"2005-13-01":        "'2005-13-01" + no + " because '13' is not a valid month",
		"2005-02-29":        "'2005-02-29" + no + " because '29' is not a valid day of the month",
		"2005-366":          "'2005-366" + no + " because '366' is not a valid day of the year (max 365)",
		"2005-W53-1":        "'2005-W53-1" + no + " because '53' is not a valid week of the year (max 52)",
		"2005-W01-8":        "'2005-W01-8" + no + " because '8' is not a valid day of the week",
		"2005-01-00":        "'2005-01-00" + no,
		"2005-01-01 24:01":  "24:01 is not a valid ISO 8601 time specification because 24 is not a valid hour",
		"2005-01-01 x":      "x is not a valid ISO 8601 time specification",
		"2005-01-01 1 1:60": "1:60 is not a valid ISO 8601 time specification because 60 is not a valid minute",
	} {
		if got, err := Parse(text, now); err == nil || err.Error() != want {
			t.Errorf("%q: got %v, %v, want %s", text, got, err, want)
		}
	}
}

func TestFormat(t *testing.T) {
	at, err := Parse("2010-01-03 01:02:03 -05:30", now)
	if err != nil {
		t.Fatal(err)
	}
	for f, want := range map[Format]string{
		moment:                          "2010-01-03 06:32:03Z",
		moment | WithTimezone:           "2010-01-03 01:02:03 -05:30",
		moment | Weeks:                  "2009-W53-7 06:32:03Z",
		Date | Ordinal:                  "2010-003",
		TimeOfDay:                       "06:32:03Z",
		AsSeconds:                       "63398097123",
		AsEpoch:                         "1262500323",
		AsDuration | AsEpoch:            "2010 years  3 days 3723 seconds (1 hour 2 minutes 3 seconds)",
		moment | Ordinal | WithTimezone: "2010-003 01:02:03 -05:30",
	} {
		if got := at.Format(f); got != want {
			t.Errorf("%#x: got %s, want %s", f, got, want)
		}
	}
	if got := (Time{}).Format(moment); got != Undefined {
		t.Errorf("got %s", got)
	}
}

func TestDuration(t *testing.T) {
	start, err := Parse("2004-01-31 12:00:00Z", now)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ text, want, end string }{
		{"P1M", " 1 month ", "2004-02-29 12:00:00Z"},
		{"P1Y", "   1 year ", "2005-01-31 12:00:00Z"},
		{"P2W1D", "15 days ", "2004-02-15 12:00:00Z"},
		{"PT36H", "129600 seconds (36 hours)", "2004-02-02 00:00:00Z"},
		{"PT59S", "59 seconds", "2004-01-31 12:00:59Z"},
		{"P-1D", "-1 days ", "2004-01-30 12:00:00Z"},
		{"P.5D", "0 seconds", "2004-01-31 12:00:00Z"},
		{"PT", "0 seconds", "2004-01-31 12:00:00Z"},
	} {
		d, err := ParseDuration(c.text)
		if err != nil || d.Format(AsDuration) != c.want || start.Add(d).Format(moment) != c.end {
			t.Errorf("%s: got %q, to %s, %v", c.text, d.Format(AsDuration), start.Add(d).Format(moment), err)
		}
	}
	for text, want := range map[string]string{
		"":              "No ISO 8601 time duration given",
		"1D":            "'1D' is not a valid ISO 8601 time duration because it does not start with a 'P'",
		"P":             "'P' is not a valid ISO 8601 time duration because nothing follows 'P'",
		"PD":            "'PD' is not a valid ISO 8601 time duration because no integer at 'D'",
		"P1":            "'P1' is not a valid ISO 8601 time duration because no units after 1",
		"P1X":           "'P1X' is not a valid ISO 8601 time duration because 'X' is not a valid time unit",
		"P12345678901D": "'P12345678901D' is not a valid ISO 8601 time duration because '1' is not a valid time unit",
	} {
		if _, err := ParseDuration(text); err == nil || err.Error() != want {
			t.Errorf("%s: got %v", text, err)
		}
	}
}

func TestSubAndSince(t *testing.T) {
	a, b := Time{Year: 2005, Day: 60, Second: 10}, Time{Year: 2003, Day: 70, Second: 20}
	if got, want := a.Since(b).Format(AsDuration), "   1 year 354 days 86390 seconds (23 hours 59 minutes 50 seconds)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := a.Sub(Time{Month: 1, Day: 1, Duration: true}).Format(Date), "2005-01-31"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := a.Compare(b), 1; got != want {
		t.Errorf("got %d", got)
	}
	if a.Compare(Time{Year: 2005, Day: 60, Second: 3610, Offset: 3600}) != 0 {
		t.Error("one moment at two offsets is not the same")
	}
}

// Adding days in one go is adding them year by year.
func TestManyDays(t *testing.T) {
	for _, n := range []int32{0, 1, 365, 366, 146096, 146097, 146098, 500000, 1 << 20, -1, -365, -146097, -146098, -1 << 20} {
		at := Time{Year: 2000, Day: 100}
		slow := at
		at.AddDays(n)
		for left := n; left != 0; {
			step := max(min(left, 100), -100)
			slow.AddDays(step)
			left -= step
		}
		if at != slow {
			t.Errorf("%d days: got %v, want %v", n, at, slow)
		}
	}
}

func TestFromTime(t *testing.T) {
	kathmandu := time.FixedZone("+0545", 5*hourSeconds+45*60)
	got := FromTime(time.Date(2005, 2, 9, 10, 0, 0, 999, kathmandu))
	if got != now {
		t.Errorf("got %v", got)
	}
	if got := FromTime(time.Unix(1262500323, 0).UTC()).Epoch(); got != 1262500323 {
		t.Errorf("got %d", got)
	}
}

func TestInterval(t *testing.T) {
	for text, want := range map[string]uint32{
		"10": 10000, "10s": 10000, " 5 min": 300000, "2h": 7200000, "1hr": 3600000, "1500us": 1, "7ms": 7, "1.9s": 1000,
		"0": 0, "99999999": 4294967295, "9223372036854775807h": 4294967295, "PT1M30S": 90000, "P1D": 0, "P2D": 86400000,
	} {
		if got, err := ParseInterval(text); err != nil || got != want {
			t.Errorf("%s: got %d, %v, want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "x", "-1", "5d", ".5s", "P", "P1X"} {
		if got, err := ParseInterval(text); err == nil || got != 0 {
			t.Errorf("%q: got %d, %v", text, got, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"2005-01-29 10:20:30 +01:00", "20050129T102030Z", "2005-029", "2005-W04-6", "epoch", "T10", "10:20", "P1Y2M3DT4H5M6S",
		"2005-040/P1M", "P1M/2005-040", "2005--5-0", "-2147483648-366", "P-2147483648D/9999-001", "10 min",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at, err := Parse(text, now)
		if err == nil {
			if !at.IsSensible() {
				t.Errorf("%v is not sensible", at)
			}
			for _, style := range []Format{moment | WithTimezone, moment | Weeks, moment | Ordinal, AsDuration, AsSeconds, AsEpoch} {
				if at.Format(style) == "" {
					t.Errorf("%v has no text in style %#x", at, style)
				}
			}
			if at.Offset%60 == 0 && at.Year > 0 && at.Year < 10000 {
				again, err := Parse(at.Format(moment|WithTimezone), now)
				if at.Offset == 0 && again.Compare(at) != 0 {
					t.Errorf("%v read again is %v, %v", at, again, err)
				}
			}
		}
		if m, e := NewMoment(text).At(now); m != at || (e == nil) != (err == nil) {
			t.Errorf("a moment is %v, %v, read at once %v, %v", m, e, at, err)
		}
		if p, err := ParsePeriod(text, now); err == nil && !(p.Start.IsSensible() && p.End.IsSensible()) {
			t.Errorf("%v is not sensible", p)
		}
		if d, err := ParseDuration(text); err == nil {
			at.Add(d).Sub(d).Since(at).Format(AsDuration)
		}
		ParseInterval(text)
	})
}
