package agent

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/child"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/iso8601"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/secrets"
	"github.com/ringmaster-ha/ringmaster/lrmd"
	"github.com/ringmaster-ha/ringmaster/lrmd/wire"
)

// Where agents are; OCFPath is for those of OCF.
const (
	OCFPath      = "/usr/lib/ocf/resource.d"
	lsbDir       = "/etc/init.d"
	heartbeatDir = "/etc/ha.d/resource.d"
	secretsDir   = secrets.Dir
)

// Options of a Runner.
type Options struct {
	// Env is what agents inherit, os.Environ for one.
	Env []string
	// Log is where their output goes, and what they are not content with.
	Log loglevel.Logger
	// Path moves a path below another root; nil for none.
	Path func(string) string
	// Units are systemd's; nil for none.
	Units *Units
}

// Runner runs agents, each in a goroutine of its own. It may be used by several.
type Runner struct {
	o    Options
	wait sync.WaitGroup

	mu    sync.Mutex
	kills map[lrmd.Token]context.CancelFunc
}

// New makes a Runner.
func New(o Options) *Runner {
	if o.Path == nil {
		o.Path = func(p string) string { return p }
	}
	o.Env = Override(o.Env, nil)
	return &Runner{o: o, kills: map[lrmd.Token]context.CancelFunc{}}
}

// Start runs an operation and calls done when it has ended, from another goroutine.
func (r *Runner) Start(token lrmd.Token, op *lrmd.Operation, done func(lrmd.Token, *lrmd.Result)) {
	ctx, kill := context.WithCancel(context.Background())
	r.mu.Lock()
	r.kills[token] = kill
	r.mu.Unlock()
	r.wait.Go(func() {
		defer kill()
		res := r.run(ctx, op)
		r.mu.Lock()
		delete(r.kills, token)
		r.mu.Unlock()
		done(token, res)
	})
}

// Kill ends an operation that was started, if it has not ended.
func (r *Runner) Kill(token lrmd.Token) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if kill, ok := r.kills[token]; ok {
		kill()
		delete(r.kills, token)
	}
}

func (r *Runner) logf(level loglevel.Level, function, format string, args ...any) {
	if r.o.Log.Enabled(level) {
		loglevel.LogfAt(r.o.Log, level, function, format, args...)
	}
}

func (r *Runner) run(ctx context.Context, op *lrmd.Operation) *lrmd.Result {
	a := *op
	if lrmd.Is(a.Class, lrmd.ClassService) {
		a.Class = r.expand(op)
	}
	if res := r.check(&a); res != nil {
		return res
	}
	if lrmd.Is(a.Class, lrmd.ClassSystemd) {
		return r.o.Units.run(&a, ctx.Done())
	}
	path, errno := r.find(&a)
	if errno != 0 {
		r.logf(loglevel.Info, "services__create_resource_action", "Cannot prepare %s operation for %s: %s", a.Action, a.RscID, errorText(errno))
		res := execError(&a, a.Type, errno)
		res.Unprepared = true
		return res
	}
	return r.script(ctx, &a, path)
}

// ServiceClass is the class that an agent of class service has, "" if there is none of that name
// (resources_find_service_class).
func (r *Runner) ServiceClass(agent string) string {
	if _, err := os.Stat(r.full(lsbDir, agent)); err == nil {
		return lrmd.ClassLSB
	}
	if r.o.Units.exists(agent) {
		return lrmd.ClassSystemd
	}
	return ""
}

// expand is that class, lsb if there is none (expand_resource_class).
func (r *Runner) expand(op *lrmd.Operation) string {
	const function = "expand_resource_class"
	class := r.ServiceClass(op.Type)
	if class == "" {
		r.logf(loglevel.Info, function, "Assuming resource class lsb for agent %s for %s", op.Type, op.RscID)
		return lrmd.ClassLSB
	}
	r.logf(loglevel.Debug, function, "Found %s agent %s for %s", class, op.Type, op.RscID)
	return class
}

// check is the result of an operation that lacks something, or nil
// (required_argument_missing).
func (r *Runner) check(op *lrmd.Operation) *lrmd.Result {
	if op.RscID != "" && op.Class != "" && op.Type != "" && op.Action != "" && (op.Provider != "" || !lrmd.HasProvider(op.Class)) {
		return nil
	}
	return &lrmd.Result{
		Class: op.Class, Code: genericError(op), Status: lrmd.FailedFatal,
		Reason: "Required agent or action information missing", Unprepared: true,
	}
}

// full is where an agent is: in a folder, or where its name says.
func (r *Runner) full(dir, agent string) string {
	if strings.HasPrefix(agent, "/") {
		return agent
	}
	return filepath.Join(r.o.Path(dir), agent)
}

// find is the file of an agent; ENOENT is one that is not there, or a class that there is
// not.
func (r *Runner) find(op *lrmd.Operation) (path string, errno syscall.Errno) {
	switch {
	case lrmd.Is(op.Class, lrmd.ClassOCF):
		path = filepath.Join(r.o.Path(OCFPath), op.Provider, op.Type)
		if _, err := os.Stat(path); err != nil {
			return "", syscall.ENOENT
		}
		return path, 0
	case lrmd.Is(op.Class, lrmd.ClassLSB):
		return r.full(lsbDir, op.Type), 0
	case lrmd.Is(op.Class, lrmd.ClassHeartbeat):
		return r.full(heartbeatDir, op.Type), 0
	}
	r.logf(loglevel.Info, "services__create_resource_action", "Unknown resource standard: %s", op.Class)
	return "", syscall.ENOENT
}

// script runs an agent that is a file (services__execute_file).
func (r *Runner) script(ctx context.Context, op *lrmd.Operation, path string) *lrmd.Result {
	if _, err := os.Stat(path); err != nil {
		errno := child.Errno(err)
		r.logf(loglevel.Info, "services__execute_file", "Cannot execute '%s': %s | stat rc=%d", path, errorText(errno), int(errno))
		return execError(op, path, errno)
	}
	var params []wire.Param
	if lrmd.HasParams(op.Class) {
		var err error
		params, err = reveal(r.o.Path(secretsDir), op.RscID, op.Params, func(format string, args ...any) {
			r.logf(loglevel.Error, "pcmk__substitute_secrets", format, args...)
		})
		if err != nil && op.Action != "stop" {
			r.logf(loglevel.Error, "action_launch_child", "Considering %s unconfigured because unable to load CIB secrets", op.RscID)
			return exitBefore(op, int(lrmd.InvalidParam), "Unable to load CIB secrets")
		} else if err != nil {
			r.logf(loglevel.Info, "action_launch_child", "Proceeding with stop operation for %s despite being unable to load CIB secrets", op.RscID)
		}
	}
	p := child.Program{
		Path: path, Args: []string{path, op.Action}, Env: environment(r.o.Env, op, params),
		Timeout: time.Duration(op.Timeout) * time.Millisecond, LeaveGroup: op.LeaveGroup,
		Lingers: r.lingers(op.Key()),
	}
	if lrmd.Is(op.Class, lrmd.ClassHeartbeat) {
		p.Args = append(append([]string{path}, heartbeatArgs(params)...), op.Action)
	}
	end, err := run(ctx, &p)
	if err != nil {
		errno := child.Errno(err)
		r.logf(loglevel.Error, "action_launch_child", "Unable to execute %s: %s", op.Key(), errorText(errno))
		return exitBefore(op, execError(op, path, errno).Code, "Child process was unable to execute file")
	}
	return r.ended(op, &end)
}

func (r *Runner) lingers(key string) func(pid int) {
	return func(pid int) {
		r.logf(loglevel.Warning, "child_timeout_callback", "%s process (PID %d) will not die!", key, pid)
	}
}

// exitBefore is the result of an agent that was not reached: as if it had exited so, with
// a reason if it is OCF's (exit_child).
func exitBefore(op *lrmd.Operation, code int, reason string) *lrmd.Result {
	res := &lrmd.Result{Class: op.Class, Code: code, Status: lrmd.Done}
	if op.Class == lrmd.ClassOCF {
		res.Stderr = reasonPrefix + reason + "\n"
		res.Reason = reason
	}
	return res
}

// ended is what the end of an agent means (async_action_complete).
func (r *Runner) ended(op *lrmd.Operation, end *ending) *lrmd.Result {
	const function = "async_action_complete"
	res := &lrmd.Result{Class: op.Class, PID: end.pid, Stdout: end.stdout, Stderr: end.stderr}
	key := op.Key()
	switch {
	case end.Status.Exited():
		res.Code, res.Status = end.Status.ExitStatus(), lrmd.Done
		r.logf(loglevel.Debug, function, "%s[%d] exited with status %d", key, end.pid, res.Code)
		r.logOutput(loglevel.Info, fmt.Sprintf("%s[%d] error output", key, end.pid), end.stderr)
		r.logOutput(loglevel.Debug, fmt.Sprintf("%s[%d] output", key, end.pid), end.stdout)
		if op.Class == lrmd.ClassOCF {
			res.Reason = reasonOf(end.stderr)
		}
		if lrmd.Is(op.Class, lrmd.ClassHeartbeat) && op.Action == "status" {
			res.Code = heartbeatStatus(end.stdout)
		}
	case end.TimedOut:
		limit := iso8601.ReadableInterval(uint(op.Timeout))
		r.logf(loglevel.Info, function, "%s %s[%d] timed out after %s", kind(op), key, end.pid, limit)
		res.Code, res.Status = genericError(op), lrmd.TimedOut
		res.Reason = kind(op) + " did not complete within " + limit
	default:
		sig := end.Status.Signal()
		r.logf(loglevel.Info, function, "%s[%d] terminated with signal %d (%s)", key, end.pid, int(sig), signalName(sig))
		res.Code, res.Status = int(lrmd.UnknownError), lrmd.Failed
		res.Reason = kind(op) + " interrupted by " + signalName(sig) + " signal"
	}
	return res
}

// heartbeatStatus is the exit status that an LSB script would have, for what one of
// Heartbeat's prints.
func heartbeatStatus(stdout string) int {
	s := strings.ToLower(stdout)
	if !strings.Contains(s, "stopped") && !strings.Contains(s, "not running") &&
		(strings.Contains(s, "running") || strings.Contains(s, "ok")) {
		return lrmd.LSBStatusOK
	}
	return lrmd.LSBStatusNotRunning
}

func (r *Runner) logOutput(level loglevel.Level, prefix, output string) {
	if output == "" || !r.o.Log.Enabled(level) {
		return
	}
	for line := range strings.Lines(output) {
		r.logf(level, "log_op_output", "%s [ %s ]", prefix, strings.TrimSuffix(line, "\n"))
	}
}

func kind(op *lrmd.Operation) string {
	if op.Class == lrmd.ClassAlert {
		return "Alert agent"
	}
	return "Resource agent"
}

// errorText is what an error is called (pcmk_rc_str).
func errorText(errno syscall.Errno) string { return crmexit.RC(errno).String() }

func isLSBStatus(op *lrmd.Operation) bool {
	return lrmd.Is(op.Class, lrmd.ClassLSB) && strings.EqualFold(op.Action, "status")
}

func genericError(op *lrmd.Operation) int {
	if isLSBStatus(op) {
		return lrmd.LSBStatusUnknown
	}
	return int(lrmd.UnknownError)
}

// execError is the result of an agent that could not be run (services__handle_exec_error).
func execError(op *lrmd.Operation, name string, errno syscall.Errno) *lrmd.Result {
	res := &lrmd.Result{Class: op.Class, Status: lrmd.Failed, Reason: name + ": " + errorText(errno)}
	switch errno {
	case syscall.ENOENT, syscall.EISDIR, syscall.ENOTDIR, syscall.EINVAL, syscall.ENOEXEC:
		res.Code, res.Status = int(lrmd.NotInstalled), lrmd.AgentNotInstalled
		if isLSBStatus(op) {
			res.Code = lrmd.LSBStatusNotInstalled
		}
	case syscall.EACCES, syscall.EPERM:
		res.Code = int(lrmd.InsufficientPriv)
		if isLSBStatus(op) {
			res.Code = lrmd.LSBStatusInsufficientPriv
		}
	default:
		res.Code, res.Reason = genericError(op), errorText(errno)
	}
	return res
}

// signalName is what the C library calls a signal (strsignal).
func signalName(sig syscall.Signal) string {
	const firstRealTime = 34
	switch name := sig.String(); {
	case sig >= firstRealTime:
		return fmt.Sprintf("Real-time signal %d", int(sig)-firstRealTime)
	case strings.HasPrefix(name, "signal "):
		return "Unknown " + name
	default:
		return strings.ToUpper(name[:1]) + name[1:]
	}
}
