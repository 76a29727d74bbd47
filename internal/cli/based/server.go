package based

import (
	"context"
	"runtime/debug"
	"sync"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/disk"
	"github.com/ringmaster-ha/ringmaster/cib/manager"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/cluster"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc/frame"
)

// server does what the manager says. All but what the constructor sets is under mu.
type server struct {
	log   loglevel.Logger
	store *disk.Store
	end   context.CancelFunc // of everything, after Exit

	mu      sync.Mutex
	m       *manager.Manager
	clients map[string]*ipc.Client
	remotes map[string]*remoteClient
	peers   *cluster.Cluster    // nil for none
	write   chan *etree.Element // at most one write is under way
	timer   *time.Timer
	armed   time.Time // what the timer is set for; zero for nothing
	code    crmexit.Code

	remotesGone sync.WaitGroup
}

func newServer(log loglevel.Logger, store *disk.Store, end context.CancelFunc) *server {
	s := &server{log: log, store: store, end: end, clients: map[string]*ipc.Client{}, remotes: map[string]*remoteClient{}, write: make(chan *etree.Element, 1)}
	s.timer = time.AfterFunc(time.Hour, s.tick)
	s.timer.Stop()
	return s
}

// do carries out what the manager says. The caller holds mu.
func (s *server) do(actions []manager.Action) {
	for _, a := range actions {
		switch a := a.(type) {
		case manager.Respond:
			if c := s.clients[a.Client]; c != nil {
				s.sent(c, "Synchronous reply to", c.RespondShared(a.ID, frame.Flags(a.Flags), a.Text))
			}
		case manager.Ack:
			if c := s.clients[a.Client]; c != nil {
				request := ipc.Message{Message: frame.Message{ID: a.ID, Flags: frame.Flags(a.Flags)}}
				s.sent(c, "Acknowledgement to", c.Ack(&request, ipc.Ack{Tag: a.Tag, Function: a.Function, Line: a.Line, Status: a.Status}))
			}
		case manager.Event:
			for _, id := range a.Clients {
				if c := s.clients[id]; c != nil {
					s.sent(c, "Asynchronous message to", c.EventShared(a.Text))
				} else if c := s.remotes[id]; c != nil {
					c.send(a.Text.String())
				}
			}
		case manager.Send:
			s.send(a)
		case manager.Write:
			s.write <- a.CIB
		case manager.DropClients:
			for _, c := range s.clients {
				c.Disconnect()
			}
			for _, c := range s.remotes {
				c.drop()
			}
		case manager.Exit:
			s.code = a.Code
			s.end()
		}
	}
	s.arm()
}

func (s *server) sent(c *ipc.Client, what string, err error) {
	if err != nil {
		loglevel.LogfAt(s.log, loglevel.Warning, "do_local_notify", "%s client %s failed: %v", what, c, err)
	}
}

// arm sets the timer for the manager's deadline. One that comes too early is set again then, so that a
// deadline that every change puts off costs nothing.
func (s *server) arm() {
	at, ok := s.m.Deadline()
	if !ok || !s.armed.IsZero() && !at.Before(s.armed) {
		return
	}
	s.armed = at
	s.timer.Reset(time.Until(at))
}

func (s *server) tick() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.armed = time.Time{}
	s.do(s.m.Tick(time.Now()))
}

// with calls the manager and does what it says.
func (s *server) with(call func(m *manager.Manager) []manager.Action) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.do(call(s.m))
}

// rest is from the last write until what changes needed is given back to the system: a CIB of
// 10 MB that is replaced a few times leaves some hundreds.
const rest = 10 * time.Second

// writer writes to the disk what comes, until the channel is closed.
func (s *server) writer() {
	giveBack := time.AfterFunc(rest, debug.FreeOSMemory)
	defer giveBack.Stop()
	for cib := range s.write {
		err := s.store.Write(cib, time.Now().Format(time.ANSIC))
		if err == nil {
			loglevel.LogfAt(s.log, loglevel.Info, "cib_file_write_with_digest", "Wrote version %s.%s.0 of the CIB to disk",
				cib.SelectAttrValue("admin_epoch", ""), cib.SelectAttrValue("epoch", ""))
		}
		s.with(func(m *manager.Manager) []manager.Action { return m.Written(err) })
		giveBack.Reset(rest)
	}
}
