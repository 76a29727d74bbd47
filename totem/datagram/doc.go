// Package datagram sends and receives UDP datagrams in batches, without
// allocating and without waiting: what the ring's transports share.
//
// A Reader takes what waits at a socket with one recvmmsg into pooled packets; a
// Writer collects datagrams for several destinations and sends them with
// sendmmsg, in order. Where the kernel can, runs of datagrams of one length
// travel through it as one (UDP_GRO, UDP_SEGMENT).
//
// The system calls are raw: they do not wait (MSG_DONTWAIT), so the scheduler
// need not know of them, and the thread that carries the token keeps its P. A
// Reader or Writer belongs to one thread.
//
// The package knows sockets and addresses, nothing of what the datagrams say or
// which sockets a transport opens. Only totem's transports import it.
package datagram
