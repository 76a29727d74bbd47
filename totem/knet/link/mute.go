package link

import (
	"net/netip"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// What is said at most once in muteFor, since anybody can cause it.
type muteKind uint8

const (
	muteSealed muteKind = iota
	muteRejected
	muteCompress
	muteKinds
)

const muteFor = time.Second

// mute keeps one kind of line from filling the log.
type mute struct {
	until   totem.Instant
	skipped int
}

// warn says what a packet of somebody's was; format takes address, port and size.
func (c *Core) warn(now totem.Instant, k muteKind, level loglevel.Level, format string, from netip.AddrPort, size int) {
	m := &c.quiet[k]
	if now < m.until {
		m.skipped++
		return
	}
	if m.skipped > 0 {
		c.log.Logf(level, "rx: %d more packets like the following", m.skipped)
	}
	*m = mute{until: now.Add(muteFor)}
	if size > 0 {
		c.log.Logf(level, format, from.Addr(), from.Port(), size)
		return
	}
	c.log.Logf(level, format, from.Addr(), from.Port())
}

// warnErr says what ails a peer's packet.
func (c *Core) warnErr(now totem.Instant, k muteKind, format string, err error) {
	if m := &c.quiet[k]; now >= m.until {
		*m = mute{until: now.Add(muteFor)}
		c.log.Logf(loglevel.Error, format, err)
	}
}
