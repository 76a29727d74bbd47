package service

import (
	"crypto/sha256"
	"errors"
	"strconv"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/schema"
	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/internal/inorder"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/crmmsg"
	"github.com/ringmaster-ha/ringmaster/pengine/graph"
	"github.com/ringmaster-ha/ringmaster/pengine/sched"
	"github.com/ringmaster-ha/ringmaster/pengine/show"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// handler is the function of the reference that answers requests.
const handler = "handle_pecalc_request"

// ErrNoCIB is a request without a CIB.
var ErrNoCIB = errors.New("request without a CIB")

// Calculator computes transitions.
type Calculator struct {
	// Log takes what the scheduler says.
	Log loglevel.Logger
	// Dir is where inputs are kept, as replies name it.
	Dir string
	// Last is the number of a series' next input, as its LastFile says; 0 if that
	// cannot be told.
	Last func(Series) uint32

	made    int // transitions
	last    [sha256.Size]byte
	seen    bool   // there was a last
	file    string // where the last input was kept, "" if it was not
	warned  status.Warned
	columns show.Columns
}

// Outcome is what a request leads to, in this order.
type Outcome struct {
	Reply string // the document to send
	Keep  *Input // what to keep, nil if nothing
}

// Input is a CIB to keep.
type Input struct {
	Path     string
	Series   Series
	Next     uint32 // number of the input after it
	Document []byte
}

// calculation is one transition.
type calculation struct {
	ws                        *status.WorkingSet // nil if the CIB is none that can be scheduled
	graph                     []byte
	configError, configWarned bool
}

func (c *calculation) errors() bool   { return c.ws != nil && c.ws.ProcessingError }
func (c *calculation) warnings() bool { return c.ws != nil && c.ws.ProcessingWarning }

func (c *calculation) series() Series {
	switch {
	case c.errors():
		return errorSeries
	case c.warnings():
		return warnSeries
	}
	return inputSeries
}

// Calculate answers a request of the task pe_calc at a time. The request's CIB gets the
// date of its execution, as files have it.
func (c *Calculator) Calculate(request *etree.Element, now time.Time) (*Outcome, error) {
	cib := crmmsg.ContentsOf(request)
	if cib == nil {
		return nil, ErrNoCIB
	}
	digest := sha256.Sum256(text.AppendDigested(nil, cib, false))
	calc, err := c.transition(cib, now)
	if err != nil {
		return nil, err
	}
	again := false
	if calc.ws != nil {
		again = c.seen && digest == c.last
		c.last, c.seen = digest, true
	}
	series := calc.series()
	limit := series.limit(calc.ws)
	var number uint32
	switch {
	case limit == 0:
		c.file = ""
	case !again:
		number = c.Last(series)
		c.file = c.Dir + "/" + series.File(number)
	}
	reply, err := c.reply(request, calc)
	if err != nil {
		return nil, err
	}
	c.summarize(calc)
	out := &Outcome{Reply: reply}
	switch {
	case limit == 0:
		c.logf(loglevel.Debug, handler, "Not saving input to disk (disabled by configuration)")
	case again:
		c.logf(loglevel.Info, handler, "Input has not changed since last time, not saving to disk")
	default:
		cib.CreateAttr("execution-date", strconv.FormatInt(now.Unix(), 10))
		out.Keep = &Input{Path: c.file, Series: series, Next: next(number, limit), Document: text.AppendLines(nil, cib)}
	}
	return out, nil
}

func (c *Calculator) logf(level loglevel.Level, function, format string, args ...any) {
	if c.Log.Enabled(level) {
		loglevel.LogfAt(c.Log, level, function, format, args...)
	}
}

// transition schedules a CIB, which it leaves as it is.
func (c *Calculator) transition(cib *etree.Element, now time.Time) (*calculation, error) {
	calc := &calculation{}
	upgraded, ok := schema.UpdateConfigurationWith(cib, schema.Options{Explain: true})
	c.logUpgrade(upgraded.Messages, calc)
	if !ok {
		calc.graph = []byte(`<transition_graph transition_id="0" cluster-delay="0"/>`)
		return calc, nil
	}
	ws, err := status.Unpack(upgraded.CIB, status.Options{
		Now:    now,
		Clock:  now,
		Flags:  status.NoCounts | status.NoCompat | status.Daemon,
		Log:    c.Log,
		Warned: &c.warned,
	})
	if err != nil {
		return nil, err
	}
	sched.Schedule(ws)
	c.columns.LogActions(ws)
	calc.graph = line(graph.New(ws, c.made))
	c.made++
	calc.ws = ws
	calc.configError = calc.configError || ws.ConfigError
	calc.configWarned = calc.configWarned || ws.ConfigWarning
	return calc, nil
}

// line is a graph as it travels in messages.
func line(g *graph.Graph) (b []byte) {
	text := g.Text(graph.Line)
	inorder.Text(text.Pieces(), func() func([]byte, int) []byte { return text.Writer().Append }, func(piece []byte) { b = append(b, piece...) })
	return b
}

// logUpgrade says what came of the CIB on the way to a version that the scheduler knows.
func (c *Calculator) logUpgrade(messages []schema.Message, calc *calculation) {
	const function = "cli_config_update"
	for _, m := range messages {
		level := loglevel.Level(m.Level)
		switch m.Kind {
		case schema.Configuration, schema.ConfigurationLog:
			calc.configError = calc.configError || m.Level == schema.Error
			calc.configWarned = calc.configWarned || m.Level == schema.Warning
			c.logf(level, function, "%s", m.Text)
		case schema.Transforming:
			c.logf(level, function, "CIB upgrade: %s", m.Text)
		case schema.Refused:
			for _, f := range m.Faults {
				c.logf(loglevel.Error, "xml_log", "%s", f.Text)
			}
		default:
			c.logf(level, function, "%s", m.Text)
		}
	}
}

func (c *Calculator) reply(request *etree.Element, calc *calculation) (string, error) {
	e, err := crmmsg.Reply(request, handler, nil)
	if err != nil {
		return "", err
	}
	if c.file != "" {
		e.CreateAttr("crm-tgraph-in", c.file)
	}
	for _, a := range []struct {
		name string
		on   bool
	}{
		{"graph-errors", calc.errors()}, {"graph-warnings", calc.warnings()},
		{"config-errors", calc.configError}, {"config-warnings", calc.configWarned},
	} {
		value := "0"
		if a.on {
			value = "1"
		}
		e.CreateAttr(a.name, value)
	}
	return crmmsg.LineAround(e, calc.graph), nil
}

// summarize says in the log that the transition is there (pcmk__log_transition_summary).
func (c *Calculator) summarize(calc *calculation) {
	level, remark := loglevel.Notice, ""
	switch {
	case calc.errors():
		level, remark = loglevel.Error, " (with errors)"
	case calc.warnings():
		level, remark = loglevel.Warning, " (with warnings)"
	}
	if c.file != "" {
		remark += ", saving inputs in " + c.file
	}
	const function = "pcmk__log_transition_summary"
	c.logf(level, function, "Calculated transition %d%s", c.made-1, remark)
	if calc.configError {
		c.logf(loglevel.Notice, function, `Configuration errors found during scheduler processing,  please run "crm_verify -L" to identify issues`)
	}
}
