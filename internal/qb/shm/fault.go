package shm

import (
	"errors"
	"runtime/debug"
)

// ErrFault is an access to shared memory that is no longer there: the other
// side has truncated the file.
var ErrFault = errors.New("shared memory has been truncated")

// Arm makes a memory fault of this goroutine a panic rather than the end of
// the process and returns what Catch needs. It costs a few nanoseconds.
func Arm() bool { return debug.SetPanicOnFault(true) }

// Catch is deferred: it undoes Arm and, when the function is ending in a fault
// at an address (not a nil pointer: that is our own bug and goes on), sets
// *err to ErrFault.
func Catch(old bool, err *error) {
	debug.SetPanicOnFault(old)
	if p := recover(); p != nil {
		// The runtime's error for a fault carries the address; that for a nil
		// pointer does not.
		if _, ok := p.(interface{ Addr() uintptr }); !ok {
			panic(p)
		}
		*err = ErrFault
	}
}
