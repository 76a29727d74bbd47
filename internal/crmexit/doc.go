// Package crmexit holds the numbers with which Pacemaker's programs and functions
// end, with their names and descriptions: the exit statuses (crm_exit_t), the
// results of library functions (pcmk_rc_e), the older results that crm_error
// still knows, and the way from a result to an exit status (the reference's
// lib/common/results.c). Scripts, resource agents and XML output show them.
//
// Corosync's statuses are package exitcode. Anything may import this package.
package crmexit
