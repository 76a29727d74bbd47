package pcmktool

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// ScanInt reads a decimal number after white space and says in the log what it
// does not like about it (pcmk__scan_ll). What is no number, or does not fit into
// 64 bits, is instead.
func ScanInt(text string, instead int64, log *Log) int64 {
	warn := func(format string, args ...any) {
		log.Print(loglevel.Warning, "scan_ll", fmt.Sprintf(format, args...))
	}
	body := strings.TrimLeft(text, " \t\n\v\f\r")
	digits := strings.TrimLeft(body, "+-")
	signs := len(body) - len(digits)
	rest := strings.TrimLeft(digits, "0123456789")
	n := instead
	if signs > 1 || len(rest) == len(digits) {
		rest = text
		warn("Could not parse integer from '%s' (using %d instead): No digits found", text, instead)
	} else if v, err := strconv.ParseInt(body[:len(body)-len(rest)], 10, 64); err != nil {
		warn("Integer parsed from '%s' was clipped to %d", text, v)
	} else {
		n = v
	}
	if rest != "" {
		warn("Characters left over after parsing '%s': '%s'", text, rest)
	}
	return n
}
