package knet

import (
	"fmt"
	"net/netip"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/knet/compress"
	"github.com/ringmaster-ha/ringmaster/totem/knet/crypto"
	"github.com/ringmaster-ha/ringmaster/totem/knet/link"
)

// Member is a node on one link.
type Member struct {
	NodeID totem.NodeID
	Link   uint8
	// Local is this node's address on the link, Remote the member's; their ports
	// are the link's.
	Local, Remote netip.AddrPort
	Timers        link.Timers
}

// Config is what a Transport needs to know. Defaults are the business of the
// configuration's reader.
type Config struct {
	NodeID totem.NodeID
	Mode   link.Mode
	link.Options
	Members []Member // of all links, this node among them
	Crypto  crypto.Config
	// Compression is how messages are packed. A model that there is no library for
	// is an error of New; a level that the model does not have is logged, and
	// messages are sent as they are.
	Compression compress.Config

	Pool *totem.Pool // of packets that hold any message of the ring
	// Log is the logger of subsystem TOTEM, KnetLog that of KNET.
	Log, KnetLog loglevel.Logger
}

// PacketSize is how large the ring's packets must be, in bytes: a message's
// length, and a datagram's with all that sealing adds.
const PacketSize = 65536 + 1024

// check names the first field that no transport can work with.
func (c *Config) check() error {
	switch {
	case c.NodeID == 0 || c.NodeID > 0xffff:
		return fmt.Errorf("knet: node id: got %d, want 1 to 65535", c.NodeID)
	case c.Pool == nil || c.Pool.Size() < PacketSize:
		return fmt.Errorf("knet: packet pool: want packets of %d bytes", PacketSize)
	case c.Mode > link.RoundRobin:
		return fmt.Errorf("knet: link mode: got %d, want %d to %d", c.Mode, link.Passive, link.RoundRobin)
	}
	return compress.Supported(c.Compression.Model)
}
