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

// setPacker logs what the reference finds out by packing a test buffer of 65562
// zeros (compress_cfg, compress_lib_test).
func (t *Transport) setPacker() {
	c, log := t.cfg.Compression, t.cfg.KnetLog
	with, err := compress.NewPacker(c)
	t.core.SetCompression(with)
	if c.Model == "none" {
		return
	}
	log.Logf(loglevel.Debug, "compress: Initializing compress module [%s/%d/%d]", c.Model, c.Level, c.Threshold)
	switch {
	case err != nil:
		text := err.Error()
		if errors.Is(err, compress.ErrLevel) {
			text = "Unable to compress test buffer. Please check your compression settings: Invalid argument"
		}
		log.Logf(loglevel.Error, "compress: %s", text)
		t.cfg.Log.Logf(loglevel.Error, "knet_handle_compress failed: Invalid argument (22)")
		return
	case with.Level() != c.Level:
		log.Logf(loglevel.Warning, "compress: Requested compression level (%d) did not generate any compressed data (source: 65562 destination: 65578)", c.Level)
		log.Logf(loglevel.Warning, "compress: Requested compression level (%d) did not work, switching to default (%d)", c.Level, with.Level())
	}
	if c.Threshold == 0 {
		log.Logf(loglevel.Debug, "compress: resetting compression threshold to default (%d)", compress.DefaultThreshold)
	}
}
