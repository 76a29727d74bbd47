package link

import (
	"net/netip"
	"time"

	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/knet/wire"
)

// Counters are a link's: struct knet_link_stats.
type Counters struct {
	TxDataPackets, RxDataPackets, TxDataBytes, RxDataBytes uint64
	TxPingPackets, RxPingPackets, TxPingBytes, RxPingBytes uint64
	TxPongPackets, RxPongPackets, TxPongBytes, RxPongBytes uint64
	TxPMTUPackets, RxPMTUPackets, TxPMTUBytes, RxPMTUBytes uint64

	TxPMTUErrors, TxPMTURetries uint32
	TxPingErrors, TxPingRetries uint32
	TxPongErrors, TxPongRetries uint32
	TxDataErrors, TxDataRetries uint32

	// Latencies are in microseconds.
	LatencyMin, LatencyMax, LatencyAve, LatencySamples uint32
	DownCount, UpCount                                 uint32
}

// TxPackets, RxPackets, TxBytes, RxBytes, TxErrors and TxRetries are totals.
func (s *Counters) TxPackets() uint64 {
	return s.TxDataPackets + s.TxPingPackets + s.TxPongPackets + s.TxPMTUPackets
}

// RxPackets is the total of all packets received.
func (s *Counters) RxPackets() uint64 {
	return s.RxDataPackets + s.RxPingPackets + s.RxPongPackets + s.RxPMTUPackets
}

// TxBytes is the total of all bytes sent.
func (s *Counters) TxBytes() uint64 {
	return s.TxDataBytes + s.TxPingBytes + s.TxPongBytes + s.TxPMTUBytes
}

// RxBytes is the total of all bytes received.
func (s *Counters) RxBytes() uint64 {
	return s.RxDataBytes + s.RxPingBytes + s.RxPongBytes + s.RxPMTUBytes
}

// TxErrors is the total of all errors in sending.
func (s *Counters) TxErrors() uint64 {
	return uint64(s.TxDataErrors) + uint64(s.TxPingErrors) + uint64(s.TxPongErrors) + uint64(s.TxPMTUErrors)
}

// TxRetries is the total of all sends that were tried again.
func (s *Counters) TxRetries() uint64 {
	return uint64(s.TxDataRetries) + uint64(s.TxPingRetries) + uint64(s.TxPongRetries) + uint64(s.TxPMTURetries)
}

// Spent counts packets and how long something took for them, in nanoseconds.
type Spent struct{ Packets, Min, Max, Ave uint64 }

func (s *Spent) add(d time.Duration) { s.addNs(int64(d)) }

func (s *Spent) addNs(ns int64) {
	v := uint64(max(ns, 0))
	s.Min, s.Max = min(s.Min, v), max(s.Max, v)
	s.Ave = (s.Ave*s.Packets + v) / (s.Packets + 1)
	s.Packets++
}

// Stats are those of all links together: struct knet_handle_stats.
type Stats struct {
	TxUncompressedPackets     uint64
	TxCompress, RxCompress    Spent
	TxCompressedOriginalBytes uint64
	TxCompressedSizeBytes     uint64
	RxCompressedOriginalBytes uint64
	RxCompressedSizeBytes     uint64
	TxCrypt, RxCrypt          Spent // TxCrypt.Packets with those that are not data
	TxCryptByteOverhead       uint64

	cryptPings, cryptPongs, cryptProbes, cryptReplies uint64
	// Dropped the reference does not count.
	Dropped Dropped
}

func (s *Stats) init() {
	*s = Stats{}
	for _, t := range []*Spent{&s.TxCompress, &s.RxCompress, &s.TxCrypt, &s.RxCrypt} {
		t.Min = ^uint64(0)
	}
}

// Dropped counts packets that were received, or were to be sent, for nothing.
type Dropped struct {
	Sealed    uint64 // not authentic
	Malformed uint64
	Stranger  uint64 // of no host or link that is configured
	Rejected  uint64 // from another address than the link's
	Early     uint64 // from a host without a link that is up
	Duplicate uint64
	NotOurs   uint64 // for another node
	Unsent    uint64 // to a host that cannot be reached
}

// Stats returns the counters of all links together.
func (c *Core) Stats() Stats {
	s := c.stats
	s.TxCrypt.Packets += s.cryptPings + s.cryptPongs + s.cryptProbes + s.cryptReplies
	s.Dropped = c.dropped
	return s
}

// Dropped returns what was dropped.
func (c *Core) Dropped() Dropped { return c.dropped }

// ClearStats sets all counters to zero, the least latency too.
func (c *Core) ClearStats() {
	c.stats.init()
	c.dropped = Dropped{}
	each := func(h *host) {
		for _, l := range h.links {
			if l != nil {
				l.stats = Counters{}
			}
		}
	}
	for _, h := range c.hosts {
		each(h)
	}
	if c.self != nil {
		each(c.self)
	}
}

// Status is the state of a link: struct knet_link_status.
type Status struct {
	Link          uint8
	Local, Remote netip.AddrPort
	Enabled       bool
	Connected     bool
	MTU           int
	Counters
}

// Links appends the states of the links to a host, this one included.
func (c *Core) Links(id totem.NodeID, list []Status) []Status {
	h := c.self
	if !c.isSelf(id) {
		if id > 0xffff {
			return list
		}
		h = c.byID[wire.HostID(id)]
	}
	if h == nil {
		return list
	}
	for _, l := range h.links {
		if l != nil {
			list = append(list, Status{
				Link: l.Link, Local: l.Local, Remote: l.Remote,
				Enabled: l.enabled, Connected: l.up, MTU: l.mtu, Counters: l.stats,
			})
		}
	}
	return list
}
