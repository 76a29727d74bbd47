// Package ring is the shell of totem: one locked thread that carries the token,
// and the queues between it and the rest of the daemon.
//
//	clients -> services -> Send ----> inbox --> pg.Packer \
//	                                                       srp.Machine <-> Transport
//	clients <- services <- Next <---- events <------------/
//
// # The ring thread
//
// It alone owns the machine, the packer and the transport. It sleeps in ppoll
// until a datagram, a note in its inbox or the earliest deadline is there, lets
// the machine decide, and carries out the actions: what one token visit sends
// leaves in as few system calls as the kernel takes, the token last.
//
// It never waits for anybody. It takes no lock that another goroutine of the
// program can hold for longer than a few instructions, reads and writes no file,
// and allocates nothing per packet. Messages and calls reach it by a lock-free
// list; what it has for the services goes into a lock-free queue; the ring id is
// written by a goroutine of its own, of which only the latest value matters; the
// causes of its pauses are looked up by another one.
//
// A message that another goroutine sends wakes the thread only when the ring
// rests with the token held. While the token goes round, the next visit fetches
// what has come. Requests of clients can be taken by the thread itself, between
// two packets (SetRequests): so a message is there when the token comes, not one
// turn later.
//
// # When clients send many messages
//
// A turn of the token costs each node a wake-up and three or four system calls,
// however little it carries. While clients send several messages a turn, the
// ring is therefore kept from turning faster than every 250 microseconds unless
// there is a good deal to send (pace.go), and requests are fetched when the token
// is here, not one by one as they come. On three nodes that share two CPUs that
// made 64-byte messages cost 3 to 6 instead of 8 to 13 microseconds of CPU on each
// node. A message alone sees nothing of it.
//
// # When the services lag
//
// Totem delivers what all senders send; a processor that takes long to deliver
// slows the ring down in the reference, because the token waits until it is
// done. Here delivery is another goroutine's work and the token would run away
// from it, so the ring pushes back by itself. When more than BacklogMax bytes of
// events wait for Next, no new messages of this processor are sent, but for
// those of a synchronisation, which the services need to get on. When more than
// twice as many wait, a token that arrives is kept for up to a quarter of the
// token retransmit timeout, or until the receiver has caught up: all senders
// together then send at most a window per that time. The thread goes on with
// everything else meanwhile; nobody waits but the token.
//
// # What the ring needs of the Go runtime
//
// A sleeping thread has no P. When it wakes it takes its last P back, else any
// idle one; if all are busy it queues behind every runnable goroutine, up to
// 10 ms for each, and its real-time priority does not help. The program must
// keep GOMAXPROCS above the number of goroutines that compute at the same time:
// then the kernel decides who gets a CPU, and the ring thread comes first.
// BenchmarkStall shows it: with 100 computing goroutines on two busy CPUs the
// token stood still for 2 to 5 s with 2 or 6 Ps, and for 0.1 s with 128.
// Goroutines that serve clients do little at a time and mostly wait, so that a
// few Ps more than CPUs are enough where no goroutine computes for long; a
// program that lets clients make it compute bounds how many do so at once.
//
// Before a sleep that is expected to be long the thread gives its P away (sleep.go),
// or the runtime's watchdog would wake some twenty times to take it: on an idle ring
// that was two thirds of what the daemon cost.
//
// System calls that do not wait (recvmmsg, sendmmsg) are raw: the P stays.
//
// The collector stops the world for tens of microseconds, but first waits until
// every running thread has noticed, and on a host that is short of CPU, or whose
// CPUs real-time threads of other processes keep, a thread without priority takes
// its time to notice: the ring thread was seen to stand still for a second. So
// collections must be rare: a high GC percentage (1000, say) rather than the
// default of 100, with which a small heap is collected every few milliseconds
// under load. With eight Ps, 1000 per cent and fifty threads in the queue for two
// CPUs, timers of a ring under load were 0.1 ms late at most and no work took
// longer than 27 ms. A negative nice value for the whole process, which is not
// real-time priority, helps further where it is allowed.
//
// # Invariants
//
//   - Events come in the order of the machine's actions. Each Deliver holds its
//     packet once, for the receiver.
//   - TransAck is ignored when a newer configuration has come.
//   - The ring id file holds, at any time and after any crash, a number that was
//     stored, never a part of one.
//   - Only the ring thread has real-time priority.
package ring
