package controld

import (
	"context"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/crmd/engine"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/crmmsg"
	executor "github.com/ringmaster-ha/ringmaster/lrmd/client"
	"github.com/ringmaster-ha/ringmaster/lrmd/wire"
)

// executorPatience is how long the executor may take to answer.
const executorPatience = 30 * time.Second

// executorLink is the connection to the executor.
type executorLink struct{ conn *executor.Conn } // nil without one

func (l *executorLink) close() {
	if l.conn != nil {
		_ = l.conn.Close()
	}
	l.conn = nil
}

// connectExecutor connects (try_local_executor_connect).
func (s *server) connectExecutor() {
	ctx, cancel := context.WithTimeout(s.ctx, executorPatience)
	defer cancel()
	conn, err := executor.Open(ctx, crmmsg.Controller, executor.Options{Dial: s.dialOptions()})
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil && s.ending {
		_ = conn.Close()
		return
	}
	if err == nil {
		s.executor.conn = conn
		s.all.Go(func() { s.listenExecutor(conn) })
	}
	s.act(func(now time.Time) { s.core.Connected(now, engine.Executor, err) })
}

// listenExecutor passes on what the executor says, until the connection ends.
func (s *server) listenExecutor(conn *executor.Conn) {
	for {
		e, err := conn.Event(s.ctx)
		s.enter(func(now time.Time) {
			switch {
			case s.executor.conn != conn: // closed by ourselves
			case err != nil:
				s.executor.close()
				s.core.Lost(now, engine.Executor)
			case e != nil:
				s.core.ExecutorEvent(now, e)
			}
		})
		if err != nil {
			return
		}
	}
}

// Exec is the core's Host's.
func (s *server) Exec(r *wire.Request) (answer int, info *etree.Element, err error) {
	if s.executor.conn == nil {
		return 0, nil, errNotConnected
	}
	ctx, cancel := context.WithTimeout(s.ctx, executorPatience)
	defer cancel()
	return s.executor.conn.Ask(ctx, r)
}
