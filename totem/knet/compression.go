package knet

import (
	"errors"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/totem/knet/compress"
)

// SetCompression changes how messages are packed. With a configuration that
// cannot be, they are sent as they are, which is logged, as in the reference
// (totemknet_configure_compression).
func (t *Transport) SetCompression(c compress.Config) {
	if c == t.cfg.Compression {
		return
	}
	t.cfg.Compression = c
	t.setPacker()
}

func (t *Transport) setPacker() {
	with, err := compress.NewPacker(t.cfg.Compression)
	if err != nil {
		if errors.Is(err, compress.ErrLevel) {
			t.cfg.KnetLog.Logf(loglevel.Error, "compress: Unable to compress test buffer. Please check your compression settings: Invalid argument")
		} else {
			t.cfg.KnetLog.Logf(loglevel.Error, "compress: %v", err)
		}
		t.cfg.Log.Logf(loglevel.Error, "knet_handle_compress failed: Invalid argument (22)")
	}
	t.core.SetCompression(with)
}
