// Package wire has the messages of the cmap service: those between a client
// and its daemon (include/corosync/ipc_cmap.h of the reference), and the one
// between the daemons (exec/cmap.c). docs/wire/cmap.md describes them.
//
// Clients and daemon are on one machine, so their messages are in its byte
// order; that between daemons is in the sender's. Nothing is kept of the input
// but where a comment says so. A decoder rejects what is too short or says
// lengths that do not fit, with an error that names the field.
package wire
