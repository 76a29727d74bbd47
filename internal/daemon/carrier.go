package daemon

import (
	"math/rand/v2"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/engine"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/service"
	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/pg"
)

// carrier is the Daemon as engine.Carrier. All of it is called under the
// service lock.
type carrier struct{ *Daemon }

var _ engine.Carrier = carrier{}

func (c carrier) NodeID() totem.NodeID { return c.totem.NodeID }

func (c carrier) Send(trans bool, group string, parts ...[]byte) bool {
	size := pg.GroupsSize(group)
	for _, p := range parts {
		size += len(p)
	}
	c.admission.SetTrans(trans)
	if group == engine.GroupSync {
		c.admission.Force(size)
	} else if !c.admission.Take(size) {
		return false
	}
	m := c.store.Get(size)
	m.Data = pg.AppendGroups(m.Data, group)
	for _, p := range parts {
		m.Data = append(m.Data, p...)
	}
	c.ring.Send(trans, m)
	return true
}

func (c carrier) Reserve(size int) int {
	// The group's name counts, the numbers around it do not.
	n, _, changed := c.admission.Reserve(size + len(engine.GroupServices))
	if changed {
		c.flow.apply()
	}
	return n
}

func (c carrier) Release(n int) { c.admission.Release(n) }

func (c carrier) TransAck(ring totem.RingID) {
	c.assembler.TransAck()
	c.admission.SetTrans(false)
	c.ring.TransAck(ring)
}

func (c carrier) After(d time.Duration, fn func()) service.Timer { return after(&c.mu, d, fn) }

// Now counts from the host's start, as clients that write times into the map
// do (libsam's last_updated, which the watchdog service compares with it).
func (c carrier) Now() totem.Instant { return c.booted + totem.Instant(time.Since(c.started)) }

func (c carrier) WallNow() time.Time                { return time.Now() }
func (c carrier) Rand(n int) int                    { return rand.IntN(n) }
func (c carrier) Log(subsys string) loglevel.Logger { return c.log.Logger(subsys) }
