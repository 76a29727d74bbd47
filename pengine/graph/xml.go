package graph

import (
	"strconv"
	"sync/atomic"

	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// Form is how a graph is written.
type Form bool

// The forms of a graph.
const (
	Line  Form = false // without white space between tags, as in messages
	Lines Form = true  // each tag a line, with two blanks a level, as the reference has it in files
)

// Text is a graph as XML. It comes in pieces, which can be made in any order and, with a
// Writer for each, by several goroutines at the same time: nothing that they share changes
// any more, but for the beginnings of tags, which whoever needs one first leaves for all.
// The graph and its working set must not be touched meanwhile.
type Text struct {
	g     *Graph
	form  Form
	first []int                    // the first synapse of each piece
	tags  []atomic.Pointer[[]byte] // by the number of the action, see Writer.start
}

// pieceSize is about how long a piece is, in synapses and inputs, of 400 and 120 bytes.
const pieceSize = 1 << 10

// Text prepares the graph for being written.
func (g *Graph) Text(form Form) *Text {
	t := &Text{g: g, form: form, first: []int{0}}
	size, last := 0, 0
	for i, s := range g.Synapses {
		if size += 3 + len(s.Inputs); size > pieceSize {
			t.first, size = append(t.first, i), 0
		}
		last = max(last, s.Action.ID)
		for _, in := range s.Inputs {
			last = max(last, in.ID)
		}
		// What is put together only when it is asked for, and then kept.
		if hasParams(s.Action) {
			s.Action.Resource.Params(s.Action.Node)
		}
	}
	t.tags = make([]atomic.Pointer[[]byte], last+1)
	return t
}

// Pieces is how many there are, at least one.
func (t *Text) Pieces() int { return len(t.first) }

// Append appends all pieces.
func (t *Text) Append(b []byte) []byte {
	w := t.Writer()
	for i := range t.Pieces() {
		b = w.Append(b, i)
	}
	return b
}

// Writer makes pieces for one goroutine.
func (t *Text) Writer() *Writer {
	return &Writer{text: t, lines: t.form == Lines, describer: newDescriber(t.g.ws)}
}

// Append appends a piece, by its number from 0.
func (w *Writer) Append(b []byte, piece int) []byte {
	g, first := w.text.g, w.text.first
	w.b = b
	if piece == 0 {
		w.open("transition_graph", g.Attributes, len(g.Synapses) > 0)
	}
	end := len(g.Synapses)
	if piece+1 < len(first) {
		end = first[piece+1]
	}
	for _, s := range g.Synapses[first[piece]:end] {
		w.synapse(s)
	}
	if piece+1 == len(first) && len(g.Synapses) > 0 {
		w.close("transition_graph")
	}
	b, w.b = w.b, nil
	return b
}

// startSize is how long the beginning of an event's tag usually is at most, in bytes, and
// startRoom how many bytes are allocated for such beginnings at a time.
const (
	startSize = 1 << 9
	startRoom = 1 << 16
)

// Writer writes elements.
type Writer struct {
	text  *Text
	b     []byte
	lines bool

	describer *describer
	event     Event  // whose memory is used again
	room      []byte // for the next start
}

func (w *Writer) indent(depth int) {
	if w.lines {
		w.b = append(w.b, indentation[:2*depth]...)
	}
}

func (w *Writer) newline() {
	if w.lines {
		w.b = append(w.b, '\n')
	}
}

const indentation = "                    "

// level is the depth at which an element is, by its name.
func level(name string) int {
	switch name {
	case "transition_graph":
		return 0
	case "synapse":
		return 1
	case "action_set", "inputs":
		return 2
	}
	return 3
}

func (w *Writer) openAt(depth int, name string, attributes [][2]string, children bool) {
	w.indent(depth)
	w.b = appendTag(w.b, name, attributes)
	w.endTag(children)
}

func (w *Writer) endTag(children bool) {
	if !children {
		w.b = append(w.b, '/')
	}
	w.b = append(w.b, '>')
	w.newline()
}

// appendTag appends a tag without its end.
func appendTag(b []byte, name string, attributes [][2]string) []byte {
	b = append(b, '<')
	return appendAttributes(append(b, name...), attributes)
}

func appendAttributes(b []byte, attributes [][2]string) []byte {
	for _, a := range attributes {
		b = append(b, ' ')
		b = append(b, a[0]...)
		b = append(b, '=', '"')
		b = text.AppendEscaped(b, a[1], text.Readable)
		b = append(b, '"')
	}
	return b
}

// start is the beginning of an event's tag, which is all of it for those that wait
// for the event. It is kept: most events are waited for by several.
func (w *Writer) start(a *status.Action) []byte {
	kept := &w.text.tags[a.ID]
	if tag := kept.Load(); tag != nil {
		return *tag
	}
	w.event.Attributes = w.event.Attributes[:0]
	w.describer.identify(&w.event, a)
	if cap(w.room)-len(w.room) < startSize {
		w.room = make([]byte, 0, startRoom)
	}
	begin := len(w.room)
	w.room = appendTag(w.room, string(w.event.Kind), w.event.Attributes)
	tag := w.room[begin:len(w.room):len(w.room)]
	kept.Store(&tag)
	return tag
}

func (w *Writer) closeAt(depth int, name string) {
	w.indent(depth)
	w.b = append(w.b, '<', '/')
	w.b = append(w.b, name...)
	w.b = append(w.b, '>')
	w.newline()
}

func (w *Writer) open(name string, attributes [][2]string, children bool) {
	w.openAt(level(name), name, attributes, children)
}
func (w *Writer) close(name string) { w.closeAt(level(name), name) }

func (w *Writer) synapse(s *Synapse) {
	w.indent(level("synapse"))
	w.b = strconv.AppendInt(append(w.b, `<synapse id="`...), int64(s.ID), 10)
	if s.Priority > 0 {
		w.b = strconv.AppendInt(append(w.b, `" priority="`...), int64(s.Priority), 10)
	}
	w.b = append(w.b, '"')
	w.endTag(true)
	w.open("action_set", nil, true)
	w.action(s.Action)
	w.close("action_set")
	w.open("inputs", nil, len(s.Inputs) > 0)
	for _, in := range s.Inputs {
		w.trigger(w.start(in))
	}
	if len(s.Inputs) > 0 {
		w.close("inputs")
	}
	w.close("synapse")
}

// trigger writes an event that is waited for, by the beginning of its tag. They are most
// of a graph.
func (w *Writer) trigger(start []byte) {
	before, after := "<trigger>", "/></trigger>"
	if w.lines {
		before, after = "      <trigger>\n        ", "/>\n      </trigger>\n"
	}
	w.b = append(w.b, before...)
	w.b = append(w.b, start...)
	w.b = append(w.b, after...)
}

// action writes an event with its details.
func (w *Writer) action(a *status.Action) {
	w.indent(3)
	w.b = append(w.b, w.start(a)...)
	e := &w.event
	*e = Event{Kind: kindOf(a), Attributes: e.Attributes[:0], Parameters: e.Parameters[:0]}
	w.describer.describe(e, a)
	w.b = appendAttributes(w.b, e.Attributes)
	w.endTag(true)
	if e.Resource != nil {
		w.openAt(4, e.Resource.Tag, e.Resource.Attributes, false)
	}
	w.openAt(4, "attributes", e.Parameters, len(e.Param) > 0)
	for _, p := range e.Param {
		w.openAt(5, "param", [][2]string{{"name", p[0]}, {"value", p[1]}}, false)
	}
	if len(e.Param) > 0 {
		w.closeAt(4, "attributes")
	}
	if e.HasDowned {
		w.openAt(4, "downed", nil, true)
		for _, id := range e.Downed {
			w.openAt(5, "node", [][2]string{{"id", id}}, false)
		}
		w.closeAt(4, "downed")
	}
	if len(e.Maintenance) > 0 {
		w.openAt(4, "maintenance", nil, true)
		for _, m := range e.Maintenance {
			on := "0"
			if m.On {
				on = "1"
			}
			w.openAt(5, "node", [][2]string{{"id", m.NodeID}, {"node_in_maintenance", on}}, false)
		}
		w.closeAt(4, "maintenance")
	}
	w.closeAt(3, string(e.Kind))
}
