// Package client asks the manager of node attributes, pacemaker-attrd, for what its
// clients want: updates, values, the removal of nodes (the reference's lib/common/ipc_attrd.c
// and attrs.c). attrd/wire has the messages.
//
// An acknowledged request has arrived and no more: the daemons carry it out in the order in which the group
// "attrd" delivers it.
//
// A Conn is for one goroutine at a time. Tools, daemons and tests import it.
package client
