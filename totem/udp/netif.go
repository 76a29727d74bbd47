package udp

import (
	"net/netip"
	"time"

	"github.com/ringmaster-ha/ringmaster/totem"
)

// bindState is what the sockets are bound to.
type bindState uint8

const (
	unbound  bindState = iota // nothing yet
	regular                   // the interface
	loopback                  // the interface is down: this processor is alone with itself
)

// netif decides, from what the host's interfaces look like, when to bind, when
// to fall back to the loopback, when to look again, and what to report. It is
// the reference's timer_function_netif_check_timeout without its sockets.
//
// One thing differs: the reference closes and opens its sockets at every check
// that a lost token causes, although nothing has changed, and loses what waits
// in them; we do so only when the interface or its address has changed.
type netif struct {
	mode      Mode
	downcheck time.Duration

	state      bindState
	bound      Interface // where state is regular
	processors int
	// The reports that are due when the state is entered next; both at first.
	reportUp, reportDown bool
	next                 totem.Instant // when to look again
}

// bindAction is what a check asks for.
type bindAction uint8

const (
	bindNothing  bindAction = iota
	bindRegular             // close the sockets and open them on the interface
	bindLoopback            // close the sockets
	bindFatal               // a first look, in Unicast, found no interface
)

// firstCheck is when, after the start, the reference first looks.
const firstCheck = 100 * time.Millisecond

func newNetif(mode Mode, downcheck time.Duration) netif {
	return netif{
		mode:       mode,
		downcheck:  downcheck,
		processors: 1,
		reportUp:   true,
		reportDown: true,
		next:       totem.Never,
	}
}

// checked takes the result of one look at the interfaces. found is false where
// none matches bindnetaddr.
func (n *netif) checked(now totem.Instant, i Interface, found bool) bindAction {
	up := found && i.Up
	switch {
	case n.state == loopback && !up:
		n.next = now.Add(n.downcheck)
		return bindNothing
	case n.state == regular && up && sameInterface(n.bound, i):
		n.next = totem.Never
		if n.processors == 1 {
			n.next = now.Add(n.downcheck)
		}
		return bindNothing
	case !up && n.state == unbound && n.mode == Unicast:
		return bindFatal
	case !up:
		n.state = loopback
		n.next = now.Add(n.downcheck)
		return bindLoopback
	}
	n.state = regular
	n.bound = i
	n.next = totem.Never
	if n.processors == 1 {
		n.next = now.Add(n.downcheck)
	}
	return bindRegular
}

// report tells whether the change that checked asked for is one to log and to
// tell the machine of. The rule is the reference's netif_state_report.
func (n *netif) report() bool {
	if n.state == regular {
		if !n.reportUp {
			return false
		}
		n.reportUp, n.reportDown = false, true
		return true
	}
	due := n.reportDown
	n.reportUp, n.reportDown = true, false
	return due
}

// setProcessors is called when a ring of count processors has formed; one that
// is alone watches for its interface to go down.
func (n *netif) setProcessors(now totem.Instant, count int) {
	n.processors = count
	n.next = totem.Never
	if count == 1 {
		n.next = now.Add(n.downcheck)
	}
}

func sameInterface(a, b Interface) bool {
	return a.Index == b.Index && a.Prefix.Addr() == b.Prefix.Addr()
}

// localhost is the address that a transport whose interface is down is bound
// to.
func localhost(like netip.Addr) netip.Addr {
	if like.Is4() {
		return netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	return netip.IPv6Loopback()
}
