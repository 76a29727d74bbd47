// Package graph makes the transition graph from a working set that package sched
// has scheduled: what the cluster's controller carries out, as Pacemaker writes it
// (lib/pacemaker/pcmk_graph_producer.c). It is data (Graph), text (Text) and a
// drawing for dot (AppendDot).
//
// A graph is a list of synapses. Each has one event, which is an action of an
// agent (rsc_op), one of the controller's own (crm_event) or a mere point in time
// (pseudo_event), and the events that it waits for. An event's number is that of
// its action.
//
// graph.go chooses actions and their inputs, event.go describes one, xml.go and dot.go
// write them down.
//
// # Invariants
//
//   - Synapses are in the reference's order: resource by resource, the newest
//     action first, then what no resource has.
//   - Making a graph completes the notifications of clones, which creates actions,
//     and drops relations that do not matter. It is done once for a working set.
//     The details of events are put together when they are asked for (Graph.Event)
//     or written: they would be a third of a scheduler's memory.
//   - An event's attributes, and a node's in them, are sorted by name.
//
// Only the tools and daemons that schedule import it.
package graph
