// Package wire is the byte level of libqb's IPC (include/qb/qbipc_common.h,
// lib/ipc_int.h): the headers in front of every message and the two messages
// that set a connection up. Numbers are in the machine's own byte order; both
// ends are on one machine.
//
// Decoders copy what they keep and reject what does not fit with an error that
// names the field. It imports nothing but the standard library.
package wire

import "encoding/binary"

// Order is the byte order of everything here.
var Order = binary.NativeEndian

// Ids that libqb keeps to itself; a service's own are not negative.
const (
	IDAuthenticate int32 = -1 // set-up, both directions
	IDDisconnect   int32 = -3 // a request that ends the connection
)

// Transport is enum qb_ipc_type as it stands in the set-up response.
type Transport int32

// The transports that libqb 2.0 still has.
const (
	Socket Transport = 0 // datagrams
	Shm    Transport = 1 // rings in shared memory
)

func (t Transport) String() string {
	switch t {
	case Socket:
		return "socket"
	case Shm:
		return "shm"
	}
	return "unknown"
}
