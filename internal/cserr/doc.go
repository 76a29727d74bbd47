// Package cserr has the error codes that travel between the Corosync daemon
// and its client libraries: cs_error_t of the reference's corotypes.h, their
// texts as cs_strerror gives them, and how system errors map onto them.
//
// A Code is an error, so that an engine can return it, a client can compare it
// with errors.Is and a tool can print it. OK is a Code too, because it is what
// the wire carries, but it must never be returned as an error: use Code.Err.
//
// The package depends on nothing but the standard library; everything may
// import it.
package cserr
