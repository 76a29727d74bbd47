// Package srp is the totem single ring protocol in corosync's dialect: who is on
// the ring, and in which order all of them deliver the same messages.
//
// It follows Amir, Moser, Melliar-Smith, Agarwal and Ciarfella, "The Totem
// Single-Ring Ordering and Membership Protocol" (1995), and where that and
// corosync 3.1.7 (exec/totemsrp.c) differ, corosync. A [Machine] is a function of
// the datagrams that it is given, the timers that it asks for and the present
// instant; what it wants done comes back as a list of [Action]. It has no
// goroutine, clock, socket or random source of its own. One loop owns it:
// totem/ring's thread in the daemon, totem/sim's world in tests.
//
// # States
//
//	          +--- token or consensus lost, foreign message, memb_join ---+
//	          v                                                           |
//	start > GATHER --- all agree --> COMMIT --- second turn --> RECOVERY -+-> OPERATIONAL
//	          ^        (commit token)   |      (commit token)      |             |
//	          +---------- token lost ---+----------- or join ------+-------------+
//
// In gather every processor multicasts memb_join with whom it has heard of (proc)
// and whom it holds for failed. Once all of proc less failed have sent the same
// lists the lowest of them sends a commit token around, which collects where each
// comes from; on its second turn all know. In recovery, those that come from the
// same ring send each other what some of them lack, as multicasts of the new ring
// with the old one's inside. When two turns show that all have everything, the
// ring is operational: the old ring's messages up to the first hole are
// delivered, then the transitional configuration, then what lies beyond holes
// from those that came along, then the regular configuration.
//
// # Order
//
// Only who has the token gives numbers to messages. Its aru tells up to where all
// have received, its list which messages are missing somewhere, its fcc and
// backlog how much of the window others use. When nothing is new for a while the
// representative keeps the token and passes it on every Hold; who has a message
// then calls with token_hold_cancel.
//
// # Invariants
//
// Built with -tags invariants the machine checks after every call that in each
// window base-1 <= aru <= high and base <= delivered+1 <= high+1, that no number
// from base to aru is missing, and that an operational machine is a member of a
// ring whose messages the regular window holds.
//
// # Where it differs from corosync
//
// On purpose, and so that a mixed ring does not notice:
//   - Our own memb_join, token_hold_cancel and, on a ring of one, token do not
//     come back from a socket: the machine does itself what their arrival does.
//   - memb_join that teaches nothing is not answered, and several that one event
//     gives rise to are sent as one. Nodes that share no ring and hold different
//     ones for failed otherwise flood each other, and never end a consensus.
//   - A pause of our own puts off the losses that it would have us see, by the time
//     in which a living ring is heard again, and only memb_join and commit tokens
//     that may be stale are dropped, not everything that the socket holds.
//   - A message is asked for again, and multicast again, only after its answer has
//     had time to arrive. A token that is held while messages are missing is held
//     for a short time that doubles, not for the whole hold timeout.
//   - Recovery has its own numbers and window: an attempt that fails leaves the old
//     ring's as they were. Its messages are kept until all are known to have them.
//   - Nodes that have the same old messages share the sending of them in recovery.
//   - The random delay of memb_join (send_join) is a timer; the goodbye has none.
//   - A count that no ring could have is refused; a number that no window could
//     hold is dropped, where the reference stops itself.
package srp
