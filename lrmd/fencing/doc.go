// Package fencing is the executor's side of its talk with the fencer: it registers,
// removes and monitors fence devices over the service stonith-ng
// (lib/fencing/st_client.c of Pacemaker 2.1.5, as far as daemons/execd needs it).
//
// A Client connects when it is first needed, and again after it has lost the fencer; it may be used by several
// goroutines. Only the executor's shell and tests import it.
package fencing
