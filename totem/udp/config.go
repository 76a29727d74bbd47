package udp

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// Mode is how a multicast reaches the other processors.
type Mode uint8

const (
	// Unicast sends every multicast to each member: transport: udpu.
	Unicast Mode = iota
	// Multicast sends it to a group: transport: udp.
	Multicast
	// Broadcast sends it to 255.255.255.255: transport: udp, broadcast: yes.
	Broadcast
)

func (m Mode) String() string {
	switch m {
	case Unicast:
		return "udpu"
	case Multicast:
		return "udp multicast"
	case Broadcast:
		return "udp broadcast"
	}
	return fmt.Sprintf("mode %d", uint8(m))
}

// Member is a processor of the nodelist and the address that its node has on
// link 0.
type Member struct {
	NodeID totem.NodeID
	Addr   netip.Addr
}

// Config is what a Transport needs to know. Defaults are the business of the
// configuration's reader: no zero is replaced here but where said.
type Config struct {
	Mode   Mode
	NodeID totem.NodeID

	// BindNet is totem.interface.0.bindnetaddr, or this node's own address from
	// the nodelist.
	BindNet netip.Addr
	// Group is totem.interface.0.mcastaddr. Only Multicast uses it.
	Group netip.Addr
	// Port is totem.interface.0.mcastport. The modes of transport "udp" send
	// from Port-1.
	Port uint16
	// TTL is totem.interface.0.ttl, 0 to 255.
	TTL uint8

	// BlockUnlisted drops what comes from an address that no member has:
	// totem.block_unlisted_ips. Only Unicast heeds it, as in the reference.
	BlockUnlisted bool
	Members       []Member

	// Downcheck is how often the interface is looked at while it is down or
	// this processor is alone: totem.downcheck.
	Downcheck time.Duration
	// Merge is totem.merge: in Unicast a multicast to the active members goes
	// to the inactive ones too at least every two of it.
	Merge time.Duration

	// MTU is what status replies call the link's: totem.netmtu less all headers,
	// the protocol's too (net_mtu after all adjustments).
	MTU int

	Pool *totem.Pool
	// Wake makes the ring thread call Tick soon. It is called from another
	// goroutine.
	Wake func()
	Log  loglevel.Logger

	// Interfaces lists the host's interfaces; nil is SystemInterfaces.
	Interfaces func() ([]Interface, error)
	// Loop lets multicasts loop back to other processes of this host. The
	// reference turns that off; rings of several processes in one network
	// namespace need it.
	Loop bool
}

// check names the first field that no transport can work with.
func (c *Config) check() error {
	switch {
	case c.Mode > Broadcast:
		return fmt.Errorf("udp: mode: got %d, want %d to %d", c.Mode, Unicast, Broadcast)
	case !c.BindNet.IsValid():
		return fmt.Errorf("udp: bindnetaddr: got none, want an address")
	case c.Port == 0:
		return fmt.Errorf("udp: mcastport: got 0, want 1 to 65535")
	case c.Mode != Unicast && c.Port == 1:
		return fmt.Errorf("udp: mcastport: got 1, want 2 to 65535 as mcastport-1 is used too")
	case c.Mode == Multicast && !c.Group.IsMulticast():
		return fmt.Errorf("udp: mcastaddr: got %v, want a multicast address", c.Group)
	case c.Mode == Multicast && c.Group.Is4() != c.BindNet.Is4():
		return fmt.Errorf("udp: mcastaddr: got %v, want the address family of bindnetaddr %v", c.Group, c.BindNet)
	case c.Mode == Broadcast && !c.BindNet.Is4():
		return fmt.Errorf("udp: broadcast: got bindnetaddr %v, want an IPv4 one", c.BindNet)
	case c.Pool == nil:
		return fmt.Errorf("udp: no packet pool")
	}
	return nil
}
