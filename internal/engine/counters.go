package engine

import (
	"fmt"
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/icmap"
	"github.com/ringmaster-ha/ringmaster/internal/service"
)

// execCounters count a service's messages on the ring, by message. They are
// plain numbers on the path of a message and reach the map when somebody looks
// at it, without telling trackers, as the reference's icmap_fast_inc.
type execCounters struct {
	tx, rx  []uint64
	txKeys  []string // runtime.services.cpg.0.tx
	rxKeys  []string
	txShown []uint64 // as the map has them
	rxShown []uint64
}

func newExecCounters(m *icmap.Map, name string, info service.Info) execCounters {
	prefix := "runtime.services." + name[strings.LastIndexByte(name, '_')+1:]
	mustSet(m.SetString(fmt.Sprintf("internal_configuration.service.%d.name", info.ID), name))
	mustSet(m.SetUint32(fmt.Sprintf("internal_configuration.service.%d.ver", info.ID), uint32(info.Ver)))
	mustSet(m.SetUint16(prefix+".service_id", uint16(info.ID)))
	k := info.ExecCount
	c := execCounters{
		tx: make([]uint64, k), txShown: make([]uint64, k),
		rx: make([]uint64, k), rxShown: make([]uint64, k),
	}
	for fn := range k {
		c.txKeys = append(c.txKeys, fmt.Sprintf("%s.%d.tx", prefix, fn))
		c.rxKeys = append(c.rxKeys, fmt.Sprintf("%s.%d.rx", prefix, fn))
		mustSet(m.SetUint64(c.txKeys[fn], 0))
		mustSet(m.SetUint64(c.rxKeys[fn], 0))
	}
	return c
}

func (c *execCounters) publish(m *icmap.Map) {
	show := func(keys []string, now, shown []uint64) {
		for fn, v := range now {
			if v != shown[fn] {
				mustSet(m.FastAdd(keys[fn], int32(v-shown[fn])))
				shown[fn] = v
			}
		}
	}
	show(c.txKeys, c.tx, c.txShown)
	show(c.rxKeys, c.rx, c.rxShown)
}

// mustSet: the names are ours, so a refusal is a fault of this program.
func mustSet(err error) {
	if err != nil {
		panic("engine: " + err.Error())
	}
}

// PublishCounters writes the message counters into the map.
func (n *Node) PublishCounters() {
	for _, id := range n.order {
		n.counters[id].publish(n.cmap)
	}
}
