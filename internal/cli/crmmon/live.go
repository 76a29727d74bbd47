package crmmon

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/call"
	"github.com/ringmaster-ha/ringmaster/cib/client"
	"github.com/ringmaster-ha/ringmaster/cib/ops"
	"github.com/ringmaster-ha/ringmaster/internal/cli/cibinput"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
	launcher "github.com/ringmaster-ha/ringmaster/pacemakerd/client"
	"github.com/ringmaster-ha/ringmaster/pacemakerd/state"
	"github.com/ringmaster-ha/ringmaster/pengine/show"
	fencer "github.com/ringmaster-ha/ringmaster/stonithd/client"
	"github.com/ringmaster-ha/ringmaster/stonithd/wire"
)

// watcher shows the status again and again. One goroutine, that of run, has all of it; others
// only send to its channels.
type watcher struct {
	*monitor
	reader  *cibinput.Reader
	console *terminal // nil if there is none

	conn    client.Conn    // to the CIB, nil without one
	cib     *etree.Element // as last known, nil if it must be asked for
	stale   bool           // and that has been said
	fencing *fencer.Conn   // nil without one

	last      time.Time // of the last refresh
	updates   int       // since then
	refreshAt <-chan time.Time
	retryAt   <-chan time.Time // nil unless the connection is lost

	fromCIB    chan cibEvent
	fromFencer chan fencerEvent
	tasks      sync.WaitGroup
}

// cibEvent and fencerEvent are what a connection has told; an error is its end.
type cibEvent struct {
	of client.Conn
	client.Event
	err error
}

type fencerEvent struct {
	of *fencer.Conn
	*wire.Event
	err error
}

const (
	settle  = 2 * time.Second // how long a change waits for others before all are shown
	crowded = 10              // changes are shown at once
)

// watch shows the status until somebody ends that, and is the run's status.
func (m *monitor) watch(ctx context.Context) (crmexit.Code, error) {
	ctx, cancel := context.WithCancel(ctx)
	w := &watcher{
		monitor: m, reader: &cibinput.Reader{Log: m.log, Stdin: m.stdin, Stderr: m.stderr}, console: m.terminal,
		fromCIB: make(chan cibEvent), fromFencer: make(chan fencerEvent),
	}
	defer w.tasks.Wait()
	defer w.disconnect()
	defer cancel()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	defer signal.Stop(signals)

	for {
		w.info("Waiting until cluster is available on this node ...")
		rc := w.connect(ctx)
		if rc == crmexit.RCOK {
			break
		}
		select {
		case <-signals:
			return crmexit.OK, nil
		case <-ctx.Done():
			return crmexit.OK, nil
		case <-time.After(w.every):
		}
		w.console.blank()
		if rc != crmexit.RC(syscall.ENOTCONN) {
			return w.connectionFailed(rc)
		}
	}
	if w.format == html && w.toFile() {
		fmt.Fprintf(w.stdout, "Writing html to %s ...\n", *w.OutputTo)
	}
	w.applyFenceLevel()
	if !w.refresh(ctx) {
		return crmexit.Config, nil
	}
	return w.loop(ctx, signals)
}

func (w *watcher) loop(ctx context.Context, signals <-chan os.Signal) (crmexit.Code, error) {
	keys := w.console.keys(ctx, &w.tasks)
	resized := w.console.resized()
	for {
		now := false
		select {
		case <-ctx.Done():
			return crmexit.OK, nil
		case <-signals:
			return crmexit.OK, nil
		case e := <-w.fromCIB:
			now = w.changed(ctx, e)
		case e := <-w.fromFencer:
			now = w.fenced(ctx, e)
		case key, ok := <-keys:
			if !ok {
				keys = nil
				break
			}
			now = w.key(key) && w.mayRefresh(ctx, false, true)
		case <-resized:
			w.console.measure()
			now = true
		case <-w.refreshAt:
			now = true
		case <-w.retryAt:
			now = w.reconnect(ctx)
		}
		if now && !w.refresh(ctx) {
			return crmexit.Config, nil
		}
	}
}

// info writes a line at once.
func (w *watcher) info(format string, args ...any) {
	w.out.Info(format, args...)
	w.flush()
}

// flush shows what has been written, where that is to be seen before the end.
func (m *monitor) flush() {
	if f, ok := m.out.(interface{ Flush() error }); ok && m.format.isText() {
		_ = f.Flush() // a failure shows again when the output ends
	}
}

// connect connects to all that is asked (pacemakerd_status, fencing_connect, cib_connect).
func (w *watcher) connect(ctx context.Context) crmexit.RC {
	if w.source == cluster && w.conn == nil && !w.launched(ctx) {
		return crmexit.RC(syscall.ENOTCONN)
	}
	w.connectFencer(ctx)
	return w.connectCIB(ctx)
}

// launched tells whether pacemakerd is so far that there may be a CIB, and says what else it is
// about to those who watch.
func (w *watcher) launched(ctx context.Context) bool {
	h, err := launcher.Ping(ctx, tool, launcher.Options{})
	if err != nil || !h.OK || h.LastGood == 0 {
		return false
	}
	if w.format.isText() && h.State != state.Running && h.State > state.Initializing {
		w.info("%s", h.State.Friendly())
	}
	return h.State == state.Running || h.State == state.ShuttingDown
}

func (w *watcher) connectFencer(ctx context.Context) {
	if !w.options.fencing || w.fencing != nil {
		return
	}
	c, err := fencer.Dial(ctx, tool, fencer.Options{})
	if err != nil {
		return
	}
	kind := wire.NotifyHistory
	if w.watchFencing {
		kind = wire.NotifyFence
	}
	if c.Subscribe(ctx, kind) != nil {
		_ = c.Close()
		return
	}
	w.fencing = c
	w.tasks.Go(func() {
		for {
			e, err := c.Event(ctx)
			if errors.Is(err, fencer.ErrProtocol) {
				continue
			}
			select {
			case w.fromFencer <- fencerEvent{c, e, err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	})
}

func (w *watcher) connectCIB(ctx context.Context) crmexit.RC {
	if w.conn != nil {
		return crmexit.RCOK
	}
	o := w.world.cib
	o.Type = client.Query
	c, err := w.reader.Open(ctx, o)
	if err != nil {
		w.out.Err("Could not connect to the CIB: %v", client.RC(err))
		return client.RC(err)
	}
	if w.format == console {
		w.info("Waiting for CIB ...")
	}
	if err := c.Subscribe(ctx, client.NotifyDiff, true); err != nil {
		w.out.Err("Notification setup failed, could not monitor CIB actions")
		_ = c.Close()
		return client.RC(err)
	}
	w.conn = c
	if err := w.query(ctx); err != nil {
		w.conn = nil
		_ = c.Close()
		return client.RC(err)
	}
	w.tasks.Go(func() {
		for {
			e, err := c.Event(ctx)
			if errors.Is(err, client.ErrProtocol) {
				continue
			}
			select {
			case w.fromCIB <- cibEvent{c, e, err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	})
	return crmexit.RCOK
}

// query asks for the whole CIB.
func (w *watcher) query(ctx context.Context) (err error) {
	w.cib, err = w.conn.Do(ctx, call.Request{Op: ops.Query, Options: call.ScopeLocal})
	if err != nil {
		w.cib = nil
	}
	return err
}

func (w *watcher) disconnect() {
	if w.conn != nil {
		_ = w.conn.Close()
		w.conn = nil
	}
	if w.fencing != nil {
		_ = w.fencing.Close()
		w.fencing = nil
	}
}

// lost gives up the connections, to try again later (mon_cib_connection_destroy).
func (w *watcher) lost() {
	w.info("Connection to the cluster-daemons terminated")
	w.disconnect()
	w.refreshAt = nil
	w.retryAt = time.After(w.every)
}

// reconnect tries again, and tells whether the status is to be shown.
func (w *watcher) reconnect(ctx context.Context) bool {
	w.console.blank()
	w.info("Reconnecting...")
	if w.connect(ctx) != crmexit.RCOK {
		w.retryAt = time.After(w.every)
		return false
	}
	w.retryAt = nil
	return w.mayRefresh(ctx, false, true)
}

// changed takes a change of the CIB, and tells whether it is to be shown now
// (crm_diff_update).
func (w *watcher) changed(ctx context.Context, e cibEvent) bool {
	switch {
	case e.of != w.conn:
		return false
	case e.err != nil:
		w.lost()
		return false
	case e.Kind != client.NotifyDiff, e.Err != nil:
		return false
	}
	w.progress()
	updated := false
	if w.cib != nil {
		next, err := e.Apply(w.cib)
		if updated = err == nil; !updated {
			next = nil
		}
		w.cib = next
	}
	if w.cib == nil {
		_ = w.query(ctx) // what comes of it is in w.cib
	}
	if w.agent != nil && e.Answer != nil {
		w.tellOfChanges(e.Answer)
	}
	if w.cib == nil {
		if !w.stale {
			w.info("--- Stale data ---")
		}
		w.stale = true
		return false
	}
	w.stale = false
	return w.mayRefresh(ctx, updated, false)
}

// fenced takes news of the fencer.
func (w *watcher) fenced(ctx context.Context, e fencerEvent) bool {
	switch {
	case e.of != w.fencing:
		return false
	case e.err != nil:
		w.lost()
		return false
	case e.Notification == nil:
		return false
	case w.watchFencing:
		w.tellOfFencing(e.Notification)
		return false
	}
	w.progress()
	return w.mayRefresh(ctx, true, false)
}

func (w *watcher) progress() {
	if w.format == plain && !w.toFile() || w.console != nil {
		w.out.Printf(".")
		w.flush()
	}
}

// mayRefresh tells whether the status is to be shown at once, for it is long since it was,
// much has changed, or somebody wants it; else that waits a little (refresh_after_event).
func (w *watcher) mayRefresh(ctx context.Context, updated, enforce bool) bool {
	if updated {
		w.updates++
	}
	if w.retryAt != nil {
		w.refreshAt = nil
		return false
	}
	w.connectFencer(ctx)
	if enforce || time.Since(w.last) > w.every.Truncate(time.Second)+time.Second || w.updates >= crowded {
		w.refreshAt, w.updates = nil, 0
		return true
	}
	w.refreshAt = time.After(settle)
	return false
}

// toFile tells whether output goes to a file, which has one status after the other.
func (m *monitor) toFile() bool { return m.OutputTo != nil && *m.OutputTo != "-" }

// refresh shows the status, and tells whether there can be one.
func (w *watcher) refresh(ctx context.Context) bool {
	w.last, w.refreshAt = time.Now(), nil
	if w.past == fullPast && !w.sections.Has(show.SectionFencing) && w.format != xml {
		w.past = reducedPast
	}
	if w.toFile() {
		// What has been said before goes with what was shown before.
		_ = w.out.Finish(crmexit.OK)
		out, err := w.Open(w.args, w.stdout, w.stderr)
		if err != nil {
			return true // a folder that is not there now may be back soon
		}
		w.out = out
		w.announce()
	}
	w.console.blank()
	ok := w.cib == nil || w.display(ctx, w.reader, w.fencing, xmltree.Copy(w.cib), w.past)
	if w.toFile() {
		_ = w.out.Finish(crmexit.OK)
		w.written = true
	}
	w.flush()
	return ok
}

// applyFenceLevel makes the key's level what is shown (set_fencing_options).
func (w *watcher) applyFenceLevel() {
	w.options.fencing, w.past = true, fullPast
	switch w.fenceLevel {
	case 1:
		w.sections |= show.SectionFenceFailed | show.SectionFencePending
	case 2, 3:
		w.sections |= show.SectionFencing
	default:
		w.fenceLevel = 0
		w.options.fencing, w.past = w.watchFencing, noPast
		w.sections &^= show.SectionFencing
	}
}
