// Package history writes the result of an operation into a resource's history, the
// lrm_rsc_op entries of a CIB's status section: which entry, under which id, with which
// attributes in which order (pcmk__create_history_xml of
// lib/pacemaker/pcmk_sched_actions.c of Pacemaker 2.1.5).
//
// A controller writes what its executor reports, a transitioner what it gives up
// waiting for. Nodes compare their CIBs, so that all have to write alike.
//
// It is a function of its arguments. Reading a history is package status's.
package history
