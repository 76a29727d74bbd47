package notifyd

import "fmt"

// event is something to tell of.
type event interface {
	// text is the line of the log.
	text() string
	// signal is the member of the D-Bus interface, and its arguments.
	signal() (member string, args []any)
	// trap is what SNMP has for it; ok is false for nothing.
	trap() (t trap, ok bool)
}

// here is the local node, in events that happen on it.
type here struct {
	name string
	id   uint32
}

// nodeChange: a node has come or gone.
type nodeChange struct {
	name  string // its address when that has no name
	id    uint32
	addr  string
	state string // runtime.members.ID.status: joined, left
}

func (e nodeChange) text() string {
	return fmt.Sprintf("%s[%d] ip:%s %s", e.name, e.id, e.addr, e.state)
}

func (e nodeChange) signal() (string, []any) {
	return "NodeStateChange", []any{e.name, e.id, e.addr, e.state}
}

func (e nodeChange) trap() (trap, bool) {
	return trap{trapNode, []field{{objectNodeName, e.name}, {objectNodeID, e.id}, {objectNodeAddr, e.addr}, {objectNodeStatus, e.state}}}, true
}

// quorumChange: the local node has got or lost quorum.
type quorumChange struct {
	here
	quorate bool
}

func (e quorumChange) state() string {
	if e.quorate {
		return "quorate"
	}
	return "not quorate"
}

func (e quorumChange) text() string {
	if e.quorate {
		return fmt.Sprintf("%s[%d] is now quorate", e.name, e.id)
	}
	return fmt.Sprintf("%s[%d] has lost quorum", e.name, e.id)
}

func (e quorumChange) signal() (string, []any) {
	return "QuorumStateChange", []any{e.name, e.id, e.state()}
}

func (e quorumChange) trap() (trap, bool) {
	return trap{trapQuorum, []field{{objectNodeName, e.name}, {objectNodeID, e.id}, {objectQuorum, e.state()}}}, true
}

// connectionChange: a program has connected to the local daemon, or gone.
type connectionChange struct {
	here
	app       string // connection, pid and name of the program
	connected bool
}

func (e connectionChange) text() string {
	if e.connected {
		return fmt.Sprintf("%s[%d] %s is now connected to corosync", e.name, e.id, e.app)
	}
	return fmt.Sprintf("%s[%d] %s is now disconnected from corosync", e.name, e.id, e.app)
}

func (e connectionChange) signal() (string, []any) {
	state := "disconnected"
	if e.connected {
		state = "connected"
	}
	return "ConnectionStateChange", []any{e.name, e.id, e.app, state}
}

func (connectionChange) trap() (trap, bool) { return trap{}, false }

// linkChange: a link of knet to a node works or does not.
type linkChange struct {
	here
	node, link  uint32
	operational bool
}

func (e linkChange) state() string {
	if e.operational {
		return "operational"
	}
	return "disconnected"
}

func (e linkChange) text() string {
	return fmt.Sprintf("%s[%d] link %d to node %d is now %s", e.name, e.id, e.link, e.node, e.state())
}

func (e linkChange) signal() (string, []any) {
	return "QuorumStateChange", []any{e.name, e.id, e.node, e.link, e.state()}
}

func (e linkChange) trap() (trap, bool) {
	return trap{trapLink, []field{
		{objectNodeName, e.name}, {objectLocalNodeID, e.id}, {objectNodeID, e.node},
		{objectLinkNo, int(e.link)}, {objectLinkStatus, e.state()},
	}}, true
}
