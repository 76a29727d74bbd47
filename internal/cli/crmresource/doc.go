// Package crmresource is crm_resource(8): it shows resources, their history and their constraints,
// changes their parameters and places, has the cluster look at them again, and runs their agents
// (the reference's tools/crm_resource*.c).
//
// Without a cluster, on a file that CIB_file names, all works that needs no daemon.
//
// # Deviations from the reference
//
// A clean-up without a cluster, by which the reference crashes, ends well. --clear --expired with both a resource and a
// node, for which the reference asks with a garbled path and removes nothing, removes what is asked for. Where
// the reference reads memory that it has given back (a parameter of several members of a group deleted at once), each
// member's own is deleted. Units of systemd are not among the agents listed.
package crmresource
