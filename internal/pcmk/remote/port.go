package remote

import (
	"fmt"
	"strconv"
	"strings"
)

// Port is the number of a TCP port that a user has written down, or -1 if it is none
// (pcmk__scan_port). The warning, if not empty, is what the reference says of what is odd in it.
func Port(text string) (port int, warning string) {
	digits := strings.TrimLeft(text, " \t\n\v\f\r")
	end := 0
	for end < len(digits) && (digits[end] >= '0' && digits[end] <= '9' || end == 0 && strings.ContainsAny(digits[:1], "+-")) {
		end++
	}
	if end == 0 || end == 1 && (digits[0] == '+' || digits[0] == '-') {
		return -1, fmt.Sprintf("Could not parse integer from '%s' (using -1 instead): No digits found", text)
	}
	n, err := strconv.ParseInt(digits[:end], 10, 64)
	switch {
	case err != nil:
		return -1, fmt.Sprintf("Could not parse integer from '%s' (using -1 instead): Value too large to be stored in data type", text)
	case n < 0 || n > 65535:
		return -1, fmt.Sprintf("Ignoring port specification '%s' not in valid range (0-65535)", text)
	case end < len(digits):
		warning = fmt.Sprintf("Characters left over after parsing '%s': '%s'", text, digits[end:])
	}
	return int(n), warning
}
