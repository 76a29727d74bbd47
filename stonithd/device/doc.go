// Package device is a fence device as the fencer knows it: its parameters, what its agent
// can do, and from these whom it can fence, who may do it, and with which delays, limits
// and time (the reference's daemons/fenced/fenced_commands.c, as far as it is about one
// device).
//
// It runs nothing: where the answer is known only to the agent, [Device.CanFence] says
// which action to run, and [Device.Listed] and [StatusSays] read what came of it. Invariant:
// a device of which that is not known cannot fence anybody.
//
// The fencer alone is to import it. It is a pure core, and for one goroutine.
package device
