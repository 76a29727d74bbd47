package evs

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/ringmaster-ha/ringmaster/totem"
)

// line is one line of a log file; see the package comment.
type line struct {
	Proc    string         `json:"proc"`
	Ev      string         `json:"ev"`
	Msg     string         `json:"msg,omitempty"`
	Sum     uint64         `json:"sum,omitempty"`
	Type    string         `json:"type,omitempty"`
	Ring    string         `json:"ring,omitempty"`
	Members []totem.NodeID `json:"members,omitempty"`
	Left    []totem.NodeID `json:"left,omitzero"`
	Joined  []totem.NodeID `json:"joined,omitzero"`
	Initial bool           `json:"initial,omitempty"`
}

// lineMax bounds a line of a log, in bytes.
const lineMax = 1 << 20

// AppendLog appends one event as a line of a log.
func AppendLog(b []byte, e Event) []byte {
	l := line{Proc: e.Proc.String(), Sum: e.Sum}
	switch e.Kind {
	case Send:
		l.Ev, l.Msg = "send", e.Msg.String()
	case Deliver:
		l.Ev, l.Msg = "deliver", e.Msg.String()
	case Configure:
		c := e.Config
		l.Ev, l.Ring, l.Members, l.Left, l.Joined, l.Initial = "config", c.Ring.String(), c.Members, c.Left, c.Joined, c.Initial
		if c.Type == totem.Transitional {
			l.Type = "transitional"
		}
	case Crash:
		l.Ev = "crash"
	}
	j, err := json.Marshal(l)
	if err != nil { // a struct of strings and numbers cannot fail
		panic(err)
	}
	return append(append(b, j...), '\n')
}

// ReadLog reads a log. An error names the line.
func ReadLog(r io.Reader) ([]Event, error) {
	var out []Event
	br := bufio.NewReader(r)
	for n := 1; ; n++ {
		b, err := readLine(br)
		if errors.Is(err, io.EOF) {
			return out, nil // also where the last line has no end
		}
		if err != nil {
			return out, fmt.Errorf("line %d: %w", n, err)
		}
		if b = bytes.TrimSpace(b); len(b) == 0 {
			continue
		}
		e, err := parseLine(b)
		if err != nil {
			return out, fmt.Errorf("line %d: %w", n, err)
		}
		out = append(out, e)
	}
}

func readLine(r *bufio.Reader) ([]byte, error) {
	var b []byte
	for {
		part, err := r.ReadSlice('\n')
		b = append(b, part...)
		switch {
		case err == nil:
			return b, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		case len(b) > lineMax:
			return nil, fmt.Errorf("longer than %d bytes", lineMax)
		}
	}
}

func parseLine(b []byte) (Event, error) {
	var l line
	if err := json.Unmarshal(b, &l); err != nil {
		return Event{}, err
	}
	e := Event{Sum: l.Sum}
	var err error
	if e.Proc, err = parseProc(l.Proc); err != nil {
		return Event{}, fmt.Errorf("proc: %w", err)
	}
	switch l.Ev {
	case "send", "deliver":
		e.Kind = Send
		if l.Ev == "deliver" {
			e.Kind = Deliver
		}
		if e.Msg, err = parseMsgID(l.Msg); err != nil {
			return Event{}, fmt.Errorf("msg: %w", err)
		}
	case "config":
		e.Kind = Configure
		cfg := &Config{Members: l.Members, Left: l.Left, Joined: l.Joined, Initial: l.Initial}
		cfg.Lists = l.Left != nil || l.Joined != nil
		if cfg.Ring, err = parseRing(l.Ring); err != nil {
			return Event{}, fmt.Errorf("ring: %w", err)
		}
		switch strings.ToLower(l.Type) {
		case "", "regular":
		case "transitional":
			cfg.Type = totem.Transitional
		default:
			return Event{}, fmt.Errorf("type: %q, want regular or transitional", l.Type)
		}
		e.Config = cfg
	case "crash":
		e.Kind = Crash
	default:
		return Event{}, fmt.Errorf("ev: %q, want config, send, deliver or crash", l.Ev)
	}
	return e, nil
}

// CheckLogs checks the logs of processes, each the result of ReadLog. Events of
// a process are in order within one log and from one log to the next.
func CheckLogs(logs ...[]Event) (*Checker, error) {
	c := New()
	c.offline = true
	byProc := map[Proc][]Event{}
	var procs []Proc
	for _, log := range logs {
		for _, e := range log {
			if _, ok := byProc[e.Proc]; !ok {
				procs = append(procs, e.Proc)
			}
			byProc[e.Proc] = append(byProc[e.Proc], e)
		}
	}
	for _, id := range procs {
		c.foresee(byProc[id])
	}
	for _, id := range procs {
		for i, e := range byProc[id] {
			if err := c.Add(e); err != nil {
				return c, fmt.Errorf("event %d of %v: %w", i+1, id, err)
			}
		}
	}
	return c, c.Finish()
}

// foresee notes where a process was when it sent its messages, so that
// causality can be checked when the others' deliveries come first.
func (c *Checker) foresee(log []Event) {
	var reg *configuration
	var at *message
	for _, e := range log {
		switch e.Kind {
		case Configure:
			if at = nil; e.Config.Type == totem.Regular {
				reg = c.configuration(e.Config.Ring)
			}
		case Deliver:
			if reg != nil {
				at = c.message(e.Msg)
			}
		case Send:
			m := c.message(e.Msg)
			m.sent, m.sum, m.sReg, m.sAt = true, e.Sum, reg, at
		}
	}
}
