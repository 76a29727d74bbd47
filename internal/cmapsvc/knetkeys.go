package cmapsvc

import (
	"fmt"
	"sync"

	"github.com/ringmaster-ha/ringmaster/internal/icmap"
	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/knet/link"
)

func u8[T any](name string, get func(*T) uint8) field[T] {
	return field[T]{name, icmap.TypeUint8, func(t *T) icmap.Value { return icmap.Uint8(get(t)) }}
}

// linkKeys are stats.knet.nodeN.linkM.*, with the reference's slip in the name of
// the total of retries, which are those of sending.
var linkKeys = sync.OnceValue(func() []field[link.Status] {
	return []field[link.Status]{
		u8("enabled", func(s *link.Status) uint8 { return uint8(bit(s.Enabled)) }),
		u8("connected", func(s *link.Status) uint8 { return uint8(bit(s.Connected)) }),
		u32("mtu", func(s *link.Status) uint32 { return uint32(s.MTU) }),
		u64("tx_data_packets", func(s *link.Status) uint64 { return s.TxDataPackets }),
		u64("rx_data_packets", func(s *link.Status) uint64 { return s.RxDataPackets }),
		u64("tx_data_bytes", func(s *link.Status) uint64 { return s.TxDataBytes }),
		u64("rx_data_bytes", func(s *link.Status) uint64 { return s.RxDataBytes }),
		u64("tx_ping_packets", func(s *link.Status) uint64 { return s.TxPingPackets }),
		u64("rx_ping_packets", func(s *link.Status) uint64 { return s.RxPingPackets }),
		u64("tx_ping_bytes", func(s *link.Status) uint64 { return s.TxPingBytes }),
		u64("rx_ping_bytes", func(s *link.Status) uint64 { return s.RxPingBytes }),
		u64("tx_pong_packets", func(s *link.Status) uint64 { return s.TxPongPackets }),
		u64("rx_pong_packets", func(s *link.Status) uint64 { return s.RxPongPackets }),
		u64("tx_pong_bytes", func(s *link.Status) uint64 { return s.TxPongBytes }),
		u64("rx_pong_bytes", func(s *link.Status) uint64 { return s.RxPongBytes }),
		u64("tx_pmtu_packets", func(s *link.Status) uint64 { return s.TxPMTUPackets }),
		u64("rx_pmtu_packets", func(s *link.Status) uint64 { return s.RxPMTUPackets }),
		u64("tx_pmtu_bytes", func(s *link.Status) uint64 { return s.TxPMTUBytes }),
		u64("rx_pmtu_bytes", func(s *link.Status) uint64 { return s.RxPMTUBytes }),
		u64("tx_total_packets", func(s *link.Status) uint64 { return s.TxPackets() }),
		u64("rx_total_packets", func(s *link.Status) uint64 { return s.RxPackets() }),
		u64("tx_total_bytes", func(s *link.Status) uint64 { return s.TxBytes() }),
		u64("rx_total_bytes", func(s *link.Status) uint64 { return s.RxBytes() }),
		u64("tx_total_errors", func(s *link.Status) uint64 { return s.TxErrors() }),
		u64("rx_total_retries", func(s *link.Status) uint64 { return s.TxRetries() }),
		u32("tx_pmtu_errors", func(s *link.Status) uint32 { return s.TxPMTUErrors }),
		u32("tx_pmtu_retries", func(s *link.Status) uint32 { return s.TxPMTURetries }),
		u32("tx_ping_errors", func(s *link.Status) uint32 { return s.TxPingErrors }),
		u32("tx_ping_retries", func(s *link.Status) uint32 { return s.TxPingRetries }),
		u32("tx_pong_errors", func(s *link.Status) uint32 { return s.TxPongErrors }),
		u32("tx_pong_retries", func(s *link.Status) uint32 { return s.TxPongRetries }),
		u32("tx_data_errors", func(s *link.Status) uint32 { return s.TxDataErrors }),
		u32("tx_data_retries", func(s *link.Status) uint32 { return s.TxDataRetries }),
		u32("latency_min", func(s *link.Status) uint32 { return s.LatencyMin }),
		u32("latency_max", func(s *link.Status) uint32 { return s.LatencyMax }),
		u32("latency_ave", func(s *link.Status) uint32 { return s.LatencyAve }),
		u32("latency_samples", func(s *link.Status) uint32 { return s.LatencySamples }),
		u32("down_count", func(s *link.Status) uint32 { return s.DownCount }),
		u32("up_count", func(s *link.Status) uint32 { return s.UpCount }),
	}
})

// handleKeys are stats.knet.handle.*; times are in nanoseconds.
var handleKeys = sync.OnceValue(func() []field[link.Stats] {
	return []field[link.Stats]{
		u64("tx_uncompressed_packets", func(s *link.Stats) uint64 { return s.TxUncompressedPackets }),
		u64("tx_compressed_packets", func(s *link.Stats) uint64 { return s.TxCompress.Packets }),
		u64("tx_compressed_original_bytes", func(s *link.Stats) uint64 { return s.TxCompressedOriginalBytes }),
		u64("tx_compressed_size_bytes", func(s *link.Stats) uint64 { return s.TxCompressedSizeBytes }),
		u64("tx_compress_time_min", func(s *link.Stats) uint64 { return s.TxCompress.Min }),
		u64("tx_compress_time_max", func(s *link.Stats) uint64 { return s.TxCompress.Max }),
		u64("tx_compress_time_ave", func(s *link.Stats) uint64 { return s.TxCompress.Ave }),
		u64("rx_compressed_packets", func(s *link.Stats) uint64 { return s.RxCompress.Packets }),
		u64("rx_compressed_original_bytes", func(s *link.Stats) uint64 { return s.RxCompressedOriginalBytes }),
		u64("rx_compressed_size_bytes", func(s *link.Stats) uint64 { return s.RxCompressedSizeBytes }),
		u64("rx_compress_time_min", func(s *link.Stats) uint64 { return s.RxCompress.Min }),
		u64("rx_compress_time_max", func(s *link.Stats) uint64 { return s.RxCompress.Max }),
		u64("rx_compress_time_ave", func(s *link.Stats) uint64 { return s.RxCompress.Ave }),
		u64("tx_crypt_time_min", func(s *link.Stats) uint64 { return s.TxCrypt.Min }),
		u64("tx_crypt_time_max", func(s *link.Stats) uint64 { return s.TxCrypt.Max }),
		u64("tx_crypt_time_ave", func(s *link.Stats) uint64 { return s.TxCrypt.Ave }),
		u64("tx_crypt_byte_overhead", func(s *link.Stats) uint64 { return s.TxCryptByteOverhead }),
		u64("tx_crypt_packets", func(s *link.Stats) uint64 { return s.TxCrypt.Packets }),
		u64("rx_crypt_time_min", func(s *link.Stats) uint64 { return s.RxCrypt.Min }),
		u64("rx_crypt_time_max", func(s *link.Stats) uint64 { return s.RxCrypt.Max }),
		u64("rx_crypt_time_ave", func(s *link.Stats) uint64 { return s.RxCrypt.Ave }),
		u64("rx_crypt_packets", func(s *link.Stats) uint64 { return s.RxCrypt.Packets }),

		// The reference has none of these.
		u64("rx_dropped_unauthentic", func(s *link.Stats) uint64 { return s.Dropped.Sealed }),
		u64("rx_dropped_malformed", func(s *link.Stats) uint64 { return s.Dropped.Malformed }),
		u64("rx_dropped_stranger", func(s *link.Stats) uint64 { return s.Dropped.Stranger }),
		u64("rx_dropped_rejected", func(s *link.Stats) uint64 { return s.Dropped.Rejected }),
		u64("rx_dropped_early", func(s *link.Stats) uint64 { return s.Dropped.Early }),
		u64("rx_dropped_duplicate", func(s *link.Stats) uint64 { return s.Dropped.Duplicate }),
		u64("rx_dropped_not_ours", func(s *link.Stats) uint64 { return s.Dropped.NotOurs }),
		u64("tx_dropped", func(s *link.Stats) uint64 { return s.Dropped.Unsent }),
	}
})

func linkPrefix(id totem.NodeID, n uint8) string {
	return fmt.Sprintf("stats.knet.node%d.link%d.", id, n)
}

// AddLink makes the keys of a knet link; get is asked for its state.
func (s *Stats) AddLink(id totem.NodeID, n uint8, get func() link.Status) {
	for _, k := range linkKeys() {
		s.add(linkPrefix(id, n)+k.name, stat{k.typ, func() icmap.Value { v := get(); return k.get(&v) }})
	}
}

// RemoveLink removes a link's keys.
func (s *Stats) RemoveLink(id totem.NodeID, n uint8) {
	for _, k := range linkKeys() {
		s.remove(linkPrefix(id, n) + k.name)
	}
}

// AddLinks makes the keys of all links together.
func (s *Stats) AddLinks(get func() link.Stats) {
	for _, k := range handleKeys() {
		s.add("stats.knet.handle."+k.name, stat{k.typ, func() icmap.Value { v := get(); return k.get(&v) }})
	}
}
