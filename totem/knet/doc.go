// Package knet carries the ring's datagrams over kronosnet: transport knet of
// corosync.conf(5), with several links to each host, encryption and
// compression. It is to totem/knet/link what exec/totemknet.c and libknet's
// threads are to libknet's state: sockets, the kernel's errors and log lines.
//
// A Transport belongs to one thread, the ring thread, which calls all of its
// methods. No method waits.
//
// There is one socket for each of this node's addresses, bound to the link's port
// even where no interface has the address (yet). It never lets the kernel
// fragment, so that a datagram that is too long for the way is an error, which
// the search for the path's MTU needs. ICMP errors are read from the socket's
// error queue: a host that has none listening is a link down.
//
// The ring's packets are as long as knet's can be, 65536 bytes; the links cut
// them to size.
package knet
