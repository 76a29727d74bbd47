package pcmklog

import (
	"bytes"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/logsys"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/env"
)

const program = "pacemaker-schedulerd"

func config(vars map[string]string) Config {
	return ConfigOf(program, env.Lookup(func(name string) (string, bool) { v, ok := vars[name]; return v, ok }))
}

func TestConfig(t *testing.T) {
	local3, _ := logsys.ParseFacility("local3")
	normal := Config{Program: program, Level: loglevel.Info, Syslog: true, Facility: logsys.DefaultFacility, Priority: loglevel.Notice, File: DefaultFile}
	for _, tt := range []struct {
		vars   map[string]string
		change func(*Config)
	}{
		{nil, func(*Config) {}},
		{map[string]string{"PCMK_debug": "yes"}, func(c *Config) { c.Level = loglevel.Debug }},
		{map[string]string{"PCMK_debug": "pacemaker-based"}, func(*Config) {}},
		{map[string]string{"PCMK_logfacility": "None"}, func(c *Config) { c.Syslog = false }},
		{map[string]string{"HA_logfacility": "local3"}, func(c *Config) { c.Facility = local3 }},
		{map[string]string{"PCMK_logfacility": "odd", "PCMK_logpriority": "odd"}, func(*Config) {}},
		{map[string]string{"PCMK_logpriority": "error"}, func(c *Config) { c.Priority = loglevel.Error }},
		{map[string]string{"PCMK_logfile": "/x"}, func(c *Config) { c.File = "/x" }},
		{map[string]string{"PCMK_logfile": "NONE"}, func(c *Config) { c.File = "" }},
		{map[string]string{"PCMK_logfile": "/dev/null"}, func(c *Config) { c.File = "" }},
		{map[string]string{"PCMK_stderr": "1", "PCMK_trace_functions": "f"}, func(c *Config) { c.Stderr, c.Functions = true, "f" }},
	} {
		want := normal
		tt.change(&want)
		if got := config(tt.vars); got != want {
			t.Errorf("%v: %+v, want %+v", tt.vars, got, want)
		}
	}
}

// TestLines has lines as the reference writes them.
func TestLines(t *testing.T) {
	dir := t.TempDir()
	devLog, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(dir, "log"), Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer devLog.Close()
	var stderr bytes.Buffer
	c := config(map[string]string{"PCMK_logfile": filepath.Join(dir, "pacemaker.log"), "PCMK_stderr": "1", "PCMK_trace_functions": "traced"})
	owned := ""
	l := Open(c, Surroundings{
		Stderr: &stderr, DevLog: filepath.Join(dir, "log"), PID: 103, Host: "vm",
		Now: func() time.Time { return time.Date(2026, 11, 2, 17, 18, 18, 579e6, time.UTC) },
		Own: func(f *os.File) error { owned = f.Name(); return nil },
	})
	if owned != c.File {
		t.Errorf("owned %q", owned)
	}
	l.LogfAt(loglevel.Info, "crm_log_init", "Changed active directory to %s", "/x")
	l.LogfAt(loglevel.Notice, "main", "Starting Pacemaker scheduler | with %d", 7)
	l.LogfAt(loglevel.Debug, "main", "silence")
	l.LogfAt(loglevel.Trace, "traced", "a trace")
	l.Logf(loglevel.Error, "%s", strings.Repeat("e", 300))
	l.Close()
	l.Logf(loglevel.Error, "too late")

	long := strings.Repeat("e", 300)
	const prefix = "Nov 02 17:18:18.579 vm pacemaker-schedulerd[103] "
	want := []string{
		"(crm_log_init) \tinfo: Changed active directory to /x",
		"(main) \tnotice: Starting Pacemaker scheduler | with 7",
		"(traced) \ttrace: a trace",
		"() \terror: " + long, "",
	}
	b, err := os.ReadFile(c.File)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(b); got != prefix+strings.Join(want[:4], "\n"+prefix)+"\n" {
		t.Errorf("file:\n%s", got)
	}
	if got := stderr.String(); got != "(pcmk__add_logfile) \tnotice: Additional logging available in "+c.File+"\n"+strings.Join(want, "\n") {
		t.Errorf("stderr:\n%s", got)
	}
	buf := make([]byte, 1000)
	for _, want := range []string{
		"<29>Nov  2 17:18:18 pacemaker-schedulerd[103]:  notice: Additional logging available in " + c.File,
		"<29>Nov  2 17:18:18 pacemaker-schedulerd[103]:  notice: Starting Pacemaker scheduler",
		"<27>Nov  2 17:18:18 pacemaker-schedulerd[103]:  error: " + long[:256-len(" error: ")-3] + "...",
	} {
		n, err := devLog.Read(buf)
		if got := string(buf[:n]); err != nil || got != want {
			t.Errorf("syslog %q, %v, want %q", got, err, want)
		}
	}
}

func TestNoFile(t *testing.T) {
	for name, own := range map[string]func(*os.File) error{
		"pacemaker.log":         func(*os.File) error { return errors.New("not yours") },
		"nowhere/pacemaker.log": nil,
	} {
		var stderr bytes.Buffer
		c := config(map[string]string{"PCMK_logfile": filepath.Join(t.TempDir(), name), "PCMK_stderr": "1"})
		l := Open(c, Surroundings{Stderr: &stderr, DevLog: "/nowhere", Own: own})
		if got := stderr.String(); !strings.HasPrefix(got, "(pcmk__add_logfile) \twarning: Logging to '"+c.File+"' is disabled: ") {
			t.Errorf("%s: %q", name, got)
		}
		if !l.Enabled(loglevel.Info) || l.Enabled(loglevel.Debug) {
			t.Error("levels")
		}
		l.Close()
	}
}
