package pcmklog

import (
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/logsys"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/env"
)

// DefaultFile is the log that all daemons share.
const DefaultFile = "/var/log/pacemaker/pacemaker.log"

// none is the value that turns a target off.
const none = "none"

// Config says what is logged and where to.
type Config struct {
	Program  string         // "pacemaker-schedulerd"
	Level    loglevel.Level // of the file
	Syslog   bool
	Facility logsys.Facility
	Priority loglevel.Level // of syslog
	File     string         // "" for none
	Stderr   bool
	// Functions are names of functions all of whose lines are logged, with anything
	// between them.
	Functions string
}

// ConfigOf is what the environment of a daemon says (crm_log_init).
func ConfigOf(program string, e env.Lookup) Config {
	c := Config{
		Program:  program,
		Level:    loglevel.Info,
		Syslog:   true,
		Facility: logsys.DefaultFacility,
		Priority: loglevel.Notice,
		File:     DefaultFile,
		Stderr:   e.Enabled(program, "stderr"),
	}
	if e.Enabled(program, "debug") {
		c.Level = loglevel.Debug
	}
	if facility, ok := e.Option("logfacility"); ok {
		if strings.EqualFold(facility, none) {
			c.Syslog = false
		} else if f, ok := logsys.ParseFacility(facility); ok {
			c.Facility = f
		}
	}
	if priority, ok := e.Option("logpriority"); ok {
		if p, ok := logsys.ParsePriority(priority); ok {
			c.Priority = p
		}
	}
	if file, ok := e.Option("logfile"); ok {
		c.File = file
	}
	if strings.EqualFold(c.File, none) || c.File == "/dev/null" {
		c.File = ""
	}
	c.Functions, _ = e.Option("trace_functions")
	return c
}
