package wire

// The control file of the socket transport (struct ipc_us_control, thrice):
// for each of request, response and event how many messages are on their way,
// which the receiver takes off again, and a flow-control word. Clients look at
// the requests' only.
const (
	ControlRequestSent  = 0
	ControlRequestFlow  = 4
	ControlResponseSent = 8
	ControlEventSent    = 16
	ControlSize         = 24
)
