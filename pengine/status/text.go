package status

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

func sprintf(format string, args ...any) string { return fmt.Sprintf(format, args...) }
func formatUint(n uint) string                  { return strconv.FormatUint(uint64(n), 10) }
func formatInt(n int) string                    { return strconv.Itoa(n) }

// IsTrue tells whether a text means yes (crm_is_true).
func IsTrue(s string) bool {
	value, ok := ParseBool(s)
	return ok && value
}

// ParseBool reads a truth value in any of the spellings that a CIB may have
// (crm_str_to_boolean).
func ParseBool(s string) (value, ok bool) {
	switch {
	case equalAny(s, "true", "on", "yes", "y", "1"):
		return true, true
	case equalAny(s, "false", "off", "no", "n", "0"):
		return false, true
	}
	return false, false
}

// equalAny tells whether s is one of the words, without regard to case.
func equalAny(s string, words ...string) bool {
	for _, w := range words {
		if strings.EqualFold(s, w) {
			return true
		}
	}
	return false
}

// CompareNames orders names without regard to case, numbers in them as numbers
// (pcmk__numeric_strcasecmp): "node9" comes before "node10".
func CompareNames(a, b string) int {
	for a != "" && b != "" {
		if isDigit(a[0]) && isDigit(b[0]) {
			na, nb := digits(a), digits(b)
			va, vb := saturate(a[:na]), saturate(b[:nb])
			switch {
			case va != vb:
				return sign(va < vb)
			case na != nb: // 007 comes after 7
				return sign(na < nb)
			}
			a, b = a[na:], b[nb:]
			continue
		}
		if ca, cb := lower(a[0]), lower(b[0]); ca != cb {
			// The reference compares signed characters.
			return sign(int8(ca) < int8(cb))
		}
		a, b = a[1:], b[1:]
	}
	switch {
	case a == "" && b != "":
		return -1
	case a != "" && b == "":
		return 1
	}
	return 0
}

func sign(less bool) int {
	if less {
		return -1
	}
	return 1
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func digits(s string) int {
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	return n
}

func saturate(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return math.MaxInt64
	}
	return n
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// fold is the key under which maps have names that are compared without regard
// to case. Like strcasecmp in the C locale it knows ASCII only.
func fold(s string) string {
	for i := range len(s) {
		if s[i] >= 'A' && s[i] <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				b[i] = lower(b[i])
			}
			return string(b)
		}
	}
	return s
}

// equalFolded tells whether two texts are one if folded. It begins at the end, where
// keys of one resource differ.
func equalFolded(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := len(a) - 1; i >= 0; i-- {
		if a[i] != b[i] && lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

// keyInterval is what parseKey says of the interval.
func keyInterval(key string) uint {
	last := strings.LastIndexByte(key, '_')
	if last <= 0 || strings.IndexByte(key[:last], '_') < 0 {
		return 0
	}
	return parseInterval(key[last+1:])
}

func parseKey(key string) (resource, action string, intervalMS uint, ok bool) {
	last := strings.LastIndexByte(key, '_')
	if last <= 0 || strings.IndexByte(key[:last], '_') < 0 {
		return "", "", 0, false
	}
	rest, number := key[:last], key[last+1:]
	interval := parseInterval(number)
	if name, task, isLong := longTask(rest); isLong && number != "" && digits(number) == len(number) {
		return name, task, interval, true
	}
	sep := strings.LastIndexByte(rest, '_')
	if sep < 0 {
		return "", "", 0, false
	}
	return rest[:sep], rest[sep+1:], interval, true
}

// parseInterval is strtoul of a key's last part, cut to 32 bits.
func parseInterval(s string) uint {
	n, _ := LeadingInt(s)
	return uint(uint32(n))
}

// longTask takes the names of actions that have a "_" themselves from the end
// of a key: migrate_to, migrate_from, and the pre and post notifications.
func longTask(s string) (resource, task string, ok bool) {
	if !strings.Contains(s, "_migrate_") && !strings.Contains(s, "_notify_") {
		return "", "", false
	}
	base, tail := s, ""
	for _, m := range []string{"_migrate_to", "_migrate_from"} {
		if b, found := strings.CutSuffix(s, m); found {
			base, tail = b, m
			break
		}
	}
	for _, n := range []string{"_pre_notify", "_post_notify"} {
		if tail != "" {
			if b, found := strings.CutSuffix(base, n); found {
				return b, (n + tail)[1:], true
			}
			continue
		}
		if i := strings.LastIndex(s, n+"_"); i >= 0 {
			if word := s[i+len(n)+1:]; word != "" && strings.Trim(word, "abcdefghijklmnopqrstuvwxyz") == "" {
				return s[:i], s[i+1:], true
			}
		}
	}
	if tail != "" {
		return base, tail[1:], true
	}
	return "", "", false
}
