package notifyd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/syslog"
	"os/signal"
	"syscall"

	"github.com/ringmaster-ha/ringmaster/internal/cli/getopt"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/logsys"
	"github.com/ringmaster-ha/ringmaster/internal/notify"
)

const usage = `usage:
        -c     : SNMP Community name.
        -f     : Start application in foreground.
        -l     : Log all events.
        -o     : Print events to stdout (turns on -l).
        -s     : Send SNMP traps on all events.
        -m     : Set the SNMP Manager IP address (defaults to localhost).
        -n     : No reverse DNS lookup on cmap member change events.
        -d     : Send DBUS signals on all events.
        -h     : Print this help.

`

// options is the command line.
type options struct {
	foreground, log, stdout, snmp, dbus, addresses bool
	manager, community                             string
}

func parse(args []string, stderr io.Writer) (o options, ok bool) {
	o = options{manager: "localhost", community: "public"}
	p := getopt.New(args, "c:floshdnm:", nil, stderr)
	for {
		opt, more := p.Next()
		if !more {
			return o, true
		}
		switch opt {
		case 'c':
			o.community = p.Arg
		case 'f':
			o.foreground = true
		case 'l':
			o.log = true
		case 'm':
			o.snmp, o.manager = true, p.Arg
		case 'n':
			o.addresses = true
		case 'o':
			o.log, o.stdout = true, true
		case 's':
			o.snmp = true
		case 'd':
			o.dbus = true
		default:
			io.WriteString(stderr, usage)
			return o, false
		}
	}
}

// check finds what cannot be.
func (o options) check() error {
	switch {
	case !o.log && !o.stdout && !o.snmp && !o.dbus:
		//lint:ignore ST1005 the reference's text
		return errors.New("no event type enabled, see corosync-notifyd -h, exiting.")
	case o.stdout && !o.foreground:
		return errors.New("configured to print to stdout and run in the background, exiting")
	}
	return nil
}

// logger writes to syslog, and with -o to standard error.
type logger struct {
	syslog *syslog.Writer // nil: there is none
	stderr io.Writer      // nil: not wanted
}

func newLogger(o options, stderr io.Writer) *logger {
	l := &logger{}
	if w, err := syslog.New(syslog.LOG_DAEMON|syslog.LOG_INFO, "notifyd"); err == nil {
		l.syslog = w
	}
	if o.stdout {
		l.stderr = stderr
	}
	return l
}

func (l *logger) log(level loglevel.Level, text string) {
	if l.stderr != nil {
		fmt.Fprintf(l.stderr, "[%s] %s\n", logsys.LevelName(level), text)
	}
	if l.syslog == nil {
		return
	}
	write := l.syslog.Notice
	switch level {
	case loglevel.Error:
		write = l.syslog.Err
	case loglevel.Warning:
		write = l.syslog.Warning
	}
	_ = write(text) // without syslogd it is lost
}

// notifier is a way to tell of events.
type notifier interface {
	notify(event) error
	close()
}

func (l *logger) notify(e event) error {
	l.log(loglevel.Notice, e.text())
	return nil
}

func (l *logger) close() {}

// notifiers are those that are asked for.
func notifiers(o options, l *logger) (list []notifier) {
	if o.log {
		list = append(list, l)
	}
	if o.dbus {
		b := &bus{}
		if err := b.connect(); err != nil {
			l.log(loglevel.Error, err.Error())
		}
		list = append(list, b)
	}
	if o.snmp {
		m, err := newManager(o.manager, o.community)
		if err != nil {
			l.log(loglevel.Error, "Could not create snmp transport: "+err.Error())
			return list
		}
		list = append(list, m)
	}
	return list
}

// Main runs the program and returns its exit status: 0 after a signal to end, 1
// when anything is wrong.
func Main(args []string, _ io.Reader, _, stderr io.Writer) int {
	o, ok := parse(args, stderr)
	if !ok {
		return 1
	}
	l := newLogger(o, stderr)
	if err := o.check(); err != nil {
		l.log(loglevel.Error, err.Error())
		return 1
	}
	if !o.foreground && !notify.InBackground() {
		return int(notify.Background(args))
	}
	if o.snmp && o.dbus {
		l.log(loglevel.Error, "configured to send snmp traps and dbus signals - are you sure?.")
	}
	if err := notify.Detach(); err != nil {
		l.log(loglevel.Error, "daemon() failed: "+err.Error())
		return 1
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o, l); err != nil && ctx.Err() == nil {
		l.log(loglevel.Error, err.Error())
		return 1
	}
	return 0
}

func run(ctx context.Context, o options, l *logger) error {
	w, err := dial(ctx, o.addresses, l.log)
	if err != nil {
		return err
	}
	defer w.close()
	list := notifiers(o, l)
	defer func() {
		for _, n := range list {
			n.close()
		}
	}()
	if err := notify.Systemd(notify.Ready); err != nil {
		l.log(loglevel.Warning, "tell systemd that we are ready: "+err.Error())
	}
	ended := make(chan error, 1)
	go func() { ended <- w.run(ctx) }()
	said := make([]string, len(list)) // what has failed last, which is not said again
	for e := range w.events {
		for i, n := range list {
			text := ""
			if err := n.notify(e); err != nil {
				text = err.Error()
			}
			if text != "" && text != said[i] {
				l.log(loglevel.Error, text)
			}
			said[i] = text
		}
	}
	return <-ended
}
