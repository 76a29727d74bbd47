package rules

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

const whiteSpace = " \t\n\v\f\r"

// A scanned number is what the reference's scan_ll makes of text.
type scanned struct {
	value    int64  // clipped to 64 bits
	rest     string // what follows the number
	ok       bool   // digits, and no clipping
	problems []Problem
}

// scanInt reads a decimal number after white space. whole reports what is left
// over.
func scanInt(text string, whole bool) scanned { return scanIntOr(text, 0, whole) }

// scanIntOr is scanInt, and reports another number than 0 as used where there is none.
func scanIntOr(text string, otherwise int, whole bool) scanned {
	warn := func(format string, args ...any) Problem {
		return Problem{Severity: Warning, Where: "scan_ll", Text: fmt.Sprintf(format, args...)}
	}
	body := strings.TrimLeft(text, whiteSpace)
	end := 0
	if body != "" && (body[0] == '+' || body[0] == '-') {
		end = 1
	}
	digits := end
	for end < len(body) && body[end] >= '0' && body[end] <= '9' {
		end++
	}
	s := scanned{rest: body[end:], ok: true}
	if end == digits {
		s.ok, s.rest = false, text
		s.problems = append(s.problems, warn("Could not parse integer from '%s' (using %d instead): No digits found", text, otherwise))
	} else if v, err := strconv.ParseInt(body[:end], 10, 64); err != nil {
		s.ok, s.value = false, v
		s.problems = append(s.problems, warn("Integer parsed from '%s' was clipped to %d", text, v))
	} else {
		s.value = v
	}
	if whole && s.rest != "" {
		s.problems = append(s.problems, warn("Characters left over after parsing '%s': '%s'", text, s.rest))
	}
	return s
}

// scanFloat reads a number as strtod does and ignores what follows
// (pcmk__scan_double). ok is false if there is none, or it does not fit.
func scanFloat(text string) (v float64, ok bool) {
	body := strings.TrimLeft(text, whiteSpace)
	n := floatPrefix(body)
	if n == 0 {
		return 0, false
	}
	number := body[:n]
	lower := strings.ToLower(number)
	if strings.Contains(lower, "x") && !strings.Contains(lower, "p") {
		number += "p0"
	}
	v, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return 0, false // beyond the largest number
	}
	const smallest = 2.2250738585072014e-308 // DBL_MIN: below it, the reference speaks of underflow
	if math.Abs(v) <= smallest && strings.Trim(text[:len(text)-len(body)+n], "0.eE") != "" {
		return 0, false
	}
	return v, true
}

// floatPrefix is how many bytes at the begin of s are a number for strtod.
func floatPrefix(s string) int {
	i := 0
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		i++
	}
	for _, word := range [...]string{"infinity", "inf", "nan"} {
		if len(s)-i >= len(word) && strings.EqualFold(s[i:i+len(word)], word) {
			return i + len(word)
		}
	}
	isDigit, exponent := func(c byte) bool { return c >= '0' && c <= '9' }, "eE"
	if len(s)-i > 2 && s[i] == '0' && (s[i+1] == 'x' || s[i+1] == 'X') {
		hex := func(c byte) bool {
			return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
		}
		if hex(s[i+2]) || s[i+2] == '.' && len(s)-i > 3 && hex(s[i+3]) {
			i += 2
			isDigit, exponent = hex, "pP"
		}
	}
	digits := 0
	for ; i < len(s) && isDigit(s[i]); i++ {
		digits++
	}
	if i < len(s) && s[i] == '.' {
		j := i + 1
		for ; j < len(s) && isDigit(s[j]); j++ {
			digits++
		}
		if digits > 0 {
			i = j
		}
	}
	if digits == 0 {
		return 0
	}
	if i < len(s) && strings.IndexByte(exponent, s[i]) >= 0 {
		j := i + 1
		if j < len(s) && (s[j] == '+' || s[j] == '-') {
			j++
		}
		first := j
		for j < len(s) && s[j] >= '0' && s[j] <= '9' {
			j++
		}
		if j > first {
			i = j
		}
	}
	return i
}

// Score is the score that a text means, 0 if none (char2score).
func Score(text string) int {
	n, _ := scoreOf(text)
	return n
}

// scoreOf is a set's score (char2score). The colours of node health, which the
// schema does not allow there, count 0.
func scoreOf(text string) (score int, problems []Problem) {
	const infinity = 1000000
	switch text {
	case "INFINITY", "+INFINITY":
		return infinity, nil
	case "-INFINITY":
		return -infinity, nil
	}
	for _, colour := range [...]string{"red", "yellow", "green"} {
		if strings.EqualFold(text, colour) {
			return 0, nil
		}
	}
	s := scanInt(text, true)
	if !s.ok {
		return 0, s.problems
	}
	return int(min(max(s.value, -infinity), infinity)), s.problems
}
