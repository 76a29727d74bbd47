// Package manager is the CIB manager: the state machine that keeps a node's CIB in step
// with those of its peers, and the answers to everybody who asks for it or changes it
// (pacemaker-based; daemons/based of Pacemaker 2.1.5). docs/wire/cib.md describes what
// managers say to their clients and to each other.
//
// A [Manager] does no I/O. What clients and peers send, who comes and goes, that a write
// to the disk has ended and that time has passed are calls of its methods; each
// returns what is to be done, in order, as [Action]s. It reads no clock and draws
// no number: the time is a parameter. One goroutine at a time may use it.
//
// # How a change happens
//
// A client's change is sent to all nodes in agreed order, its own included, and
// each does it to its own CIB when it arrives. Nodes with equal CIBs thus get equal
// CIBs. Where they are not equal, the primary (the node of the designated controller)
// finds out by comparing digests five seconds after the last change, and sends its
// CIB to whoever differs; who gets a patchset that is newer than its CIB asks for
// all of it.
//
// # Invariants
//
// The CIB is never changed, only replaced by another, to which the configuration moves when only
// the status changes. What an Action refers to stays as it is for whoever still writes it
// down. At most one write to the disk is under way, and
// while it is, later CIBs wait as one; Exit comes after the last.
//
// # Deviations from the reference
//
// There is no legacy mode: managers of Pacemaker before 1.1.12 (2014), which change the
// CIB on one node and broadcast patchsets, are asked for their CIB as there, but not joined
// in their way of working. A synchronous call is answered once; the reference answers an
// upgrade twice on the primary, and logs an assertion. A manager that stands alone makes
// changes itself; the reference sends them into the void. Who gets no messages is not
// evicted for it (see internal/pcmk/ipc). Remote clients are disconnected by a manager that ends; the
// reference's waits for them to go.
//
// A CIB that is sent says which changes it holds; who takes it makes those again that have
// come since, and compares it with its own as that was then. In the reference, changes made while a
// CIB is on its way are lost on the node that it is for, and with bad luck on all.
//
// A CIB that is sent also says how many changes have gone into it. Two CIBs with one version need not be
// the same: a change of the configuration starts num_updates anew, also on a node that
// has missed one of the status. Of two such the one with more changes stays: it is not replaced, and a
// primary that lacks some asks for it. In the reference the one that is sent wins, which with
// changes of the group close to each other loses what was acknowledged. A primary that finds out that a
// peer has a newer CIB asks for that too: the reference's sends its own, which is refused for being older, and
// the two stay different until something changes.
package manager
