// Package client asks the executor of the node: pacemaker-execd's service lrmd (the reference's
// lib/lrmd/lrmd_client.c).
//
// A Conn is one connection. Calls are made one at a time; events have to be taken, by Event or by Drain, for
// the executor keeps what nobody takes. Any package of a daemon or tool may import it.
package client
