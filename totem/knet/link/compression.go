package link

import (
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/knet/compress"
)

// SetCompression has messages packed from now on by with; nil: not at all.
func (c *Core) SetCompression(with *compress.Packer) { c.pack = with }

// compress packs a message in two parts. The packet is the packed one; nil if the
// message is to be sent as it is.
func (c *Core) compress(start, rest []byte) (model uint8, p *totem.Packet) {
	if c.pack == nil {
		return 0, nil
	}
	n := len(start) + len(rest)
	if c.pack.Wants(n) {
		began := c.meter()
		in, out := c.cfg.Big.Get(), c.cfg.Big.Get()
		in.Data = append(append(in.Data, start...), rest...)
		data, err := c.pack.Pack(out.Data, in.Data)
		in.Release()
		took := c.meter().Sub(began)
		if err != nil {
			c.log.Logf(loglevel.Warning, "compress: Compression failed (-1): %v", err)
		} else {
			c.stats.TxCompress.add(took)
			c.stats.TxCompressedOriginalBytes += uint64(n)
			c.stats.TxCompressedSizeBytes += uint64(len(data))
			if len(data) < n {
				out.Data = data
				return uint8(c.pack.Model()), out
			}
		}
		out.Release()
	}
	c.stats.TxUncompressedPackets++
	return 0, nil
}

// decompress returns the message that in holds packed, whose hold it takes over;
// nil if it cannot be unpacked.
func (c *Core) decompress(now totem.Instant, model uint8, in *totem.Packet) *totem.Packet {
	defer in.Release()
	out := c.cfg.Big.Get()
	began := c.meter()
	data, err := c.unpack.Unpack(out.Data, compress.Model(model), in.Data)
	took := c.meter().Sub(began)
	if err != nil {
		c.dropped.Malformed++
		c.warnErr(now, muteCompress, "compress: Unable to decompress packet (-1): %v", err)
		out.Release()
		return nil
	}
	c.stats.RxCompress.add(took)
	c.stats.RxCompressedOriginalBytes += uint64(len(data))
	c.stats.RxCompressedSizeBytes += uint64(len(in.Data))
	out.Data = data
	return out
}
