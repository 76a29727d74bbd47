package cmapsvc

import (
	"fmt"

	"github.com/ringmaster-ha/ringmaster/cmap/wire"
	"github.com/ringmaster-ha/ringmaster/internal/icmap"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/mar"
	"github.com/ringmaster-ha/ringmaster/internal/service"
	"github.com/ringmaster-ha/ringmaster/totem"
)

const configVersionKey = "totem.config_version"

// Engine is the cmap service of one node.
type Engine struct {
	host     service.Host
	log      loglevel.Logger
	config   *icmap.Map
	stats    *Stats
	shutdown func()

	version      uint64 // our totem.config_version
	highest      uint64 // the highest of all members at this synchronisation
	alone        bool   // nobody came along from the old configuration
	synchronised bool   // with others, once in this process's life
	malformed    uint64
	versionTrack *icmap.Tracker
}

// New makes the service. shutdown is called when this node must not go on
// because of its config version; it asks the daemon to end, in order and later.
func New(host service.Host, config *icmap.Map, stats *Stats, shutdown func()) *Engine {
	e := &Engine{host: host, log: host.Log("CMAP"), config: config, stats: stats, shutdown: shutdown}
	e.versionTrack = config.Track(configVersionKey, icmap.AllEvents, false, func(icmap.Event, string, icmap.Value, icmap.Value) {
		e.version = e.ownVersion()
		if !e.announce(wire.ReasonNewConfigVersion) {
			e.log.Logf(loglevel.Error, "Can't inform other nodes about new config version")
		}
	})
	return e
}

// Info implements service.Engine.
func (e *Engine) Info() service.Info {
	requests := make([]service.Request, wire.ReqCount)
	for i := range requests {
		requests[i].MinSize = wire.MinSizes[i]
	}
	return service.Info{
		ID: service.CMAP, Name: "corosync configuration map access", IPC: "cmap",
		Priority: 1, AllowInquorate: true, Requests: requests, ExecCount: 1,
	}
}

// Malformed is how many messages of other nodes made no sense.
func (e *Engine) Malformed() uint64 { return e.malformed }

func (e *Engine) ownVersion() uint64 {
	v, _ := e.config.GetUint64(configVersionKey) // 0 without one
	return v
}

// announce sends our config version.
func (e *Engine) announce(reason wire.Reason) bool {
	v, _ := e.config.Get(configVersionKey)
	m := wire.Mcast{Reason: reason, Items: []wire.Item{{Key: configVersionKey, Value: v}}}
	return e.host.Mcast(service.CMAP, wire.ExecMcast, m.AppendTo(nil))
}

// Deliver implements service.Engine.
func (e *Engine) Deliver(from totem.NodeID, _ int, msg []byte, order mar.ByteOrder) {
	m, err := wire.ParseMcast(msg, order)
	if err != nil {
		e.malformed++
		e.log.Logf(loglevel.Warning, "Received malformed mcast from node %d: %v", from, err)
		return
	}
	if m.Reason != wire.ReasonSync && m.Reason != wire.ReasonNewConfigVersion {
		e.log.Logf(loglevel.Trace, "Received mcast with unknown reason %d", m.Reason)
		return
	}
	var version uint64
	for _, it := range m.Items {
		if it.Key == configVersionKey && it.Value.Type() == icmap.TypeUint64 {
			version, _ = it.Value.Uint()
			break
		}
	}
	e.log.Logf(loglevel.Trace, "Received config version %d from node %d", version, from)
	if from != e.host.NodeID() && version > e.highest {
		e.highest = version
	}
	if err := e.config.SetUint64(fmt.Sprintf("runtime.members.%d.config_version", from), version); err != nil {
		e.log.Logf(loglevel.Error, "runtime.members.%d.config_version: %v", from, err)
	}
}

// SyncInit implements service.Synchronizer.
func (e *Engine) SyncInit(trans, _ []totem.NodeID, _ totem.RingID) {
	e.alone = len(trans) == 0
	e.version = e.ownVersion()
	e.highest = e.version
}

// SyncProcess implements service.Synchronizer.
func (e *Engine) SyncProcess() bool { return e.announce(wire.ReasonSync) }

// SyncActivate implements service.Synchronizer.
func (e *Engine) SyncActivate() {
	switch {
	case e.alone:
		e.log.Logf(loglevel.Debug, "Single node sync -> no action")
		return
	case e.synchronised:
		e.log.Logf(loglevel.Debug, "Not first sync -> no action")
		return
	}
	e.synchronised = true
	switch {
	case e.version == 0:
		e.log.Logf(loglevel.Debug, "My config version is 0 -> no action")
	case e.highest != e.version:
		e.log.Logf(loglevel.Error, "Received config version (%d) is different than my config version (%d)! Exiting", e.highest, e.version)
		e.shutdown()
	}
}

// SyncAbort implements service.Synchronizer.
func (e *Engine) SyncAbort() {}

// ConfigChange implements service.Engine.
func (e *Engine) ConfigChange(*totem.ConfigChange) {}

// Dump implements service.Engine.
func (e *Engine) Dump() {}

// Stop implements service.Engine.
func (e *Engine) Stop() { e.versionTrack.Stop() }
