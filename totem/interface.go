package totem

import "net/netip"

// InterfaceChange is what became of the interface that the ring runs over.
type InterfaceChange uint8

const (
	// InterfaceSame: nothing.
	InterfaceSame InterfaceChange = iota
	// InterfaceUp: bound to Addr.
	InterfaceUp
	// InterfaceDown: alone with itself; Addr is the loopback's.
	InterfaceDown
	// InterfaceFailed: the ring cannot work; Err says why and is logged already.
	InterfaceFailed
)

// InterfaceEvent is a change that a transport reports.
type InterfaceEvent struct {
	Change InterfaceChange
	Addr   netip.Addr
	Err    error
}
