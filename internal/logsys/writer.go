package logsys

import (
	"fmt"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/syslog"
)

// writer is the one goroutine that touches the targets.
type writer struct {
	sys      *System
	syslog   syslog.Sender
	recorder recorder
	said     uint64 // lost lines that have been told
	stop     bool
	buf      []byte
}

func (w *writer) run() {
	defer close(w.sys.done)
	for !w.stop {
		select {
		case <-w.sys.queue.wake:
			w.drain()
		case fn := <-w.sys.ctl:
			w.drain()
			fn()
		}
	}
	w.drain()
	w.syslog.Close()
	w.sys.mu.Lock()
	defer w.sys.mu.Unlock()
	for _, t := range w.sys.files {
		t.close()
	}
}

func (w *writer) drain() {
	for {
		r := w.sys.queue.get()
		if r == nil {
			return
		}
		if lost := w.sys.lost.Load(); lost != w.said {
			w.write(&record{
				at: r.at, level: loglevel.Warning, subsys: r.subsys, to: r.to,
				text: fmt.Sprintf("%d messages lost", lost-w.said),
			})
			w.said = lost
		}
		w.write(r)
	}
}

func (w *writer) write(r *record) {
	if r.level <= r.to.syslog {
		// libqb raises what is finer than info by one, so that debug lines
		// arrive as info and trace lines as debug.
		level := r.level
		if level > loglevel.Info {
			level--
		}
		w.buf = r.to.form.syslog.append(w.buf[:0], r)
		w.syslog.Send(int(r.to.form.facility), level, r.at, w.buf)
	}
	if r.level <= r.to.stderr {
		w.buf = append(r.to.form.stderr.append(w.buf[:0], r), '\n')
		w.sys.opts.Stderr.Write(w.buf) // nowhere to say that it failed
	}
	if r.level <= r.to.file && r.to.target != nil {
		w.buf = append(r.to.form.file.append(w.buf[:0], r), '\n')
		r.to.target.write(w.buf)
	}
	if r.level <= r.to.blackbox {
		w.recorder.add(r)
	}
}
