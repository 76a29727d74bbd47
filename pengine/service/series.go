package service

import (
	"fmt"
	"math"

	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// Series is one of the series of inputs that are kept.
type Series struct {
	Name   string // of its files: "pe-input"
	option string // the cluster option with how many there may be
	most   int    // if the option says nothing; negative for all, 0 for none
}

// The series: inputs that led to errors, to warnings, and to neither.
var (
	errorSeries = Series{"pe-error", "pe-error-series-max", -1}
	warnSeries  = Series{"pe-warn", "pe-warn-series-max", 5000}
	inputSeries = Series{"pe-input", "pe-input-series-max", 4000}
)

// File is the name of the series' input of that number (pcmk__series_filename). The
// number wraps where the reference's does.
func (s Series) File(number uint32) string {
	return fmt.Sprintf("%s-%d.bz2", s.Name, int32(number))
}

// LastFile is the name of the file that has the number of the next input.
func (s Series) LastFile() string { return s.Name + ".last" }

// ParseLast reads the contents of LastFile (pcmk__read_series_sequence); what is no number
// is an error.
func ParseLast(contents string) (uint32, error) {
	n, ok := status.LeadingInt(contents)
	if !ok {
		return 0, fmt.Errorf("number of the next input: got %q", contents)
	}
	return uint32(n), nil
}

// next is the number after number, for at most most inputs.
func next(number uint32, most int) uint32 {
	number++
	if most > 0 && uint64(number) >= uint64(most) {
		return 0
	}
	return number
}

// limit is how many inputs of a series are kept; negative for all.
func (s Series) limit(ws *status.WorkingSet) int {
	if ws == nil {
		return s.most
	}
	n, ok := status.LeadingInt(ws.Option(s.option))
	if !ok {
		return s.most
	}
	return int(min(max(n, -1), math.MaxInt32))
}
