package graph

import (
	"io"
	"strconv"

	"github.com/ringmaster-ha/ringmaster/cib/text"
)

// AppendXML appends the graph as the reference writes it to files.
func (g *Graph) AppendXML(b []byte) []byte {
	w := writer{b: b}
	g.write(&w)
	return w.b
}

// WriteXML writes the graph as AppendXML has it, a piece at a time: those of big
// clusters are big. The error is the writer's.
func (g *Graph) WriteXML(to io.Writer) error {
	w := writer{to: to, b: make([]byte, 0, pieceSize+pieceSize/4)}
	g.write(&w)
	w.flush()
	return w.err
}

// pieceSize is how much is written at a time, in bytes.
const pieceSize = 1 << 16

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

// writer writes elements with two blanks a level.
type writer struct {
	b   []byte
	to  io.Writer // nil if all is kept
	err error     // the first of the writer
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
	w.b = append(w.b, indentation[:2*depth]...)
	w.b = append(w.b, '<')
	w.b = append(w.b, name...)
	for _, a := range attributes {
		w.b = append(w.b, ' ')
		w.b = append(w.b, a[0]...)
		w.b = append(w.b, '=', '"')
		w.b = text.AppendEscaped(w.b, a[1], text.Readable)
		w.b = append(w.b, '"')
	}
	if !children {
		w.b = append(w.b, '/')
	}
	w.b = append(w.b, '>', '\n')
}

func (w *writer) closeAt(depth int, name string) {
	w.b = append(w.b, indentation[:2*depth]...)
	w.b = append(w.b, '<', '/')
	w.b = append(w.b, name...)
	w.b = append(w.b, '>', '\n')
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
	w.event(s.Event)
	w.close("action_set")
	w.open("inputs", nil, len(s.Triggers) > 0)
	for _, t := range s.Triggers {
		w.openAt(3, "trigger", nil, true)
		w.openAt(4, string(t.Kind), t.Attributes, false)
		w.closeAt(3, "trigger")
	}
	if len(s.Triggers) > 0 {
		w.close("inputs")
	}
	w.close("synapse")
}

func (w *writer) event(e *Event) {
	w.openAt(3, string(e.Kind), e.Attributes, true)
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
