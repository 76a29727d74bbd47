// Package alert is what a cluster's configuration says about alerts, and the requests to the executor
// that an event comes to (the reference's lib/pengine/rules_alerts.c, lib/lrmd/lrmd_alerts.c and
// lib/common/alerts.c).
//
// Read makes a List of the CIB's section alerts: an agent once for each of its recipients, or once if
// it has none, the last in the XML first, which is the order in which agents are called. What a recipient
// says of its own (meta_attributes, instance_attributes, select) goes before what its alert says. A List
// is not changed any more; any number of goroutines may use it.
//
// The package is a core: the time is a parameter.
//
// Deviations from the reference: a recipient without a value, and a variable without a name, which no schema
// allows and which end the reference's daemons, are a recipient without a name and no variable.
package alert
