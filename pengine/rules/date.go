package rules

import (
	"errors"
	"math"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/iso8601"
)

// DateResult is what a date expression says of a time.
type DateResult uint8

// The results, of which the reference's return codes are pcmk_rc_undetermined and
// so on. Within and Satisfied pass.
const (
	Undetermined DateResult = iota // the expression makes no sense
	Before                         // not yet in effect
	Within                         // in effect
	After                          // expired
	Satisfied                      // all that a date_spec says is so
)

// Passes says whether the expression is true.
func (r DateResult) Passes() bool { return r == Within || r == Satisfied }

type dateOp uint8

const (
	dateUnknown dateOp = iota
	dateInRange
	dateSpec
	dateGt
	dateLt
)

// Date is a date_expression, read.
type Date struct {
	op         dateOp
	start, end *iso8601.Moment
	duration   []step // nil without the element
	spec       []specField
	problems   []Problem // of what duration and date_spec say
}

// step is a part of a duration.
type step struct {
	add func(*iso8601.Time, int32)
	n   int32
}

// durationSteps are the attributes of a duration in the order in which they are
// added.
var durationSteps = []struct {
	name string
	add  func(*iso8601.Time, int32)
}{
	{"years", (*iso8601.Time).AddYears}, {"months", (*iso8601.Time).AddMonths},
	{"weeks", (*iso8601.Time).AddWeeks}, {"days", (*iso8601.Time).AddDays},
	{"hours", (*iso8601.Time).AddHours}, {"minutes", (*iso8601.Time).AddMinutes},
	{"seconds", (*iso8601.Time).AddSeconds},
}

// ReadDate reads a date_expression element.
func ReadDate(e *etree.Element) *Date {
	x := &Date{}
	op, ok := attr(e, "operation")
	switch {
	case !ok || lower(op) == "in_range":
		x.op = dateInRange
	case lower(op) == "date_spec":
		x.op = dateSpec
	case lower(op) == "gt":
		x.op = dateGt
	case lower(op) == "lt":
		x.op = dateLt
	}
	x.start, x.end = readMoment(e, "start"), readMoment(e, "end")
	if d := e.SelectElement("duration"); d != nil {
		x.readDuration(d)
	}
	if s := e.SelectElement("date_spec"); s != nil && x.op == dateSpec {
		for _, f := range specFields {
			if text, ok := attr(s, f.name); ok {
				if low, high, ok, problems := parseRange(text); ok || len(problems) > 0 {
					x.spec = append(x.spec, specField{f.value, low, high, problems})
				}
			}
		}
	}
	return x
}

func readMoment(e *etree.Element, name string) *iso8601.Moment {
	text, ok := attr(e, name)
	if !ok {
		return nil
	}
	m := iso8601.NewMoment(text)
	return &m
}

func (x *Date) readDuration(e *etree.Element) {
	x.duration = []step{}
	for _, s := range durationSteps {
		text, ok := attr(e, s.name)
		if !ok {
			continue
		}
		n := scanInt(text, true)
		x.problems = append(x.problems, n.problems...)
		if n.ok && n.value != 0 && n.value >= math.MinInt32 && n.value <= math.MaxInt32 {
			x.duration = append(x.duration, step{s.add, int32(n.value)})
		}
	}
}

// Evaluate says what the expression says of in.Now (pe__eval_date_expr). next is
// as in Rule.Eval.
func (x *Date) Evaluate(in *Input, next *iso8601.Time) DateResult {
	start, hasStart := at(x.start, in)
	end, hasEnd := at(x.end, in)
	if hasStart && !hasEnd && x.duration != nil {
		for _, p := range x.problems {
			in.report(p)
		}
		end, hasEnd = start, true
		for _, s := range x.duration {
			s.add(&end, s.n)
		}
	}
	switch x.op {
	case dateInRange:
		switch {
		case !hasStart && !hasEnd:
		case hasStart && in.Now.Compare(start) < 0:
			sooner(next, start)
			return Before
		case hasEnd && in.Now.Compare(end) > 0:
			return After
		default:
			if hasEnd {
				end.AddSeconds(1)
				sooner(next, end)
			}
			return Within
		}
	case dateSpec:
		return satisfied(x.spec, in)
	case dateGt:
		switch {
		case !hasStart:
		case in.Now.Compare(start) > 0:
			return Within
		default:
			start.AddSeconds(1)
			sooner(next, start)
			return Before
		}
	case dateLt:
		switch {
		case !hasEnd:
		case in.Now.Compare(end) < 0:
			sooner(next, end)
			return Within
		default:
			return After
		}
	}
	return Undetermined
}

func (x *Date) eval(in *Input, next *iso8601.Time) bool { return x.Evaluate(in, next).Passes() }

// at is what a moment is when in is asked; ok is false without one, and for text
// that is no date, which is reported.
func at(m *iso8601.Moment, in *Input) (t iso8601.Time, ok bool) {
	if m == nil {
		return t, false
	}
	t, err := m.At(in.clock())
	if err != nil {
		problem := Problem{Severity: Error, Text: err.Error()}
		var e *iso8601.Error
		if errors.As(err, &e) {
			problem.Where = e.Where
		}
		in.report(problem)
		return t, false
	}
	return t, true
}

// sooner sets next, unless it is nil, to t if that is earlier or next undefined
// (crm_time_set_if_earlier).
func sooner(next *iso8601.Time, t iso8601.Time) {
	if next == nil {
		return
	}
	if !next.IsDefined() || t.Compare(*next) < 0 {
		*next = t
	}
}
