package link

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/knet/crypto"
)

// Mode is how the links to a host share the work: totem.link_mode.
type Mode uint8

// The modes, numbered as KNET_LINK_POLICY_*.
const (
	Passive Mode = iota
	Active
	RoundRobin
)

func (m Mode) String() string {
	switch m {
	case Passive:
		return "passive"
	case Active:
		return "active"
	case RoundRobin:
		return "rr"
	}
	return fmt.Sprintf("mode %d", uint8(m))
}

// Config is what a Core needs to know at first.
type Config struct {
	NodeID totem.NodeID // this node; 1 to 65535
	Mode   Mode
	// Options change at run time, see Core.Configure.
	Options

	// Keys seals and opens; the Core is the only one that uses it.
	Keys *crypto.Keyring
	// Small makes packets for datagrams of usual size, Big for any message and
	// any datagram: 65536 bytes and what sealing adds.
	Small, Big *totem.Pool
	// Meter reads a clock to measure what sealing and compressing take; nil: that
	// is not measured.
	Meter func() totem.Instant
	Log   loglevel.Logger // subsystem KNET
}

// Options are what corosync.conf says of all links.
type Options struct {
	PMTUDInterval time.Duration // totem.knet_pmtud_interval
	// MTU is totem.knet_mtu: bytes on the wire, the headers of IP and UDP
	// included; 0: found out.
	MTU int
	// ACL: only who has a link's address may send over it, totem.block_unlisted_ips.
	ACL bool
}

// Timers are what corosync.conf says of one link.
type Timers struct {
	PingInterval time.Duration
	PingTimeout  time.Duration
	Precision    uint32 // samples of the latency's average
	PongCount    uint8  // pongs before a link is up, and one more
	Priority     uint8  // the highest wins in mode passive
}

// Spec is a link to a host.
type Spec struct {
	Host totem.NodeID
	Link uint8 // below wire.MaxLinks
	// Ref is the shell's own number for the link, which actions name.
	Ref           int
	Local, Remote netip.AddrPort
	Timers
}
