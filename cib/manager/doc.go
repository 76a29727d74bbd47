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
// A change that is acknowledged is in the CIB of every member of the group that made it, and in one that all later groups
// take, as long as changes are made in groups that have a member in common with the one before (which is what quorum is for), all
// of managers of ours: a group with a new member makes no change before all its members have
// the same CIB. For that each says to all that it sees a new group, then, when all have said so, which CIB it has; who has the
// farthest sends it, if not all have the same. What comes in between waits. As CIBs change in such groups only, each of them is an
// earlier or later one of a single course, and the one with the highest version has all. A group that only loses members has the same
// CIB already, for all that are left have seen the same messages. What has waited when the group changes again
// is sent again by its own node. Where that node is in a group without quorum then, it is made there, as what is on its way.
//
// With a manager of the reference in the group nothing waits, and the reference's rules hold: it shows itself by answering the
// ping with which a manager says that it sees a new group. Who says nothing at all, for five seconds with a change
// waiting, is not waited for any longer; that, too, is a group in which a change may be lost.
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
// changes of the group close to each other loses what was acknowledged.
//
// Managers of ours make no change in a new group before all have the same CIB (see Invariants). The reference
// makes and acknowledges it at once, on CIBs that may differ until a controller or the primary has one sent: when the group
// changes again before that, different majorities have acknowledged changes that no node has all of. A change that comes
// right after nodes have joined takes two more rounds of messages, and where CIBs differ the sending of one. One
// that waits while the group changes again may come after a later one of the same client that was on its way.
//
// A primary that finds out that a
// peer has a newer CIB asks for that too: the reference's sends its own, which is refused for being older, and
// the two stay different until something changes.
package manager
