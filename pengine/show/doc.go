// Package show prints what crm_simulate tells of a cluster: its status (node list,
// resources of all variants, node attributes, fail counts), the summary of a
// transition, scores, and what a simulation does. Texts and their order are those
// of Pacemaker's lib/pengine/{pe_output,native,group,clone,bundle}.c and
// lib/pacemaker/pcmk_output.c.
//
// A Printer puts items into lists in one of the reference's two styles of text:
// fancy, with headings and indentation, or plain, items only.
//
// # Invariants
//
//   - Printing a status changes nothing. Printing a transition's summary puts
//     actions that no node is known of on one, as in the reference: package sched
//     has done that already.
//   - Texts with dates have them in the zone of the working set's Options.Now.
package show
