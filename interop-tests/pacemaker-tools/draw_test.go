//go:build interop

package pacemakertools_test

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/golden"
)

// fixedLines are command lines that are compared whatever the seed.
func fixedLines(tool string) [][]string {
	var lines [][]string
	for _, l := range []string{
		"", "--help", "--help-all", "-h", "-?", "--help-output", "--help-commands", "--help-modifiers", "--help-modes",
		"--help-data", "--help-additional", "--help-nothing", "--help=x", "--version", "-$", "--version=x", "-V", "-VVVV --version",
		"--unknown", "-q", "-qh", "-hq", "-", "--", "-- --help", "--output-as", "--output-as=html", "--output-as=xml --version",
		"--output-as text --version", "--output-as=none --version", "--output-to=/nonexistent/x", "--output-to=- --version",
		"--output-output-as=xml --version", "--out-output-as=xml --version", "--text-fancy --version", "--date", "-d", "--vers",
		"--commands-date=2005-001", "--modifiers-week -d 2005-001", "-Vd2005-001", "-d 2005-001 -D P1Y1M1DT1H1M1S",
		"-c", "-r x", "-c -r x", "-cr x", "-crx -X-", "-crx -X", "-X 3", "-l --rc", "-ln", "-lnr", "-lnX", "-lX --output-as=xml", "-lrn --output-as=xml",
		"-l --output-as=none", "-r -- -1006 22 -1", "5 --output-as=xml", "-X -5", "-5x",
	} {
		lines = append(lines, append([]string{tool}, strings.Fields(l)...))
	}
	return lines
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

// number is one, mostly sensible, of so many digits.
func number(r *rand.Rand, digits, limit int) string {
	switch r.IntN(20) {
	case 0:
		return fmt.Sprint(r.IntN(100000))
	case 1:
		return fmt.Sprint(-r.IntN(100))
	case 2:
		return pick(r, "", "+5", " 7", "x", "00", "99999999999999999999", "-0", "4294967297", "2147483648")
	case 3:
		return fmt.Sprint(r.IntN(limit + 1))
	}
	return fmt.Sprintf("%0*d", digits, r.IntN(limit)+1)
}

func drawDay(r *rand.Rand) string {
	year := fmt.Sprint(pick(r, 2000, 2004, 2005, 2008, 2009, 2010, 2012, 2015, 1900, 2100, 1970, 1, 4, 9999, 1800+r.IntN(400)))
	switch r.IntN(30) {
	case 0:
		year = pick(r, "0", "-5", "0400", "12345", "200", "", "x")
	case 1:
		return pick(r, "epoch", "EPOCH", "epoch 10:00", "epochs", "now", "", "2005", "garbage", "T", "2005-01-", "2005-01-01-05")
	}
	switch r.IntN(4) {
	case 0:
		return fmt.Sprintf("%s-%s-%s", year, number(r, 2, 12), number(r, 2, 31))
	case 1:
		return year + number(r, 2, 12) + number(r, 2, 31)
	case 2:
		return year + "-" + number(r, 3, 366)
	default:
		return year + "-W" + number(r, 2, 53) + "-" + number(r, 1, 7)
	}
}

func drawClock(r *rand.Rand) string {
	parts := []string{number(r, 2, 23), number(r, 2, 59), number(r, 2, 59)}
	if r.IntN(12) == 0 {
		parts = pick(r, []string{"24", "00"}, []string{"24", "00", "00"}, []string{"24", "01"}, []string{"00"}, []string{"23", "60"})
	}
	return strings.Join(parts[:1+r.IntN(len(parts))], pick(r, ":", ":", ":", ""))
}

func drawDate(r *rand.Rand) string {
	if r.IntN(15) == 0 {
		return pick(r, "T", "") + drawClock(r)
	}
	day := drawDay(r)
	switch r.IntN(3) {
	case 0:
		return day
	case 1:
		return day + pick(r, " ", "T", "T", "  ", "t") + drawClock(r) + pick(r, "", "Z", " Z", " ", "z", "Zulu")
	}
	return day + pick(r, " ", "T") + drawClock(r) + pick(r, " ", " ", "  ", "") + pick(r, "+", "-", "-", "") + drawClock(r)
}

func drawDuration(r *rand.Rand) string {
	if r.IntN(15) == 0 {
		return pick(r, "", "P", "PT", "P ", "1Y", "P1", "P1X", "PTT1S", "P1.5D", "P1,5Y", "P-1D", "P+1M", "P12345678901S", "P1D rest", "p1D", "P1D2", "PY")
	}
	var b strings.Builder
	b.WriteByte('P')
	clock := false
	for range 1 + r.IntN(4) {
		if !clock && r.IntN(3) == 0 {
			clock = true
			b.WriteByte('T')
		}
		b.WriteString(pick(r, "", "", "", "", "-"))
		fmt.Fprintf(&b, "%d", pick(r, r.IntN(3), r.IntN(40), r.IntN(500), r.IntN(100000)))
		if clock {
			b.WriteByte("HMS"[r.IntN(3)])
		} else {
			b.WriteByte("YMWDDM"[r.IntN(6)])
		}
	}
	return b.String()
}

func drawPeriod(r *rand.Rand) string {
	switch r.IntN(8) {
	case 0, 1:
		return drawDate(r) + "/" + drawDate(r)
	case 2, 3:
		return drawDate(r) + "/" + drawDuration(r)
	case 4, 5:
		return drawDuration(r) + "/" + drawDate(r)
	case 6:
		return drawDuration(r)
	}
	return pick(r, drawDate(r), "/", drawDate(r)+"/", "/"+drawDate(r), drawDuration(r)+"/"+drawDuration(r), "epoch/P1D")
}

func drawISO8601(r *rand.Rand) golden.Command {
	args := []string{"iso8601"}
	option := func(short, long, value string) {
		switch r.IntN(3) {
		case 0:
			args = append(args, "-"+short+value)
		case 1:
			args = append(args, "-"+short, value)
		default:
			args = append(args, "--"+long+"="+value)
		}
	}
	for range r.IntN(3) {
		args = append(args, pick(r, "-s", "-S", "-L", "-O", "-W", "--week", "--local", "--ordinal", "-LO", "-LW"))
	}
	if r.IntN(6) == 0 {
		args = append(args, pick(r, "-V", "-VV", "-VVVV"))
	}
	if r.IntN(5) != 0 {
		option("d", "date", drawDate(r))
	}
	if r.IntN(3) == 0 {
		option("D", "duration", drawDuration(r))
	}
	if r.IntN(3) == 0 {
		option("p", "period", drawPeriod(r))
	}
	if r.IntN(20) == 0 {
		option("E", "expected", pick(r, "2005-01-01 00:00:00Z", "x"))
	}
	return golden.Command{Args: args}
}

func drawError(r *rand.Rand) golden.Command {
	args := []string{"crm_error"}
	for range r.IntN(4) {
		args = append(args, pick(r, "-n", "-X", "-r", "--rc", "--exit", "--name", "-V", "--output-as=xml", "--output-as=none", "--output-as", "-nX", "-rn"))
	}
	if r.IntN(30) == 0 {
		args = append(args, "-l")
	}
	if r.IntN(3) != 0 {
		args = append(args, "--")
	}
	for range 1 + r.IntN(3) {
		args = append(args, pick(r, fmt.Sprint(r.IntN(300)), fmt.Sprint(-1000-r.IntN(40)), fmt.Sprint(-r.IntN(260)), number(r, 1, 134),
			"a b", "it's so", `<&">`, "9223372036854775808", "-3000000000", "--"))
	}
	return golden.Command{Args: args}
}

func drawRange(r *rand.Rand, low, high int) string {
	a, b := low+r.IntN(high-low+1), low+r.IntN(high-low+1)
	switch r.IntN(12) {
	case 0:
		return pick(r, "", "-", "x", "5x", "--1", "5--3", " 5", "5 -7", "5-x", "-x", "+5", "99999999999999999999", "-1-5", "5-7-9")
	case 1, 2:
		return fmt.Sprintf("%d-", a)
	case 3, 4:
		return fmt.Sprintf("-%d", a)
	case 5, 6:
		return fmt.Sprint(a)
	}
	return fmt.Sprintf("%d-%d", min(a, b), max(a, b))
}

func attribute(name, value string) string {
	return " " + name + `="` + strings.NewReplacer("&", "&amp;", "<", "&lt;", `"`, "&quot;").Replace(value) + `"`
}

func drawDateExpression(r *rand.Rand) string {
	var b strings.Builder
	b.WriteString(`<date_expression id="d"`)
	op := pick(r, "gt", "lt", "in_range", "in_range", "date_spec", "date_spec", "date_spec", "date_spec", "GT", "bogus", "")
	if op != "" || r.IntN(2) == 0 {
		b.WriteString(attribute("operation", op))
	}
	near := func() string {
		return fmt.Sprintf("%d-%02d-%02d %02d:00:00Z", 2004+r.IntN(3), 1+r.IntN(12), 1+r.IntN(28), r.IntN(24))
	}
	for _, end := range []string{"start", "end"} {
		if r.IntN(3) != 0 {
			b.WriteString(attribute(end, pick(r, near(), near(), near(), drawDate(r))))
		}
	}
	b.WriteString(">")
	if r.IntN(3) == 0 {
		b.WriteString(`<duration id="u"`)
		for _, unit := range []string{"years", "months", "weeks", "days", "hours", "minutes", "seconds"} {
			if r.IntN(3) == 0 {
				b.WriteString(attribute(unit, pick(r, "1", "0", "2", "13", "-1", "x", "5x", "100", "9999999999")))
			}
		}
		b.WriteString("/>")
	}
	if op == "date_spec" && r.IntN(12) != 0 {
		b.WriteString(`<date_spec id="s"`)
		if r.IntN(8) != 0 {
			b.WriteString(attribute("years", pick(r, "2004-2006", "2005", "2005-", "-2005", drawRange(r, 2003, 2006))))
		}
		for _, f := range []struct {
			name      string
			low, high int
		}{
			{"hours", 0, 23}, {"monthdays", 1, 31}, {"weekdays", 1, 7}, {"yeardays", 1, 366}, {"months", 1, 12},
			{"weeks", 1, 53}, {"weekyears", 2003, 2006}, {"minutes", 0, 59}, {"seconds", 0, 59},
		} {
			if r.IntN(5) == 0 {
				b.WriteString(attribute(f.name, drawRange(r, f.low, f.high)))
			}
		}
		if r.IntN(15) == 0 {
			b.WriteString(attribute("moon", "4"))
		}
		b.WriteString("/>")
	}
	b.WriteString("</date_expression>")
	return b.String()
}

func drawRule(r *rand.Rand) golden.Command {
	var b strings.Builder
	b.WriteString("<cib><configuration><constraints>")
	for i := range 1 + r.IntN(2) {
		fmt.Fprintf(&b, `<rsc_location id="l%d" rsc="r"><rule id="r%d" score="1">`, i, i)
		for range pick(r, 1, 1, 1, 1, 1, 1, 0, 2) {
			b.WriteString(drawDateExpression(r))
		}
		if r.IntN(3) == 0 {
			b.WriteString(`<expression id="e" attribute="#uname" operation="eq" value="x"/>`)
		}
		b.WriteString("</rule></rsc_location>")
	}
	if r.IntN(10) == 0 {
		b.WriteString(`<rsc_location id="l" rsc="r"><rule id="r0" score="1"/></rsc_location>`)
	}
	b.WriteString("</constraints></configuration></cib>")
	xml := b.String()
	if r.IntN(20) == 0 {
		xml = pick(r, "", "garbage", "<cib", "<cib></cib>", "<x/>", xml[:r.IntN(len(xml))], "<cib><constraints/></cib>")
	}
	c := golden.Command{Args: []string{"crm_rule", "-c", "-r", "r0"}}
	if r.IntN(6) == 0 {
		c.Args = append(c.Args, "--rule="+pick(r, "r1", "none", "r0", "it's", `a"b`))
	}
	if r.IntN(4) == 0 {
		c.Args = append(c.Args, "-X", "-")
		c.Stdin = xml
	} else {
		c.Args = append(c.Args, "-X", xml)
	}
	if r.IntN(10) != 0 {
		date := fmt.Sprintf("%d-%02d-%02d %02d:%02d:%02d", 2004+r.IntN(3), 1+r.IntN(12), 1+r.IntN(28), r.IntN(24), r.IntN(60), r.IntN(60))
		c.Args = append(c.Args, "-d", pick(r, date, date, date+"Z", date+" -05:30", date, drawDate(r)))
	}
	if r.IntN(3) == 0 {
		c.Args = append(c.Args, "--output-as="+pick(r, "xml", "xml", "none"))
	}
	if r.IntN(4) == 0 {
		c.Args = append(c.Args, "-V")
	}
	return c
}
