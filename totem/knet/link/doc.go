// Package link is transport knet without its sockets: the hosts of a cluster, up
// to eight links to each, and the way of a message over them, as libknet 1.25
// has it. Package knet is the shell around it; totem/knet/wire has the bytes,
// totem/knet/crypto the sealing.
//
// # A link
//
// A link is pinged every ping interval. The pong brings back the time of the
// ping, from which its latency is averaged over the precision's number of
// samples. A link is down at first; after one pong more than the pong count it is
// up. When no pong has come for the pong timeout, it is down again. That timeout
// is ten times as long when a link is new or has just failed, becomes shorter by
// one every second, and grows with the latency. A link that the host's kernel
// reports as unreachable is down at once.
//
//	      pong count + 1 pongs
//	down ----------------------> up
//	     <----------------------
//	      no pong in time, or an ICMP error
//
// A host can be reached while one of its links is up and has an MTU that works.
// In mode passive one link carries what goes to a host: the one with the highest
// priority of those up, with the lowest number among equals. In mode active all
// of them carry all of it, in mode rr they take turns.
//
// # A message
//
// A message to one host or to all is numbered (16 bits, 0 left out), compressed
// if that makes it shorter, cut into fragments that fit the smallest MTU of all
// links, and each fragment sealed once for all that get it. A receiver drops a
// number that it has delivered among the last 4096, so that what comes over
// several links is delivered once, and puts the fragments of up to 32 messages of
// a sender together at a time.
//
// # The MTU
//
// Each link's path MTU is searched for by probes, which their receiver answers:
// from the largest there is, which the kernel refuses and tells its own, downwards
// by halves. It is done anew every PMTUD interval, when a link comes up, when a
// datagram was too big and when the encryption changes. Until then messages are
// cut to what every network can carry.
//
// # How it is used
//
// A Core is told of datagrams, messages, time and failures; what is to be done
// about it is had from Next, in order, and must be taken before the next input.
// It reads no clock but the meter it is given, and allocates nothing for a
// packet once its pools are warm. It belongs to one thread.
//
// # Where it differs from the reference
//
//   - Pings and timeouts happen when they are due, not at the next fifth of a
//     second; the MTUs of several links are searched for at the same time.
//   - After a pause of our own, links are not taken for down before the pongs that
//     came meanwhile have been read.
//   - A fragment that does not fit the others, or that would make a message
//     longer than a message can be, is dropped with all of its message; the
//     reference trusts it.
//   - A probe is sent again every ping interval for as long as its answer may take,
//     so that one that was lost does not make a network look narrow.
//   - A knet_mtu that leaves so little room that a message could need more than
//     255 fragments is not obeyed to the last; the reference loses such messages.
//   - The answer to another probe than the last one sent is ignored.
//   - What is said about packets that strangers send is said once a second, with
//     what was left out counted.
//   - A node that has loaded the next key seals with it as soon as it hears a peer
//     do so, not only when its own turn has come, and the old one is read for ten
//     seconds more.
//   - A host is never its own peer: what the ring sends to all does not come back,
//     as the machine has dealt with it. Only the counters of the reference's
//     loopback link are kept.
package link
