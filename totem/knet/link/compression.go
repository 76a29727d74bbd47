package link

import (
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// Compressor makes messages shorter before they are cut.
type Compressor interface {
	// Model is the number of the method in packets; never 0.
	Model() uint8
	// Compress appends the compressed form of src to dst.
	Compress(dst, src []byte) ([]byte, error)
}

// Decompress undoes what a peer's compressor of the given model did: it appends
// to dst at most max bytes, or fails.
type Decompress func(model uint8, dst, src []byte, max int) ([]byte, error)

// compression is how messages are compressed.
type compression struct {
	with      Compressor // nil: not at all
	threshold int        // messages up to it are not
	undo      Decompress
}

// SetCompression has messages longer than threshold bytes compressed from now
// on; none if with is nil.
func (c *Core) SetCompression(with Compressor, threshold int) {
	c.comp.with, c.comp.threshold = with, threshold
}

// SetDecompress says how to read what others have compressed.
func (c *Core) SetDecompress(undo Decompress) { c.comp.undo = undo }

// compress compresses a message in two parts. The packet is the compressed one;
// nil if the message is to be sent as it is.
func (c *Core) compress(start, rest []byte) (model uint8, p *totem.Packet) {
	if c.comp.with == nil {
		return 0, nil
	}
	n := len(start) + len(rest)
	if n > c.comp.threshold {
		began := c.meter()
		in := c.cfg.Big.Get()
		in.Data = append(append(in.Data, start...), rest...)
		out := c.cfg.Big.Get()
		data, err := c.comp.with.Compress(out.Data, in.Data)
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
				return c.comp.with.Model(), out
			}
		}
		out.Release()
	}
	c.stats.TxUncompressedPackets++
	return 0, nil
}

// decompress returns the message that in holds compressed, whose hold it takes
// over; nil if it cannot be.
func (c *Core) decompress(now totem.Instant, model uint8, in *totem.Packet) *totem.Packet {
	defer in.Release()
	if c.comp.undo == nil {
		c.dropped.Malformed++
		return nil
	}
	out := c.cfg.Big.Get()
	began := c.meter()
	data, err := c.comp.undo(model, out.Data, in.Data, cap(out.Data))
	took := c.meter().Sub(began)
	if err != nil || len(data) > cap(out.Data) {
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
