package controld

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/beevik/etree"
	"github.com/dsnet/compress/bzip2"

	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/crmd/engine"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/crmmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
	"github.com/ringmaster-ha/ringmaster/internal/root"
)

// schedulerPatience is how long a request to the scheduler may be left lying (crm_ipc_send's default).
const schedulerPatience = 5 * time.Second

// schedulerBuffer is how large messages from and to the scheduler may be at least before they are compressed, in
// bytes: CIBs and graphs of some hundred resources fit. The reference asks for 5 MiB; but all of what is asked for
// comes to be in the memory of both daemons, for the rings are filled from one end to the other.
const schedulerBuffer = 1 << 20

// connectScheduler connects (new_schedulerd_ipc_connection).
func (s *server) connectScheduler() {
	ctx, cancel := context.WithTimeout(s.ctx, schedulerPatience)
	defer cancel()
	options := s.dialOptions()
	options.Buffer = max(options.Buffer, schedulerBuffer)
	conn, err := ipc.Dial(ctx, crmmsg.Scheduler, options)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil && s.ending {
		_ = conn.Close()
		return
	}
	if err == nil {
		s.closeScheduler()
		s.scheduler = conn
		s.all.Go(func() { s.listenScheduler(conn) })
	}
	s.act(func(now time.Time) { s.core.Connected(now, engine.Scheduler, err) })
}

func (s *server) closeScheduler() {
	if s.scheduler != nil {
		_ = s.scheduler.Close()
	}
	s.scheduler = nil
}

// listenScheduler passes on what the scheduler says, until the connection ends.
func (s *server) listenScheduler(conn *ipc.Conn) {
	for {
		m, err := conn.Event(s.ctx)
		s.enter(func(now time.Time) {
			switch {
			case s.scheduler != conn: // closed by ourselves
			case err != nil:
				s.closeScheduler()
				s.core.Lost(now, engine.Scheduler)
			case m.XML != nil && m.XML.Tag != "ack":
				s.core.Scheduled(now, m.XML)
			}
		})
		if err != nil {
			return
		}
	}
}

// Schedule is the core's Host's.
func (s *server) Schedule(e *etree.Element) bool {
	if s.scheduler == nil {
		return false
	}
	ctx, cancel := context.WithTimeout(s.ctx, schedulerPatience)
	defer cancel()
	_, err := s.scheduler.Send(ctx, e)
	if err != nil {
		s.log.LogfAt(loglevel.Debug, "do_schedulerd_api_call", "Couldn't send request to schedulerd: %v", err)
	}
	return err == nil
}

// SaveCIB is the core's Host's (save_cib_contents).
func (s *server) SaveCIB(id string, cib *etree.Element) {
	name := filepath.Join(root.Path(inputsDir), "pe-core-"+id+".bz2")
	if err := writeCompressed(name, text.Lines(cib)); err != nil {
		s.log.LogfAt(loglevel.Error, "save_cib_contents", "Could not save Cluster Information Base to %s after scheduler crash: %v", name, err)
		return
	}
	s.log.LogfAt(loglevel.Notice, "save_cib_contents", "Saved Cluster Information Base to %s after scheduler crash", name)
}

func writeCompressed(name, document string) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	w, err := bzip2.NewWriter(f, nil)
	if err == nil {
		_, err = w.Write([]byte(document))
		err = errors.Join(err, w.Close())
	}
	return errors.Join(err, f.Close())
}
