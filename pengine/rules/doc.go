// Package rules evaluates Pacemaker's rules and unpacks the sets of names and
// values that rules stand in front of: instance_attributes, meta_attributes,
// utilization, cluster_property_set (the reference's lib/pengine/rules.c).
//
// A Document is asked for a Rule, for the Rules of an element, or for its Sets;
// each is read from XML once and may then be evaluated any number of times, for
// each node, role or operation, also from several goroutines at once, as long as
// the XML does not change. What is evaluated against stands in an Input.
//
// What the configuration gets wrong never stops anything: as in the reference, the
// expression is false (or the field of a date_spec does not restrict), and the
// Problem goes to Input.Report each time it is met.
//
// Two things that end or hang the reference do neither here: a #role expression
// without a value is false, and versions that are no numbers ("a" and "b") are
// equal.
//
// The package is a core: the current time is part of the Input. It stands below
// all other packages of pengine.
package rules
