package agent

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ringmaster-ha/ringmaster/internal/child"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/iso8601"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/stonithd/wire"
)

// Dir is where the agents are, and Plugins those of cluster-glue.
const (
	Dir     = "/usr/sbin"
	Plugins = "/usr/lib/stonith/plugins"
	Glue    = "/usr/sbin/stonith"
)

// Runner runs agents. Its methods may be called from several goroutines.
type Runner struct {
	Dir     string // instead of the constant of that name, if not empty
	Plugins string
	Glue    string // the tool stonith
	Log     loglevel.Logger
	// Deferred says that who calls does not wait for an agent as the reference's tools do, but has
	// the result come to it, as its fencer does. What it says of one that takes too long is
	// different then (services_linux.c).
	Deferred bool
	// Errors, if not nil, is where the reference says some errors whatever its log shows
	// (crm_perror).
	Errors io.Writer
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func (r *Runner) logf(level loglevel.Level, where, format string, args ...any) {
	if r.Log != nil {
		loglevel.LogfAt(r.Log, level, where, format, args...)
	}
}

// maxOutput is how much of an agent's output is kept, of each stream, in bytes.
const maxOutput = 16 << 20

// retryPause is between two runs of an agent that fails.
const retryPause = time.Second

// share of the time after which an agent that fails is not run again.
const share = 0.7

// Run runs an agent within a time. One that fails is run again if the device allows it and
// most of the time is left. That ctx ends kills the agent and is a cancelled action.
func (r *Runner) Run(ctx context.Context, c *Call, limit time.Duration) wire.Result {
	return r.Start(c, limit)(ctx)
}

// Start is the first half of Run: the agent begins before it returns, if it can. The other half waits for the
// result, and has to be called, from any goroutine.
func (r *Runner) Start(c *Call, limit time.Duration) (wait func(ctx context.Context) wire.Result) {
	start := time.Now()
	args := Arguments(c)
	if id, ok := args.Get("nodeid"); ok && c.NodeID != 0 && c.Target != "" {
		action, _ := args.Get("action")
		r.logf(loglevel.Info, "make_args", "Passing '%s' as nodeid with fence action '%s' targeting %s", id, action, c.Target)
	}
	stdin := args.Stdin()
	first := r.once(c, stdin, limit)
	return func(ctx context.Context) wire.Result {
		result := first(ctx)
		for try := 1; ; try++ {
			spent := time.Since(start)
			if result.Exit == crmexit.OK || result.Exec == wire.ExecTimeout || result.Exec == wire.ExecCancelled {
				return result
			}
			if try >= c.Tries() {
				r.logf(loglevel.Info, "update_remaining_timeout", "Attempted to execute agent %s (%s) the maximum number of times (%d) allowed", c.Agent, c.Action, c.Tries())
				return result
			}
			if spent >= time.Duration(share*float64(limit)) {
				return result
			}
			left := limit - spent.Truncate(time.Second) // the reference counts whole ones
			r.logf(loglevel.Info, "internal_stonith_action_execute", "Attempt %d to execute %s (%s). remaining timeout is %d", try+1, c.Agent, c.Action, int(left.Seconds()))
			select {
			case <-time.After(retryPause):
			case <-ctx.Done():
				return result
			}
			result = r.once(c, stdin, left)(ctx)
		}
	}
}

// once starts the agent; what it returns waits for its end.
func (r *Runner) once(c *Call, stdin string, limit time.Duration) (wait func(ctx context.Context) wire.Result) {
	path := filepath.Join(or(r.Dir, Dir), filepath.Base(c.Agent))
	notStarted := func(err error) func(context.Context) wire.Result {
		return func(context.Context) wire.Result { return notRun(path, err) }
	}
	if _, err := os.Stat(path); err != nil {
		return notStarted(err)
	}
	if limit <= 0 {
		return func(context.Context) wire.Result { return r.late(limit) }
	}
	var stdout, stderr output
	agent, err := (&child.Program{
		Path: path, Args: []string{path}, Env: os.Environ(), Input: stdin, Timeout: limit, Stdout: &stdout, Stderr: &stderr,
	}).Start()
	if err != nil {
		return notStarted(err)
	}
	return func(ctx context.Context) wire.Result {
		end := agent.Wait(ctx)
		result := r.ended(ctx, &end, limit)
		result.Output, result.Errors = stdout.text(), stderr.text()
		if result.Errors != "" {
			for line := range strings.Lines(result.Errors) {
				r.logf(loglevel.Warning, "log_action", "%s[%d] stderr: [ %s ]", c.Agent, agent.PID, strings.TrimSuffix(line, "\n"))
			}
		}
		return result
	}
}

// ended is what the end of an agent means.
func (r *Runner) ended(ctx context.Context, end *child.Ending, limit time.Duration) wire.Result {
	switch {
	case end.Status.Exited():
		return wire.Result{Exit: crmexit.Code(end.Status.ExitStatus()), Exec: wire.ExecDone}
	case end.TimedOut:
		return r.late(limit)
	case ctx.Err() != nil:
		return wire.Result{Exit: crmexit.Error, Exec: wire.ExecCancelled}
	}
	return wire.Result{Exit: crmexit.Error, Exec: wire.ExecError, Reason: fmt.Sprintf("Fence agent interrupted by %s signal", signalText(end.Status.Signal()))}
}

// late is the result of an agent that took too long.
func (r *Runner) late(limit time.Duration) wire.Result {
	if r.Deferred {
		return timeout("Fence agent did not complete within " + iso8601.ReadableInterval(uint(max(limit, 0).Milliseconds())))
	}
	return timeout("Fence agent did not exit within specified timeout")
}

func timeout(reason string) wire.Result {
	return wire.Result{Exit: crmexit.Error, Exec: wire.ExecTimeout, Reason: reason}
}

// signalText is strsignal for those that end agents; Go's own texts begin in lower case.
func signalText(sig syscall.Signal) string {
	s := sig.String()
	if unix.SignalName(sig) == "" || s == "" {
		return fmt.Sprintf("Unknown signal %d", int(sig))
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// notRun is the result of an agent that could not be started (services__handle_exec_error).
func notRun(path string, err error) wire.Result {
	no := child.Errno(err)
	r := wire.Result{Exit: crmexit.Error, Exec: wire.ExecError, Reason: crmexit.RC(no).String()}
	switch no {
	case syscall.ENOENT, syscall.EISDIR, syscall.ENOTDIR, syscall.EINVAL, syscall.ENOEXEC:
		r.Exit, r.Exec, r.Reason = crmexit.NotInstalled, wire.ExecNotInstalled, path+": "+r.Reason
	case syscall.EACCES, syscall.EPERM:
		r.Exit, r.Reason = crmexit.InsufficientPriv, path+": "+r.Reason
	}
	return r
}

// output keeps what comes first.
type output struct{ b bytes.Buffer }

func (o *output) Write(p []byte) (int, error) {
	if room := maxOutput - o.b.Len(); room > 0 {
		o.b.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

// text is the output up to a byte 0, where the reference's strings end.
func (o *output) text() string {
	s, _, _ := strings.Cut(o.b.String(), "\x00")
	return s
}
