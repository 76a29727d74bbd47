package daemon

import (
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/corosyncconf"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/knet"
	"github.com/ringmaster-ha/ringmaster/totem/ring"
	"github.com/ringmaster-ha/ringmaster/totem/srp"
	"github.com/ringmaster-ha/ringmaster/totem/wire"
)

// packetSlack is the room in a packet buffer beyond netmtu, for a recovery
// message, which carries another's header inside its own.
const packetSlack = 2 * wire.McastLen

func ms(v uint32) time.Duration { return time.Duration(v) * time.Millisecond }

// protocolConfig is what the single ring protocol takes from the configuration.
func protocolConfig(t *corosyncconf.Totem, log loglevel.Logger) srp.Config {
	v := &t.Volatile
	return srp.Config{
		NodeID:                      t.NodeID,
		Token:                       ms(v.Token),
		TokenWarning:                int(v.TokenWarning),
		TokenRetransmit:             ms(v.TokenRetransmit),
		TokenRetransmitsBeforeLoss:  int(v.RetransmitsBeforeLoss),
		Hold:                        ms(v.Hold),
		Join:                        ms(v.Join),
		SendJoin:                    ms(v.SendJoin),
		Consensus:                   ms(v.Consensus),
		Merge:                       ms(v.Merge),
		Downcheck:                   ms(v.Downcheck),
		FailToRecvConst:             int(v.FailRecvConst),
		SeqnoUnchangedConst:         int(v.SeqnoUnchangedConst),
		WindowSize:                  int(v.WindowSize),
		MaxMessages:                 int(v.MaxMessages),
		MissCountConst:              int(v.MissCountConst),
		CancelTokenHoldOnRetransmit: v.CancelTokenHoldOnRetransmit,
		MaxNetworkDelay:             ms(v.MaxNetworkDelay),
		HeartbeatFailuresAllowed:    int(v.HeartbeatFailuresAllowed),
		Threads:                     int(t.Threads),
		NetMTU:                      int(t.NetMTU),
		Rand:                        rand.IntN,
		Log:                         log,
	}
}

// payloadMTU is the room for payload in one packet.
func payloadMTU(t *corosyncconf.Totem) int { return int(t.NetMTU) - 2*wire.McastLen }

// packetSize is what the ring's packets hold.
func packetSize(t *corosyncconf.Totem) int {
	if t.Transport == corosyncconf.Knet {
		return knet.PacketSize
	}
	return int(t.NetMTU) + packetSlack
}

// ringConfig puts the ring's configuration together.
func (d *Daemon) ringConfig() ring.Config {
	t := d.totem
	log := d.log.Logger("TOTEM")
	var refused func()
	if d.privileges.cgroup == rootCgroupAuto {
		refused = func() { moveToRootCgroup("", d.main) }
	}
	return ring.Config{
		SRP:        protocolConfig(t, log),
		Transport:  d.net.attach,
		PayloadMTU: payloadMTU(t),
		PacketSize: packetSize(t),
		Admission:  d.admission,
		StateDir:   d.stateDir,
		RealTime:   d.privileges.realtime,
		Refused:    refused,
		Eager:      eager{d},
		Log:        d.log.Logger("MAIN"),
	}
}

// addresses are a node's, by link, as the nodelist has them.
func (d *Daemon) addresses(id totem.NodeID) []netip.Addr {
	var out []netip.Addr
	for i := range d.totem.Links {
		if !d.totem.Links[i].Configured {
			continue
		}
		for _, m := range d.totem.Links[i].Members {
			if m.NodeID == id {
				out = append(out, m.Addr)
			}
		}
	}
	return out
}
