// Package pload is corosync's load generator (exec/pload.c), a service without
// clients: once the key pload.start holds a certain sentence, every node of the
// ring sends pload.count messages of pload.size bytes as fast as the ring takes
// them, says how long that took, and ends.
//
// The Engine is a core without I/O.
package pload

import (
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/exitcode"
	"github.com/ringmaster-ha/ringmaster/internal/icmap"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/mar"
	"github.com/ringmaster-ha/ringmaster/internal/service"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// Messages on the ring: enum pload_exec_message_req_types.
const (
	execStart = iota // count at 16, size at 20, 32 bits each
	execLoad         // nothing but length
	execCount
)

// sentence is what pload.start must hold.
const sentence = "i_totally_understand_pload_will_crash_my_cluster_and_kill_corosync_on_exit"

const (
	defaultCount = 1500000
	defaultSize  = 300
)

// pause before the ring is offered more, once its queue was full.
const pause = time.Millisecond

// Engine is the service; New makes it.
type Engine struct {
	service.Idle
	host   service.Host
	config *icmap.Map
	log    loglevel.Logger
	exit   func(exitcode.Code)

	running                 bool
	wanted, sent, delivered uint32
	size                    uint32
	body                    []byte
	began                   totem.Instant
	malformed               uint64
}

var _ service.Engine = (*Engine)(nil)

// New makes the service. exit ends the daemon without ceremony.
func New(host service.Host, config *icmap.Map, exit func(exitcode.Code)) *Engine {
	e := &Engine{host: host, config: config, log: host.Log("PLOAD"), exit: exit}
	config.Track("pload.", icmap.AllEvents, true,
		func(icmap.Event, string, icmap.Value, icmap.Value) { e.readConfig() })
	return e
}

// Info describes the service.
func (e *Engine) Info() service.Info {
	return service.Info{
		ID: service.Pload, Name: "corosync profile loading service",
		Priority: 1, ExecCount: execCount,
	}
}

// readConfig starts on demand; never by itself.
func (e *Engine) readConfig() {
	count, size := uint32(defaultCount), uint32(defaultSize)
	if v, err := e.config.GetUint32("pload.count"); err == nil {
		count = v
	}
	if v, err := e.config.GetUint32("pload.size"); err == nil {
		size = v
	}
	if size > totem.MessageSizeMax {
		size = totem.MessageSizeMax
		e.log.Logf(loglevel.Warning, "pload size limited to %d", size)
	}
	if start, err := e.config.GetString("pload.start"); e.running || err != nil || start != sentence {
		return
	}
	e.log.Logf(loglevel.Warning, "Starting pload!")
	e.host.Mcast(service.Pload, execStart, mar.NewWriter(nil, service.Order).U32(count).U32(size).Buf())
}

// Deliver takes a message from the ring.
func (e *Engine) Deliver(_ totem.NodeID, fn int, msg []byte, order mar.ByteOrder) {
	if fn == execLoad {
		e.count()
		return
	}
	r := mar.NewReader(msg, order)
	r.Bytes("header", service.HeaderSize)
	count, size := r.U32("msg_count"), r.U32("msg_size")
	if r.Err() != nil || size > totem.MessageSizeMax {
		e.malformed++
		return
	}
	if e.running {
		return
	}
	e.running, e.wanted, e.size = true, count, size
	if size > service.HeaderSize {
		e.body = make([]byte, size-service.HeaderSize)
	}
	e.send()
}

func (e *Engine) send() {
	for e.sent < e.wanted {
		if !e.host.Mcast(service.Pload, execLoad, e.body) {
			e.host.After(pause, e.send)
			return
		}
		e.sent++
	}
}

// count tells the result with the last message.
func (e *Engine) count() {
	if e.delivered == 0 {
		e.began = e.host.Now()
	}
	if e.delivered++; e.delivered != e.wanted {
		return
	}
	sec := e.host.Now().Sub(e.began).Seconds()
	n := float64(e.delivered)
	e.log.Logf(loglevel.Notice, "%5d Writes %d bytes per write %7.3f seconds runtime, %9.3f TP/S, %9.3f MB/S.",
		e.delivered, e.size, sec, n/sec, n*float64(e.size)/sec/(1024*1024))
	e.log.Logf(loglevel.Warning, "Stopping corosync the hard way")
	e.exit(exitcode.Pload)
}

// Malformed is how many ring messages could not be read.
func (e *Engine) Malformed() uint64 { return e.malformed }
