// Package evs checks logs of a ring against extended virtual synchrony: Moser,
// Amir, Melliar-Smith and Agarwal, "Extended Virtual Synchrony", Proc. 14th
// IEEE ICDCS, 1994. Each property is a function that bears the paper's name.
//
// A Checker takes events of processes one by one: a process sends a message,
// delivers one, delivers a configuration change, or crashes. Every event costs
// constant time, so that the simulator (totem/sim) can check after every step;
// a log of a real ring is read from files of JSON lines (ReadLog, CheckLogs),
// which may be fed in any order of processes.
//
// # What is checked
//
//   - BasicDelivery: what is delivered was sent, by the process that it names,
//     with the content that it was sent with; a process delivers a message once;
//     all deliver it in one configuration (or the transitional one after it).
//   - DeliveryOfConfigurationChanges: who delivers a configuration is in it; a
//     configuration has the same members for all; ring sequences grow.
//   - SelfDelivery: a process delivers its own messages, in the order in which
//     it sent them, leaving none out; in the end (Quiescent), all of them.
//   - FailureAtomicity: processes that go from one configuration to the next
//     together deliver the same messages in the first.
//   - VirtualSynchrony: what they deliver in the transitional configuration
//     between is the same too.
//   - CausalDelivery: a message comes after those that its sender had delivered
//     or sent before it.
//   - AgreedDelivery: in a configuration all deliver the same sequence, without
//     holes; in transitional ones, in an order that no two processes contradict.
//   - TransitionalConfiguration: it stands between two regular ones, holds those
//     that come along from the first to the second, and delivers only their
//     messages.
//
// Safe delivery, the paper's seventh, is not checked: corosync delivers in
// agreed order only. Two differences in terms: "send" is here the hand-over to
// the layer, which may multicast it in a later configuration, so the paper's
// rule that a message is delivered in the configuration that it was sent in is
// weakened to: all deliver it in one and the same. And a process may be a client
// that is not told of transitional configurations; then the rules for them are
// void, and holes are no violation by themselves: what such processes delivered
// between two regular configurations is compared as one list, among those that
// go from the one to the other, and for the rest as to order.
//
// # Log format
//
// One JSON object a line, one file for one process or for several; within a
// process the order of lines is the order of events.
//
//	{"proc":"1/4711","ev":"config","ring":"1.1c","members":[1,2,3]}
//	{"proc":"1/4711","ev":"config","type":"transitional","ring":"1.20","members":[1,2],"left":[3]}
//	{"proc":"1/4711","ev":"send","msg":"1/4711/1"}
//	{"proc":"1/4711","ev":"deliver","msg":"2/815/33"}
//	{"proc":"1/4711","ev":"crash"}
//
// proc is node id and a number that tells this process from others of the node:
// the pid of a client, the incarnation of a daemon. msg is the sending process
// and a count from 1 of the messages that it sent: node/process/number. ring is
// a ring id as corosync logs it, representative and sequence, both hexadecimal. type
// is "regular" when absent; left and joined may be absent. A process that is not
// told of transitional configurations gives as left the nodes that have been
// gone since the configuration before, even if they are back (a CPG client: the
// nodes of which processes left with reason CPG_REASON_NODEDOWN; an empty list
// for none); without it, what it delivered is compared with others' as to order
// only, since they may have come to the same ring by another way. A line "send" is
// written before the message is handed over; a message that is then refused must
// be tried again under the same number. "initial":true on a config says that the process
// comes into the middle of that configuration (a client that joins a group): what
// was delivered before it came is not missed. sum, on send and deliver, may
// hold a checksum of the content as a decimal number; where both have it they are compared. A file
// that ends in the middle of a line is that of a killed process: the part is
// ignored.
//
// The package is pure and may be imported by tests and the simulator.
package evs
