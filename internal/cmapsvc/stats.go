package cmapsvc

import (
	"slices"
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/cserr"
	"github.com/ringmaster-ha/ringmaster/internal/icmap"
	"github.com/ringmaster-ha/ringmaster/internal/service"
	"github.com/ringmaster-ha/ringmaster/totem/srp"
)

// StatsSource is where the values of the stats map come from. It is asked under
// the service lock and must not block: the daemon gives the latest figures that
// the ring's thread has put down.
type StatsSource interface {
	SRP() SRPStats
	PG() PGStats
	// IPC counts the clients connected now and those that have gone.
	IPC() (active, closed uint64)
	// ClearTransport, ClearTotem and ClearIPC set counters back to zero, those
	// of all clients in the last case.
	ClearTransport()
	ClearTotem()
	ClearIPC()
}

// SRPStats are stats.srp.*: the machine's counters, and what the transport adds.
type SRPStats struct {
	srp.Stats
	ContinuousSendmsgFailures uint32
}

// PGStats are stats.pg.*.
type PGStats struct {
	MsgQueueAvail uint32 // room in the send queue, in messages
	MsgReserved   uint32 // of it, what is promised
}

// ConnStats are stats.ipcs.serviceN.PID.CONN.*.
type ConnStats struct {
	Queueing         bool
	Queued           uint32
	InvalidRequest   uint64
	Overload         uint64
	Sent             uint32
	ProcName         string
	Requests         uint64
	Responses        uint64
	Dispatched       uint64
	SendRetries      uint64
	RecvRetries      uint64
	FlowControl      uint32
	FlowControlCount uint64
}

// stat is one key: its type, and how to make its value.
type stat struct {
	typ  icmap.Type
	make func() icmap.Value
}

// Stats is the stats map. Its keys come and go with what they count.
type Stats struct {
	src      StatsSource
	items    map[string]stat
	keys     []string // sorted
	trackers []*statTracker
	missed   []schedMiss // latest first
}

// NewStats makes the map with the keys that are always there.
func NewStats(src StatsSource) *Stats {
	s := &Stats{src: src, items: make(map[string]stat)}
	for _, k := range srpKeys() {
		s.add("stats.srp."+k.name, stat{k.typ, func() icmap.Value { v := src.SRP(); return k.get(&v) }})
	}
	for _, k := range pgKeys() {
		s.add("stats.pg."+k.name, stat{k.typ, func() icmap.Value { v := src.PG(); return k.get(&v) }})
	}
	s.add("stats.ipcs.global.active", stat{icmap.TypeUint64, func() icmap.Value { a, _ := src.IPC(); return icmap.Uint64(a) }})
	s.add("stats.ipcs.global.closed", stat{icmap.TypeUint64, func() icmap.Value { _, c := src.IPC(); return icmap.Uint64(c) }})
	return s
}

func (s *Stats) add(key string, st stat) {
	if _, ok := s.items[key]; !ok {
		i, _ := slices.BinarySearch(s.keys, key)
		s.keys = slices.Insert(s.keys, i, key)
	}
	s.items[key] = st
	s.notify(icmap.Add, key, st)
}

func (s *Stats) remove(key string) {
	st, ok := s.items[key]
	if !ok {
		return
	}
	s.notify(icmap.Delete, key, st)
	delete(s.items, key)
	i, _ := slices.BinarySearch(s.keys, key)
	s.keys = slices.Delete(s.keys, i, i+1)
}

// AddConn makes the keys of a client's connection; get is asked for its figures.
func (s *Stats) AddConn(id service.ID, pid int, serial uint64, get func() ConnStats) {
	prefix := connPrefix(id, pid, serial)
	for _, k := range connKeys() {
		s.add(prefix+k.name, stat{k.typ, func() icmap.Value { v := get(); return k.get(&v) }})
	}
}

// RemoveConn removes a connection's keys.
func (s *Stats) RemoveConn(id service.ID, pid int, serial uint64) {
	prefix := connPrefix(id, pid, serial)
	for _, k := range connKeys() {
		s.remove(prefix + k.name)
	}
}

// Get implements keyMap.
func (s *Stats) Get(key string) (icmap.Value, error) {
	st, ok := s.items[key]
	if !ok {
		return icmap.Value{}, cserr.NotExist
	}
	return st.make(), nil
}

// The keys that clear something when they are set, whatever the value; a name
// that only begins like this will do.
const clearPrefix = "stats.clear."

// Set implements keyMap.
func (s *Stats) Set(key string, _ icmap.Type, _ []byte) error {
	what, ok := strings.CutPrefix(key, clearPrefix)
	if !ok {
		return cserr.NotSupported
	}
	switch {
	case strings.HasPrefix(what, "knet"):
		s.src.ClearTransport()
	case strings.HasPrefix(what, "ipc"):
		s.src.ClearIPC()
	case strings.HasPrefix(what, "totem"):
		s.src.ClearTotem()
	case strings.HasPrefix(what, "schedmiss"):
		s.clearSchedMiss()
	case strings.HasPrefix(what, "all"):
		s.src.ClearTransport()
		s.src.ClearTotem()
		s.src.ClearIPC()
		s.clearSchedMiss()
	default:
		return cserr.NotSupported
	}
	return nil
}

// AddNumber implements keyMap.
func (s *Stats) AddNumber(string, int32) error { return cserr.NotSupported }

// Delete implements keyMap.
func (s *Stats) Delete(string) error { return cserr.NotSupported }

// IsReadOnly implements keyMap.
func (s *Stats) IsReadOnly(key string) bool { return !strings.HasPrefix(key, clearPrefix) }

// Next implements keyMap. The length of a string is not known before it is
// made; it is 0, as in the reference.
func (s *Stats) Next(prefix, after string) (string, icmap.Type, int, bool) {
	from := max(prefix, after)
	i, found := slices.BinarySearch(s.keys, from)
	if found && after == from {
		i++
	}
	if i == len(s.keys) || !strings.HasPrefix(s.keys[i], prefix) {
		return "", 0, 0, false
	}
	t := s.items[s.keys[i]].typ
	return s.keys[i], t, t.Size(), true
}
