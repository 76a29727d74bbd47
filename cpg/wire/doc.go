// Package wire holds the messages of closed process groups: those that the CPG
// services of the nodes send each other over the ring (exec/cpg.c) and those
// between a node's CPG service and its clients (ipc_cpg.h).
//
// Ring messages are C structures in the sender's byte order, which the layer
// below finds out; their parsers and AppendTo take it. IPC messages are always
// native, between programs of one machine.
//
// Every Parse function takes a whole message, header included, and answers what
// is malformed with an error that names the field. Names and payloads of a
// parsed message that are []byte alias the input; strings are copies. AppendTo
// appends the whole message, header included, with zeros for padding.
//
// The package imports nothing but the layout helpers of internal/mar and
// numbers of internal/service and totem; the service (cpg/engine) and the
// client (cpg) stand on it.
package wire
