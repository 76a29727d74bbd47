// Package schedulerd is pacemaker-schedulerd: it offers the service "pengine" and answers
// each CIB with the transition that the cluster shall make
// (daemons/schedulerd/pacemaker-schedulerd.c of Pacemaker 2.1.5). pengine/service has what
// it answers, internal/pcmk/ipc how.
//
// Deviations from the reference: the reply is sent before the input is saved, so that
// nobody waits for compression and disk; an input is complete in its file or not there
// at all; and where the service is taken, the exit status is the one that keeps
// pacemakerd from trying again, as the reference's message says, where the reference
// itself is ended by an assertion in libqb.
package schedulerd
