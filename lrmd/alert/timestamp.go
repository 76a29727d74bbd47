package alert

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/ncruces/go-strftime"
)

// maxTimestamp is how long a timestamp can be.
const maxTimestamp = 127

// timestamp is a time as strftime(3) formats it, where %N with a number of digits before it (of which six
// count) is the fraction of the second, and nothing without (pcmk__time_format_hr).
func timestamp(format string, at time.Time) string {
	fraction := fmt.Sprintf("%06d", at.Nanosecond()/1000)
	var out strings.Builder
	put := func(s string) {
		if out.Len()+len(s) <= maxTimestamp {
			out.WriteString(s)
		}
	}
	rest := format
	for from := 0; ; {
		i := strings.IndexByte(rest[from:], '%')
		if i < 0 {
			break
		}
		i += from
		end := i + 1
		for end < len(rest) && '0' <= rest[end] && rest[end] <= '9' {
			end++
		}
		if end == len(rest) || rest[end] != 'N' {
			from = min(end+1, len(rest))
			continue
		}
		digits, err := strconv.Atoi(rest[i+1 : end])
		if err != nil {
			digits = 0
			if end > i+1 {
				digits = len(fraction)
			}
		}
		put(strftime.Format(rest[:i], at))
		put(fraction[:min(digits, len(fraction))])
		rest, from = rest[end+1:], 0
	}
	put(strftime.Format(rest, at))
	return out.String()
}
