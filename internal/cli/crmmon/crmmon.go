package crmmon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/ringmaster-ha/ringmaster/cib/client"
	"github.com/ringmaster-ha/ringmaster/internal/cli/cibinput"
	"github.com/ringmaster-ha/ringmaster/internal/cli/goption"
	"github.com/ringmaster-ha/ringmaster/internal/cli/pcmktool"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// tool is the name by which daemons and the log know it.
const tool = "crm_mon"

// Main runs the tool and returns its exit status.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	w := &world{now: time.Now, stdin: stdin, stdout: stdout, stderr: stderr}
	return run(context.Background(), args, w)
}

// world is what the tool runs in.
type world struct {
	now            func() time.Time // in the zone of the dates that are shown
	stdin          io.Reader
	stdout, stderr io.Writer
	cib            client.Options
}

// source is where the CIB comes from.
type source int

const (
	cluster source = iota
	file           // or a shadow
	remote
)

func sourceOfCIB() source {
	if _, ok := cibinput.Substitute(); ok {
		return file
	}
	if _, ok := os.LookupEnv("CIB_port"); ok {
		return remote
	}
	return cluster
}

// monitor is a run.
type monitor struct {
	*options
	*world
	args    []string
	context *goption.Context
	log     *pcmktool.Log
	out     pcmktool.Output
	source  source
	warned  status.Warned

	terminal *terminal // the console, nil if there is none
	errors   io.Writer // where they go once it is closed
	choosing bool      // it has the list of keys
	written  bool      // a file has all there is to say
}

func run(ctx context.Context, args []string, w *world) int {
	o := newOptions(args)
	m := &monitor{options: o, world: w, args: args, context: o.context(args)}
	_, help, err := pcmktool.Parse(m.context, args, withValue, w.stdout)
	if help {
		return int(crmexit.OK)
	}
	m.log = o.NewLog(tool, w.stderr)
	if err != nil {
		return m.end(crmexit.Usage, err)
	}
	if err := m.prepare(); err != nil {
		return m.end(crmexit.Usage, err)
	}
	if o.format == console && !o.Version && !o.daemon {
		if os.Getenv("TERM") == "" {
			fmt.Fprintln(w.stderr, "Error opening terminal: unknown.")
			return m.log.Exit(crmexit.Error)
		}
		m.terminal, m.errors = openTerminal(w.stdin, w.stdout), w.stderr
		w.stdout, w.stderr = m.terminal, m.terminal
	}
	if m.out, err = o.Open(args, w.stdout, w.stderr); err != nil {
		m.out = nil
		return m.end(crmexit.Error, err)
	}
	if o.daemon {
		if o.agent == nil && o.format == console {
			return m.end(crmexit.Usage, mistake("--daemonize requires --output-as=[html|text|xml]"))
		}
		if code, done := m.background(); done {
			return m.log.Exit(code)
		}
	}
	if err := m.check(); err != nil {
		return m.end(crmexit.Usage, err)
	}
	switch {
	case o.Version:
		m.out.Version()
		return m.end(crmexit.OK, nil)
	case !o.oneShot:
		return m.end(m.watch(ctx))
	}
	code, err := m.once(ctx)
	if o.daemon {
		// The reference's output of a daemon that has nothing to wait for is not ended.
		m.flush()
		return m.log.Exit(code)
	}
	return m.end(code, err)
}

// prepare completes the options by where the CIB comes from and by each other.
func (m *monitor) prepare() error {
	o := m.options
	if !o.Version {
		if o.quiet {
			o.own = append(o.own, choice{true, "times"})
		}
		if o.watchFencing {
			_ = o.setFenceLevel("", "0", true) // is a level
			o.fencing = true
		}
		m.source = sourceOfCIB()
		if m.source != cluster {
			_ = o.setFenceLevel("", "0", true) // is a level
		}
		o.oneShot = o.oneShot || m.source == file
		switch {
		case o.oneShot && o.format == console:
			o.format = plain
		case o.oneShot:
		case o.daemon && (o.OutputTo == nil || *o.OutputTo == "-") && o.agent == nil:
			return mistake("--daemonize requires at least one of --output-to and --external-agent")
		}
	}
	o.reconcile()
	o.complete()
	if o.format.isHTML() {
		// Others need not change the page.
		syscall.Umask(syscall.S_IWGRP | syscall.S_IWOTH)
	}
	return nil
}

// check completes the options once there is an output, which errors go to.
func (m *monitor) check() error {
	o := m.options
	o.sections = o.format.defaults()
	if err := o.choose(o.own); err != nil {
		return err
	}
	if err := o.choose(o.user); err != nil {
		return err
	}
	if o.Version {
		return nil
	}
	if o.format == cgi {
		switch {
		case m.source == file:
			return mistake("CGI mode used with CIB file")
		case o.agent != nil:
			return mistake("CGI mode cannot be used with --external-agent")
		case o.daemon:
			return mistake("CGI mode cannot be used with -d")
		}
	}
	if o.format == xml {
		o.detail |= xmlDetail
		o.oneShot = o.oneShot || !o.daemon
	}
	m.announce()
	return nil
}

// announce has a page in a file loaded again and again.
func (m *monitor) announce() {
	if page, ok := m.out.(pcmktool.Page); ok && m.toFile() {
		page.Header("meta", "http-equiv", "refresh", "content", strconv.Itoa(int(m.every/time.Second)))
	}
}

// end ends the run with a status, and says what went wrong.
func (m *monitor) end(code crmexit.Code, err error) int {
	if m.terminal != nil {
		// Errors are to be seen after the screen has gone.
		m.terminal.close()
		m.stdout, m.stderr = m.terminal.out, m.errors
		m.out, _ = (&pcmktool.Common{Fancy: true}).Open(m.args, m.stdout, m.stderr) // text can be had
	}
	if m.written {
		return m.log.Exit(code)
	}
	if code == crmexit.Usage && (m.format == console || m.format == plain) {
		// Unlike the help that is asked for it is not made fit for the locale.
		fmt.Fprint(m.stderr, strings.Replace(m.context.Usage(false), "[OPTION?]", "[OPTION…]", 1))
	}
	name := pcmktool.Program(m.args)
	if m.out == nil {
		fmt.Fprintf(m.stderr, "%s: %v\n", name, err)
		return m.log.Exit(code)
	}
	var silent cibinput.Failure
	if err != nil && (!errors.As(err, &silent) || silent.Text != "") {
		m.out.Err("%s: %v", name, err)
	}
	if m.out.Finish(code) != nil && code == crmexit.OK {
		code = crmexit.IOErr
	}
	return m.log.Exit(code)
}
