package status

import (
	"math"
	"strconv"
	"strings"
)

// Infinity is the score of must, -Infinity that of must not.
const Infinity = 1000000

// AddScores is the sum of two scores: -Infinity wins over Infinity, and either
// over any number (pcmk__add_scores).
func AddScores(a, b int) int {
	switch {
	case a <= -Infinity || b <= -Infinity:
		return -Infinity
	case a >= Infinity || b >= Infinity:
		return Infinity
	}
	return min(max(a+b, -Infinity), Infinity)
}

// FormatScore is a score as the tools print it (pcmk_readable_score).
func FormatScore(score int) string {
	switch {
	case score >= Infinity:
		return "INFINITY"
	case score <= -Infinity:
		return "-INFINITY"
	}
	return strconv.Itoa(score)
}

// ParseScore is the score that a text means; 0 if it is none. The names red,
// yellow and green stand for the values that the health options give them
// (char2score).
func (ws *WorkingSet) ParseScore(s string) int {
	switch {
	case strings.EqualFold(s, "red"):
		return ws.Health.Red
	case strings.EqualFold(s, "yellow"):
		return ws.Health.Yellow
	case strings.EqualFold(s, "green"):
		return ws.Health.Green
	}
	ws.warnOfNumber(s)
	return parseScore(s)
}

// warnOfNumber logs what the reference does of a score that is no number, or of
// which something is left over (scan_ll).
func (ws *WorkingSet) warnOfNumber(s string) {
	if s == "" || equalAny(s, "INFINITY", "+INFINITY", "-INFINITY") {
		return
	}
	rest := strings.TrimLeft(s, " \t\n\v\f\r")
	if rest != "" && (rest[0] == '-' || rest[0] == '+') {
		rest = rest[1:]
	}
	n := digits(rest)
	rest = rest[n:]
	if n == 0 {
		rest = s
		ws.At("scan_ll").Warningf("Could not parse integer from '%s' (using 0 instead): No digits found", s)
	}
	if rest != "" {
		ws.At("scan_ll").Warningf("Characters left over after parsing '%s': '%s'", s, rest)
	}
}

func parseScore(s string) int {
	switch {
	case s == "":
		return 0
	case strings.EqualFold(s, "-INFINITY"):
		return -Infinity
	case strings.EqualFold(s, "INFINITY"), strings.EqualFold(s, "+INFINITY"):
		return Infinity
	}
	return min(max(scanInt(s, 0), -Infinity), Infinity)
}

// scanInt is the number that a text begins with, saturated to 32 bits, or the
// default if there is none, as strtoll(3) with pcmk__scan_ll reads it.
func scanInt(s string, def int) int {
	n, ok := LeadingInt(s)
	if !ok {
		return def
	}
	return int(min(max(n, math.MinInt32), math.MaxInt32))
}

// ReadInt is LeadingInt, and says in the log what is wrong with the text, each time
// that it is read (pcmk__scan_ll).
func (ws *WorkingSet) ReadInt(s string) (n int64, ok bool) { return ws.readOr(s, 0) }

// readOr is ReadInt of what is otherwise, as the log says, that number.
func (ws *WorkingSet) readOr(s string, otherwise int) (n int64, ok bool) {
	n, ok = LeadingInt(s)
	at := ws.At("scan_ll")
	rest := strings.TrimLeft(strings.TrimLeft(s, " \t\n\v\f\r"), "+-")
	switch digits := strings.TrimLeft(rest, "0123456789"); {
	case !ok && n != 0:
		at.Warningf("Integer parsed from '%s' was clipped to %d", s, n)
		rest = digits
	case !ok:
		at.Warningf("Could not parse integer from '%s' (using %d instead): No digits found", s, otherwise)
		rest = s
	default:
		rest = digits
	}
	if rest != "" {
		at.Warningf("Characters left over after parsing '%s': '%s'", s, rest)
	}
	return n, ok
}

// LeadingInt is the number that a text begins with, after white space, as strtoll(3)
// reads it; what follows it does not matter. ok is false without a digit, and for
// what 64 bits cannot hold: n is then 0, or the nearest that they can
// (pcmk__scan_ll's return code).
func LeadingInt(s string) (n int64, ok bool) {
	for s != "" && (s[0] == ' ' || s[0] >= '\t' && s[0] <= '\r') {
		s = s[1:]
	}
	end := 0
	if end < len(s) && (s[end] == '-' || s[end] == '+') {
		end++
	}
	digits := end
	for end < len(s) && s[end] >= '0' && s[end] <= '9' {
		end++
	}
	if end == digits {
		return 0, false
	}
	n, err := strconv.ParseInt(s[:end], 10, 64)
	return n, err == nil
}
