package graph

import (
	"io"
	"strconv"

	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// AppendXML appends the graph as the reference writes it to files.
func (g *Graph) AppendXML(b []byte) []byte {
	w := writer{b: b, lines: true, describer: newDescriber(g.ws)}
	g.write(&w)
	return w.b
}

// AppendLine appends the graph as it travels in messages, without white space between
// tags.
func (g *Graph) AppendLine(b []byte) []byte {
	w := writer{b: b, describer: newDescriber(g.ws)}
	g.write(&w)
	return w.b
}

// WriteXML writes the graph as AppendXML has it, a piece at a time: those of big
// clusters are big. The error is the writer's.
func (g *Graph) WriteXML(to io.Writer) error {
	w := writer{describer: newDescriber(g.ws), to: to, lines: true, b: make([]byte, 0, pieceSize+pieceSize/4)}
	g.write(&w)
	w.flush()
	return w.err
}

// pieceSize is how much is written at a time, in bytes.
const pieceSize = 1 << 16

// startSize is how long the beginning of an event's tag usually is at most, in bytes.
const startSize = 1 << 9

func (g *Graph) write(w *writer) {
	w.open("transition_graph", g.Attributes, len(g.Synapses) > 0)
	for _, s := range g.Synapses {
		w.synapse(s)
		if w.to != nil && len(w.b) >= pieceSize {
			w.flush()
		}
	}
	if len(g.Synapses) > 0 {
		w.close("transition_graph")
	}
}

// writer writes elements.
type writer struct {
	b     []byte
	lines bool      // each tag a line, with two blanks a level
	to    io.Writer // nil if all is kept
	err   error     // the first of the writer

	describer *describer
	event     Event    // whose memory is used again
	starts    [][]byte // see start
	room      []byte   // for the next of starts
}

func (w *writer) indent(depth int) {
	if w.lines {
		w.b = append(w.b, indentation[:2*depth]...)
	}
}

func (w *writer) newline() {
	if w.lines {
		w.b = append(w.b, '\n')
	}
}

func (w *writer) flush() {
	if w.err == nil {
		_, w.err = w.to.Write(w.b)
	}
	w.b = w.b[:0]
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

func (w *writer) openAt(depth int, name string, attributes [][2]string, children bool) {
	w.indent(depth)
	w.b = appendTag(w.b, name, attributes)
	w.endTag(children)
}

func (w *writer) endTag(children bool) {
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
func (w *writer) start(a *status.Action) []byte {
	if missing := a.ID + 1 - len(w.starts); missing > 0 {
		w.starts = append(w.starts, make([][]byte, missing)...)
	}
	if w.starts[a.ID] == nil {
		w.event.Attributes = w.event.Attributes[:0]
		w.describer.identify(&w.event, a)
		if cap(w.room)-len(w.room) < startSize {
			w.room = make([]byte, 0, pieceSize)
		}
		begin := len(w.room)
		w.room = appendTag(w.room, string(w.event.Kind), w.event.Attributes)
		w.starts[a.ID] = w.room[begin:len(w.room):len(w.room)]
	}
	return w.starts[a.ID]
}

func (w *writer) closeAt(depth int, name string) {
	w.indent(depth)
	w.b = append(w.b, '<', '/')
	w.b = append(w.b, name...)
	w.b = append(w.b, '>')
	w.newline()
}

func (w *writer) open(name string, attributes [][2]string, children bool) {
	w.openAt(level(name), name, attributes, children)
}
func (w *writer) close(name string) { w.closeAt(level(name), name) }

func (w *writer) synapse(s *Synapse) {
	attributes := [][2]string{{"id", strconv.Itoa(s.ID)}}
	if s.Priority > 0 {
		attributes = append(attributes, [2]string{"priority", strconv.Itoa(s.Priority)})
	}
	w.open("synapse", attributes, true)
	w.open("action_set", nil, true)
	w.action(s.Action)
	w.close("action_set")
	w.open("inputs", nil, len(s.Inputs) > 0)
	for _, in := range s.Inputs {
		w.openAt(3, "trigger", nil, true)
		w.indent(4)
		w.b = append(w.b, w.start(in)...)
		w.endTag(false)
		w.closeAt(3, "trigger")
	}
	if len(s.Inputs) > 0 {
		w.close("inputs")
	}
	w.close("synapse")
}

// action writes an event with its details.
func (w *writer) action(a *status.Action) {
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
