package daemon

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/cfgwire"
	"github.com/ringmaster-ha/ringmaster/internal/corosyncconf"
	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/knet"
	"github.com/ringmaster-ha/ringmaster/totem/knet/compress"
	"github.com/ringmaster-ha/ringmaster/totem/knet/crypto"
	"github.com/ringmaster-ha/ringmaster/totem/knet/link"
	"github.com/ringmaster-ha/ringmaster/totem/ring"
)

// knetNetwork is transport knet as network.
type knetNetwork struct {
	d *Daemon
	t *knet.Transport // the ring thread's

	figures   linkFigures
	selfShown bool // the keys of this node's own link are there
}

// linkModes are the words of totem.link_mode, which have been checked.
var linkModes = map[string]link.Mode{"passive": link.Passive, "active": link.Active, "rr": link.RoundRobin}

func knetOptions(t *corosyncconf.Totem) link.Options {
	return link.Options{
		PMTUDInterval: time.Duration(t.Volatile.KnetPMTUDInterval) * time.Second,
		MTU:           int(t.Volatile.KnetMTU),
		ACL:           t.Volatile.BlockUnlistedIPs,
	}
}

func knetTimers(k *corosyncconf.KnetLink) link.Timers {
	return link.Timers{
		PingInterval: ms(k.PingInterval), PingTimeout: ms(k.PingTimeout), Precision: k.PingPrecision,
		PongCount: uint8(min(k.PongCount, 255)), Priority: k.Priority,
	}
}

func knetCrypto(c *corosyncconf.Crypto) crypto.Config {
	return crypto.Config{Model: c.Model, Cipher: c.Cipher, Hash: c.Hash, Key: c.Key}
}

func knetCompression(v *corosyncconf.Volatile) compress.Config {
	return compress.Config{
		Model: v.KnetCompressionModel, Threshold: int(v.KnetCompressionThreshold), Level: int(v.KnetCompressionLevel),
	}
}

// knetMembers are the given members of a link.
func knetMembers(t *corosyncconf.Totem, n int, list []corosyncconf.Member) []knet.Member {
	l := &t.Links[n]
	out := make([]knet.Member, len(list))
	for i, m := range list {
		out[i] = knet.Member{
			NodeID: m.NodeID, Link: uint8(n),
			Local:  netip.AddrPortFrom(l.Local, l.Port),
			Remote: netip.AddrPortFrom(m.Addr, l.Port),
			Timers: knetTimers(&l.Knet),
		}
	}
	return out
}

func (n *knetNetwork) config() knet.Config {
	t := n.d.totem
	c := knet.Config{
		NodeID: t.NodeID, Mode: linkModes[t.LinkMode], Options: knetOptions(t), Crypto: knetCrypto(&t.Crypto),
		Compression: knetCompression(&t.Volatile),
		Log:         n.d.log.Logger("TOTEM"), KnetLog: n.d.log.Logger("KNET"),
	}
	for i := range t.Links {
		if t.Links[i].Configured {
			c.Members = append(c.Members, knetMembers(t, i, t.Links[i].Members)...)
		}
	}
	return c
}

func (n *knetNetwork) attach(a ring.Attachment) (ring.Transport, error) {
	c := n.config()
	c.Pool = a.Pool
	var err error
	if n.t, err = knet.New(c); err != nil {
		return nil, err
	}
	n.d.stats.AddLinks(n.handleStats)
	n.show(c.Members)
	return n.t, nil
}

func (n *knetNetwork) reconfigure(c *corosyncconf.Changes) {
	t := c.Totem
	opts := knetOptions(t)
	var removed, added, kept []knet.Member
	for i := range t.Links {
		removed = append(removed, knetMembers(t, i, c.Removed[i])...)
		added = append(added, knetMembers(t, i, c.Added[i])...)
		if t.Links[i].Configured {
			kept = append(kept, knetMembers(t, i, t.Links[i].Members)...)
		}
	}
	n.hide(removed)
	n.show(added)
	packing := knetCompression(&t.Volatile)
	keys, rekey := knetCrypto(&t.Crypto), c.Crypto
	n.d.ring.Do(func(now totem.Instant) {
		for _, m := range removed {
			n.t.RemoveMember(now, m.NodeID, m.Link)
		}
		for _, m := range added {
			n.t.AddMember(now, m)
		}
		n.t.Configure(now, opts)
		n.t.SetCompression(packing)
		for _, m := range kept {
			n.t.SetTimers(m.NodeID, m.Link, m.Timers)
		}
		if rekey {
			_ = n.t.SetCrypto(keys) // it has said so
		}
	})
}

func (n *knetNetwork) cryptoPhase(phase uint32) {
	n.d.ring.Do(func(now totem.Instant) {
		switch phase {
		case cfgwire.CryptoActivate:
			n.t.Activate(now)
		case cfgwire.CryptoCleanup:
			n.t.Cleanup()
		}
	})
	if phase == cfgwire.CryptoActivate {
		n.d.ring.Unpin(false)
	}
}

// status is a digit for each node, in the order of their ids: 1 for enabled and 2
// for connected, added; n is this node (totemknet_ifaces_get).
func (n *knetNetwork) status(num int) string {
	t := n.d.totem
	var ids []totem.NodeID
	for i := range t.Links {
		for _, m := range t.Links[i].Members {
			if t.Links[i].Configured && !slices.Contains(ids, m.NodeID) {
				ids = append(ids, m.NodeID)
			}
		}
	}
	slices.Sort(ids)
	var b strings.Builder
	for _, id := range ids {
		if id == t.NodeID {
			b.WriteByte('n')
			continue
		}
		digit := byte('d')
		for _, s := range n.statuses(id) {
			if int(s.Link) == num {
				digit = '0'
				if s.Enabled {
					digit++
				}
				if s.Connected {
					digit += 2
				}
			}
		}
		b.WriteByte(digit)
	}
	return b.String()
}

func (n *knetNetwork) links(id totem.NodeID, out *cfgwire.NodeStatus) error {
	return n.d.ring.Ask(func(totem.Instant) {
		for _, s := range n.t.Links(id) {
			if !n.d.totem.Links[s.Link].Configured {
				continue
			}
			out.Links[s.Link] = cfgwire.Link{
				Enabled: s.Enabled, Connected: s.Connected, MTU: uint32(s.MTU),
				Src: s.Local.Addr().String(), Dst: s.Remote.Addr().String(),
			}
		}
	})
}
