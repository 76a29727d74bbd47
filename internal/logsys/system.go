package logsys

import (
	"fmt"
	"io"
	"os"
	"path"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/syslog"
)

// Options place a System in its surroundings; the zero value is the machine.
type Options struct {
	Stderr io.Writer        // os.Stderr
	DevLog string           // the syslog socket, "/dev/log"
	Now    func() time.Time // time.Now
	PID    int              // os.Getpid()
	Host   string           // os.Hostname()
}

// System is the logging of one daemon. Its methods may be called from any
// goroutine.
type System struct {
	opts  Options
	queue *queue
	ctl   chan func()
	done  chan struct{}
	lost  atomic.Uint64

	// known has every subsystem by its name. Looking one up takes no lock: mu is
	// held while files are opened, on a disk that may stall.
	known sync.Map

	mu      sync.Mutex // the configuration and the subsystems' names
	config  Config
	form    *layouts
	files   map[string]*fileTarget
	subsys  map[string]*subsystem
	order   []*subsystem // by tag
	stopped bool

	w writer
}

// subsystem is the Logger of one name.
type subsystem struct {
	sys  *System
	name string
	tag  uint32
	to   atomic.Pointer[levels]
}

// New starts a System that logs nowhere yet. Close it to flush.
func New(opts Options) *System {
	if opts.Stderr == nil {
		opts.Stderr = os.Stderr
	}
	if opts.DevLog == "" {
		opts.DevLog = "/dev/log"
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.PID == 0 {
		opts.PID = os.Getpid()
	}
	if opts.Host == "" {
		opts.Host = hostname()
	}
	s := &System{
		opts:   opts,
		queue:  newQueue(queueLen),
		ctl:    make(chan func(), 16),
		done:   make(chan struct{}),
		form:   new(layouts),
		subsys: map[string]*subsystem{},
		files:  map[string]*fileTarget{},
	}
	s.w = writer{sys: s, syslog: syslog.Sender{Path: opts.DevLog, Ident: ident, PID: opts.PID}}
	go s.w.run()
	return s
}

// Logger returns the logger of a subsystem, the same one for the same name. It
// follows every later Configure.
func (s *System) Logger(name string) loglevel.Logger {
	if l, ok := s.known.Load(name); ok {
		return l.(*subsystem)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.subsystemLocked(name)
}

func (s *System) subsystemLocked(name string) *subsystem {
	l := s.subsys[name]
	if l == nil {
		l = &subsystem{sys: s, name: name, tag: uint32(len(s.order))}
		s.subsys[name] = l
		s.order = append(s.order, l)
		s.applyLocked(l)
		s.known.Store(name, l)
	}
	return l
}

func (s *System) applyLocked(l *subsystem) {
	lv := s.config.levelsOf(l.name)
	lv.form = s.form
	if name := s.config.fileOf(l.name); name != "" {
		lv.target = s.files[name]
	}
	l.to.Store(&lv)
}

// Configure replaces the configuration. What was logged before goes where it
// was to go. An error is the text that follows "parse error in config: " in
// the reference, and leaves everything as it was.
func (s *System) Configure(c Config) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return os.ErrClosed
	}
	want := map[string]*fileTarget{}
	names := []string{c.fileOf("")}
	for name := range c.Subsys {
		names = append(names, c.fileOf(name))
	}
	for _, name := range names {
		if name == "" || want[name] != nil {
			continue
		}
		if want[name] = s.files[name]; want[name] != nil {
			continue
		}
		t, err := openFile(name)
		if err != nil {
			for n, t := range want {
				if t != nil && s.files[n] == nil {
					t.close()
				}
			}
			return fmt.Errorf("Can't open logfile '%s' for reason: %s", name, errnoText(err)) //lint:ignore ST1005 the reference's text
		}
		want[name] = t
	}
	var gone []*fileTarget
	for name, t := range s.files {
		if want[name] == nil {
			gone = append(gone, t)
		}
	}
	s.files, s.config = want, c
	s.form = c.layouts(s.opts.PID, s.opts.Host)
	for name := range c.Subsys {
		s.subsystemLocked(name)
	}
	for _, sub := range s.order {
		s.applyLocked(sub)
	}
	s.control(func(w *writer) {
		if !c.Blackbox {
			w.recorder = recorder{}
		}
		for _, t := range gone {
			t.close()
		}
	})
	return nil
}

// control has the writer run fn after all that has been logged so far.
func (s *System) control(fn func(*writer)) {
	if s.stopped {
		return
	}
	s.ctl <- func() { fn(&s.w) }
}

// Flush waits until everything logged so far has been written.
func (s *System) Flush() {
	s.wait(func(*writer) error { return nil })
}

func (s *System) wait(fn func(*writer) error) error {
	res := make(chan error, 1)
	s.mu.Lock()
	if s.stopped {
		s.mu.Unlock()
		return os.ErrClosed
	}
	s.control(func(w *writer) { res <- fn(w) })
	s.mu.Unlock()
	return <-res
}

// Reopen opens every log file anew under its name, for logrotate: SIGHUP-like
// tools and corosync-cfgtool -L. A file that cannot be opened stays as it was,
// is said in the log, and its error is returned; the others are reopened.
//
// The files are opened by the writer; the call waits for it.
func (s *System) Reopen() error {
	log := s.Logger("QB")
	s.mu.Lock()
	var all []*fileTarget
	for _, t := range s.files {
		all = append(all, t)
	}
	s.mu.Unlock()
	return s.wait(func(*writer) error {
		var first error
		for _, t := range all {
			if err := t.reopen(); err != nil {
				log.Logf(loglevel.Warning, "Unable to reopen log file %s: %s", t.name, errnoText(err))
				if first == nil {
					first = err
				}
			}
		}
		return first
	})
}

// Lost is how many lines have been dropped since the start because the writer
// did not keep up.
func (s *System) Lost() uint64 { return s.lost.Load() }

// closePatience is how long Close waits for whoever is to take the lines.
const closePatience = 3 * time.Second

// Close writes what is queued, closes the files and ends the writer. Lines
// logged later are dropped. A disk that has stalled, or a pipe that nobody
// reads, does not keep it: after three seconds what is not written is lost.
func (s *System) Close() {
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		s.mu.Lock()
		if !s.stopped {
			s.control(func(w *writer) { w.stop = true })
			s.stopped = true
		}
		s.mu.Unlock()
		<-s.done
	}()
	select {
	case <-closed:
	case <-time.After(closePatience):
	}
}

// Enabled tells whether a line of this level goes anywhere.
func (l *subsystem) Enabled(level loglevel.Level) bool { return level <= l.to.Load().max }

// Logf formats a line and hands it to the writer.
func (l *subsystem) Logf(level loglevel.Level, format string, args ...any) {
	to := l.to.Load()
	if level > to.max {
		return
	}
	text := format
	if len(args) > 0 {
		text = fmt.Sprintf(format, args...)
	}
	if len(text) > maxLine {
		text = text[:maxLine]
	}
	r := &record{
		at: l.sys.opts.Now(), level: level, subsys: l, to: to,
		text: strings.TrimSuffix(text, "\n"),
	}
	if to.form.caller {
		r.locate()
	}
	if !l.sys.queue.put(r) {
		l.sys.lost.Add(1)
	}
}

// locate finds the caller of Logf.
func (r *record) locate() {
	var pc [1]uintptr
	if runtime.Callers(3, pc[:]) == 0 {
		return
	}
	f, _ := runtime.CallersFrames(pc[:]).Next()
	r.file, r.line, r.fn = path.Base(f.File), f.Line, f.Function
	if i := strings.LastIndexByte(r.fn, '.'); i >= 0 {
		r.fn = r.fn[i+1:]
	}
	r.fn = r.fn[:min(len(r.fn), maxLine)]
}
