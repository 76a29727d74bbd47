// Package client is a connection to a service of a daemon that speaks libqb's
// IPC (lib/ipcc.c), be it written in C or in Go. The server says whether it
// goes over rings in shared memory or over datagram sockets.
//
// A Conn may be used by several goroutines: Call and Send take turns, Event has
// a turn of its own. One goroutine belongs to each Conn; it watches the set-up
// socket, whose end is the server's, and ends with Close. Coming back after the
// server's end is the caller's business.
//
// Waiting for a response over shared memory holds an operating-system thread,
// because the server announces it by a semaphore only.
package client
