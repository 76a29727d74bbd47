package attrd

import (
	"context"
	"errors"
	"sync"
	"syscall"
	"time"

	"github.com/ringmaster-ha/ringmaster/cib/call"
	"github.com/ringmaster-ha/ringmaster/cib/client"
	"github.com/ringmaster-ha/ringmaster/cib/ops"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/iso8601"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
	"github.com/ringmaster-ha/ringmaster/internal/root"
	"github.com/ringmaster-ha/ringmaster/lrmd/alert"
	executor "github.com/ringmaster-ha/ringmaster/lrmd/client"
	"github.com/ringmaster-ha/ringmaster/lrmd/wire"
)

// Connecting to the executor: how often it is tried, and how long waited in between; and how long it may
// take to answer.
const (
	executorAttempts = 10
	executorPause    = 100 * time.Millisecond
	executorTimeout  = 30 * time.Second
)

// alerts are the configuration's, and the way of what they tell to the executor. list and reading are under
// the server's mu.
type alerts struct {
	list    alert.List
	reading int // the call that asks for them, once it was made

	ctx  context.Context
	log  loglevel.Sited
	wake chan struct{} // holds one

	mu    sync.Mutex
	queue []wire.Request
}

func newAlerts(ctx context.Context, log loglevel.Sited) *alerts {
	return &alerts{ctx: ctx, log: log, wake: make(chan struct{}, 1)}
}

const alertsPath = "/cib/configuration/alerts"

// readAlerts asks for what the CIB says of alerts (attrd_read_options). The caller holds mu.
func (s *server) readAlerts() {
	call, err := s.request(call.Request{Op: ops.Query, Section: alertsPath, Options: call.XPath | call.ScopeLocal})
	if err != nil {
		s.alerts.read(client.Event{Err: err})
		return
	}
	s.alerts.reading = call
}

// read takes the answer (config_query_callback).
func (a *alerts) read(ev client.Event) {
	const function = "config_query_callback"
	section := ev.Answer
	if section != nil && section.Tag != "alerts" {
		section = section.SelectElement("alerts")
	}
	switch {
	case client.RC(ev.Err) == crmexit.RC(syscall.ENXIO):
		a.log.LogfAt(loglevel.Debug, function, "Local CIB has no alerts section")
		a.list = nil
	case ev.Err != nil:
		a.log.LogfAt(loglevel.Notice, function, "Could not query local CIB: %v", client.RC(ev.Err).Legacy())
	case section == nil:
		a.log.LogfAt(loglevel.Notice, function, "CIB query result has no alerts section")
	default:
		a.list = alert.Read(section, iso8601.FromTime(time.Now()), a.log)
	}
}

// send has the executor asked for these in turn; it does not wait for that.
func (a *alerts) send(requests []wire.Request) {
	if len(requests) == 0 {
		return
	}
	a.mu.Lock()
	a.queue = append(a.queue, requests...)
	a.mu.Unlock()
	select {
	case a.wake <- struct{}{}:
	default: // it is awake
	}
}

// run asks the executor until the daemon ends.
func (a *alerts) run() {
	var conn *executor.Conn
	defer func() {
		if conn != nil {
			_ = conn.Close()
		}
	}()
	for {
		select {
		case <-a.ctx.Done():
			return
		case <-a.wake:
		}
		a.mu.Lock()
		queue := a.queue
		a.queue = nil
		a.mu.Unlock()
		for i := range queue {
			if conn = a.connected(conn); conn == nil {
				a.failed(&queue[i], errNoExecutor)
				continue
			}
			ctx, cancel := context.WithTimeout(a.ctx, executorTimeout)
			_, err := conn.Call(ctx, &queue[i])
			cancel()
			if err != nil {
				a.failed(&queue[i], err)
			}
		}
	}
}

var errNoExecutor = errors.New("not connected")

func (a *alerts) failed(r *wire.Request, err error) {
	if a.ctx.Err() == nil {
		a.log.LogfAt(loglevel.Error, "exec_alert_list", "Could not execute alert %s: %v", r.AlertID, err)
	}
}

// connected is the connection, another if that has ended, nil if there is no executor
// (attrd_lrmd_connect).
func (a *alerts) connected(conn *executor.Conn) *executor.Conn {
	if conn != nil {
		select {
		case <-conn.Done():
			a.log.LogfAt(loglevel.Info, "attrd_lrmd_callback", "Lost connection to executor")
			_ = conn.Close()
		default:
			return conn
		}
	}
	for left := executorAttempts - 1; left >= 0; left-- {
		ctx, cancel := context.WithTimeout(a.ctx, executorTimeout)
		conn, err := executor.Open(ctx, "attrd", executor.Options{Dial: ipc.DialOptions{SocketDir: root.SocketDir()}})
		cancel()
		if err == nil {
			go conn.Drain(a.ctx)
			return conn
		}
		a.log.LogfAt(loglevel.Debug, "attrd_lrmd_connect", "Could not connect to executor, %d tries remaining", left)
		if !wait(a.ctx, executorPause) {
			return nil
		}
	}
	return nil
}
