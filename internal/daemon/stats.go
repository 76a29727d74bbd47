package daemon

import (
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/cmapsvc"
	"github.com/ringmaster-ha/ringmaster/totem/ring"
)

// figures are the ring's counters as last asked for.
type figures struct {
	at   time.Time
	ring ring.Stats
}

// figuresAge is how old the counters may be that a client is shown: a tool that
// reads all of them asks the ring's thread once.
const figuresAge = 20 * time.Millisecond

// ringStats are the ring's counters; those of its end when it has ended.
func (d *Daemon) ringStats() ring.Stats {
	if time.Since(d.figures.at) > figuresAge {
		if s, err := d.ring.Stats(); err == nil {
			d.figures = figures{at: time.Now(), ring: s}
		}
	}
	return d.figures.ring
}

// statsSource is the Daemon as cmapsvc.StatsSource.
type statsSource struct{ *Daemon }

func (s statsSource) SRP() cmapsvc.SRPStats {
	r := s.ringStats()
	return cmapsvc.SRPStats{Stats: r.SRP, ContinuousSendmsgFailures: r.Failures}
}

func (s statsSource) PG() cmapsvc.PGStats {
	return cmapsvc.PGStats{MsgQueueAvail: uint32(s.admission.Avail()), MsgReserved: uint32(s.admission.Reserved())}
}

func (s statsSource) IPC() (active, closed uint64) { return s.ipcActive, s.ipcClosed }

func (s statsSource) ClearTransport() { s.net.clearStats() }

func (s statsSource) ClearTotem() {
	s.ring.ResetStats()
	s.Daemon.figures = figures{}
}

func (s statsSource) ClearIPC() {
	s.Daemon.ipcActive, s.Daemon.ipcClosed = 0, 0
	for _, svc := range s.ipc {
		for _, c := range svc.conns {
			c.ResetStats()
			c.invalid, c.overload = 0, 0
		}
	}
}

// figures are one client's counters.
func (c *conn) figures() cmapsvc.ConnStats {
	s := c.Stats()
	return cmapsvc.ConnStats{
		Queueing: s.Queueing, Queued: s.Queued, Sent: s.Sent,
		InvalidRequest: c.invalid, Overload: c.overload, ProcName: c.procName,
		Requests: s.Requests, Responses: s.Responses, Dispatched: s.Events,
		SendRetries: s.SendRetries, RecvRetries: s.RecvRetries,
		FlowControl: s.FlowControl, FlowControlCount: s.FlowControlCount,
	}
}
