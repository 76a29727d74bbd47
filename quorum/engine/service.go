package engine

import (
	"github.com/ringmaster-ha/ringmaster/internal/icmap"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/mar"
	"github.com/ringmaster-ha/ringmaster/internal/service"
	"github.com/ringmaster-ha/ringmaster/quorum/engine/votequorum"
	"github.com/ringmaster-ha/ringmaster/quorum/wire"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// Config is what the service needs; Barrier may be nil where
// expected_votes_tracking is not to be kept.
type Config struct {
	Host    service.Host
	Map     *icmap.Map
	Barrier votequorum.BarrierStore
}

// Service is the quorum service on one node.
type Service struct {
	log      loglevel.Logger
	provider service.Engine // nil: always quorate

	quorate  bool // primary_designated
	view     []totem.NodeID
	ring     totem.RingID // of view
	sync     syncView
	trackers []service.Conn
	watchers []func(quorate bool)
}

// New starts the service and the provider that quorum.provider names. The error
// has the reference's words for why the engine cannot be loaded.
func New(cfg Config) (*Service, error) {
	s := &Service{log: cfg.Host.Log("QUORUM")}
	name, err := cfg.Map.GetString("quorum.provider")
	if err != nil {
		s.quorate = true
		return s, nil
	}
	s.log.Logf(loglevel.Notice, "Using quorum provider %s", name)
	switch name {
	case "corosync_votequorum":
		var p *votequorum.Engine
		p, err = votequorum.New(votequorum.Config{Host: cfg.Host, Map: cfg.Map, Barrier: cfg.Barrier, Report: s.setQuorum})
		s.provider = p
	default:
		err = votequorum.ConfigError("Invalid quorum provider")
	}
	if err != nil {
		s.log.Logf(loglevel.Crit, "Quorum provider: %s failed to initialize.", name)
		return nil, err
	}
	return s, nil
}

// Named is an engine with the name of the reference's service object, which is
// in the keys of the map.
type Named struct {
	Name   string
	Engine service.Engine
}

// Engines are the provider and the service, in the order in which the reference
// loads them.
func (s *Service) Engines() []Named {
	own := Named{"corosync_quorum", s}
	if s.provider == nil {
		return []Named{own}
	}
	return []Named{{"corosync_votequorum", s.provider}, own}
}

// Quorate tells whether this node is in the primary component: what
// service.Host.Quorate returns.
func (s *Service) Quorate() bool { return s.quorate }

// OnQuorum has fn called whenever the provider reports, changed or not: once
// for each synchronisation and for each change between two.
func (s *Service) OnQuorum(fn func(quorate bool)) { s.watchers = append(s.watchers, fn) }

// setQuorum takes a report of the provider (quorum_api_set_quorum).
func (s *Service) setQuorum(v votequorum.View) {
	was := s.quorate
	s.quorate = v.Quorate
	switch {
	case s.quorate && !was:
		s.log.Logf(loglevel.Notice, "This node is within the primary component and will provide service.")
	case !s.quorate && was:
		s.log.Logf(loglevel.Notice, "This node is within the non-primary component and will NOT provide any services.")
	}
	s.view, s.ring = v.Members, v.Ring
	s.logView("Members", v.Members)
	for _, fn := range s.watchers {
		fn(s.quorate)
	}
	s.notifyQuorum(nil)
}

// Info describes the service to its carrier.
func (s *Service) Info() service.Info {
	return service.Info{
		ID:             service.Quorum,
		Name:           "corosync cluster quorum service v0.1",
		IPC:            "quorum",
		Priority:       1,
		AllowInquorate: true,
		Requests: []service.Request{
			wire.ReqQuorumGetQuorate:   {MinSize: service.HeaderSize},
			wire.ReqQuorumTrackStart:   {MinSize: 24},
			wire.ReqQuorumTrackStop:    {MinSize: service.HeaderSize},
			wire.ReqQuorumGetType:      {MinSize: service.HeaderSize},
			wire.ReqQuorumModelGetType: {MinSize: 24},
		},
	}
}

// Deliver is never called: the service has no messages on the ring.
func (s *Service) Deliver(totem.NodeID, int, []byte, mar.ByteOrder) {}

// ConfigChange has nothing to do: the service works from synchronisations.
func (s *Service) ConfigChange(*totem.ConfigChange) {}

// Dump has nothing to say in the reference either.
func (s *Service) Dump() {}

// Stop has nothing to do.
func (s *Service) Stop() {}
