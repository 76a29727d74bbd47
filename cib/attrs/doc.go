// Package attrs finds, sets and deletes what a CIB has as pairs of names and values:
// options of the cluster, defaults, attributes and utilization of nodes, and attributes of tickets of old
// (the reference's lib/cib/cib_attrs.c).
//
// Each function asks a CIB for what is there before it changes anything: between the two, others
// may have changed it. What is looked for is described by a [Place]; where to write what is
// not there yet follows from it by the reference's rules, down to the ids.
//
// Tools and daemons may import it.
package attrs
