package engine

import (
	"fmt"
	"slices"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/mar"
	"github.com/ringmaster-ha/ringmaster/internal/service"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// syncRetry is how soon a service that could not send all of its state, because
// the ring's queue was full, is asked again. The reference asks at the next
// token; the queue does not drain faster than that.
const syncRetry = time.Millisecond

type syncPhase int

const (
	syncIdle    syncPhase = iota // nothing under way
	syncBuild                    // waiting for every member's list of services
	syncProcess                  // the current service sends its state
	syncBarrier                  // waiting for every member's barrier
)

// syncService is one entry of the round's list. A service that only a peer has
// takes part with nothing to send, so that the barriers match.
type syncService struct {
	id   service.ID
	name string
	s    service.Synchronizer // nil: a peer's
}

// synchronisation runs one round after another.
type synchronisation struct {
	n       *Node
	log     loglevel.Logger
	phase   syncPhase
	ring    totem.RingID // of the round; messages of another ring are old
	members []totem.NodeID
	trans   []totem.NodeID
	waiting map[totem.NodeID]bool // members whose build or barrier is missing
	list    []syncService
	cur     int // index into list
	retry   service.Timer
}

// saveTransitional keeps who came along from the old ring.
func (s *synchronisation) saveTransitional(members []totem.NodeID) {
	s.trans = slices.Clone(members)
}

// start begins the round for a regular configuration.
func (s *synchronisation) start(c *totem.ConfigChange) {
	s.phase = syncBuild
	s.ring = c.Ring
	s.members = slices.Clone(c.Members)
	s.expectAll()
	s.cur = 0
	s.list = s.list[:0]
	m := syncMessage{id: msgServiceBuild, ring: c.Ring}
	for _, e := range s.n.engines {
		if e == nil {
			continue
		}
		if sy, ok := e.(service.Synchronizer); ok {
			info := e.Info()
			s.list = append(s.list, syncService{info.ID, info.Name, sy})
			m.services = append(m.services, info.ID)
		}
	}
	s.n.carrier.Send(true, GroupSync, m.append(nil))

	// Only those count as having come along that are still here.
	s.trans = slices.DeleteFunc(s.trans, func(id totem.NodeID) bool { return !slices.Contains(s.members, id) })
	s.log.Logf(loglevel.Debug, "call init for locally known services")
	for _, e := range s.list {
		e.s.SyncInit(s.trans, s.members, s.ring)
	}
}

// abort ends a round that another configuration overtook.
func (s *synchronisation) abort() {
	if s.retry != nil {
		s.retry.Stop()
		s.retry = nil
	}
	if s.phase != syncIdle {
		for _, e := range s.list[min(s.cur, len(s.list)):] {
			if e.s != nil {
				e.s.SyncAbort()
			}
		}
	}
	s.phase = syncIdle
	s.ring = totem.RingID{}
}

func (s *synchronisation) expectAll() {
	if s.waiting == nil {
		s.waiting = make(map[totem.NodeID]bool)
	}
	clear(s.waiting)
	for _, id := range s.members {
		s.waiting[id] = true
	}
}

// deliver takes a message of the group "sync".
func (s *synchronisation) deliver(from totem.NodeID, msg []byte, order mar.ByteOrder) {
	m, err := parseSyncMessage(msg, order)
	if err != nil {
		s.n.malformed++
		s.log.Logf(loglevel.Warning, "%v from node %d", err, from)
		return
	}
	if m.ring != s.ring || s.phase == syncIdle {
		if m.id == msgBarrier {
			s.log.Logf(loglevel.Debug, "barrier for old ring - discarding")
		} else {
			s.log.Logf(loglevel.Debug, "service build for old ring - discarding")
		}
		return
	}
	switch {
	case m.id == msgServiceBuild && s.phase == syncBuild:
		for _, id := range m.services {
			s.addForeign(id)
		}
		delete(s.waiting, from)
		if len(s.waiting) == 0 {
			s.log.Logf(loglevel.Debug, "enter sync process")
			s.enterProcess()
		}
	case m.id == msgBarrier && s.phase != syncBuild:
		// A peer may be at the barrier while we still send our state.
		delete(s.waiting, from)
		s.checkBarrier()
	}
}

func (s *synchronisation) addForeign(id service.ID) {
	i, found := slices.BinarySearchFunc(s.list, id, func(e syncService, id service.ID) int { return int(e.id - id) })
	if !found {
		s.list = slices.Insert(s.list, i, syncService{id: id, name: fmt.Sprintf("Unknown External Service (id = %d)\n", id)})
	}
}

func (s *synchronisation) enterProcess() {
	if len(s.list) == 0 {
		s.complete()
		return
	}
	s.phase = syncProcess
	s.expectAll()
	s.process()
}

// process lets the current service send until it has sent all.
func (s *synchronisation) process() {
	s.retry = nil
	e := s.list[s.cur]
	if e.s == nil || e.s.SyncProcess() {
		s.phase = syncBarrier
		m := syncMessage{id: msgBarrier, ring: s.ring}
		s.n.carrier.Send(true, GroupSync, m.append(nil))
		return
	}
	s.retry = s.n.carrier.After(syncRetry, s.process)
}

func (s *synchronisation) checkBarrier() {
	if len(s.waiting) > 0 {
		return
	}
	e := s.list[s.cur]
	s.log.Logf(loglevel.Debug, "Committing synchronization for %s", e.name)
	if e.s != nil {
		e.s.SyncActivate()
		if s.phase == syncIdle {
			return // the service has stopped the node
		}
	}
	s.cur++
	if s.cur == len(s.list) {
		s.complete()
		return
	}
	s.enterProcess()
}

func (s *synchronisation) complete() {
	ring := s.ring
	s.phase = syncIdle
	s.n.syncCompleted(ring)
}
