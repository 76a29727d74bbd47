package server

import "time"

// brake refuses the multicasts of a client for which much waits in memory, so that
// it reads before it is disconnected for that (Options.MaxQueued). It is the flow
// control word of the one connection: libcpg then returns CS_ERR_TRY_AGAIN, and
// only for multicasts.
//
// It is for clients that read. One that reads nothing for Options.BrakeFor, because
// it reads only after all that it has to send, would wait for ever, and is let go on.
type brake struct {
	on   bool
	read time.Time // when the client last made room
}

// flowBraked is the word by which libqb refuses what qb_ipcc_fc_enable_max_set(2)
// was called for, libcpg's multicasts, and nothing else.
const flowBraked = 2

// brakeNow sets the brake by what waits. Precondition: c.mu is held.
func (c *Conn) brakeNow() {
	most := c.s.opts.BrakeQueued
	if c.brake.on {
		most /= 2
	} else if c.queue.bytes <= most {
		return
	}
	on := c.queue.bytes > most && time.Since(c.brake.read) < c.s.opts.BrakeFor
	if on != c.brake.on {
		c.brake.on = on
		c.publishFlow()
	}
}
