// Package show prints what crm_mon and crm_simulate tell of a cluster: its status (summary,
// nodes, resources of all variants, attributes, history, failures, fencing, tickets and bans,
// as far as a View has them), the summary of a transition, scores, and what a simulation
// does. Texts and their order are those
// of Pacemaker's lib/pengine/{pe_output,native,group,clone,bundle}.c and
// lib/pacemaker/pcmk_output.c.
//
// A Printer puts items into lists in one of the reference's two styles of text:
// fancy, with headings and indentation, or plain, items only; or, of a status, into
// elements of XML or of a page of HTML.
//
// # Invariants
//
//   - Printing a status changes nothing. Printing a transition's summary puts
//     actions that no node is known of on one, as in the reference: package sched
//     has done that already.
//   - Texts with dates have them in the zone of the working set's Options.Now.
package show
