package agent

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/child"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/lrmd"
	"github.com/ringmaster-ha/ringmaster/lrmd/wire"
)

// Alert is one run of an alert agent.
type Alert struct {
	ID, Path string
	Timeout  int // milliseconds
	UID, GID uint32
	Params   []wire.Param // become its environment
}

// StartAlert runs an alert agent and calls done with its result, from another goroutine.
// Alerts do not wait for each other (services_alert_async).
func (r *Runner) StartAlert(a *Alert, done func(*lrmd.Result)) {
	r.wait.Go(func() { done(r.alert(a)) })
}

func (r *Runner) alert(a *Alert) *lrmd.Result {
	op := &lrmd.Operation{RscID: a.ID, Class: lrmd.ClassAlert, Timeout: a.Timeout}
	if _, err := os.Stat(a.Path); err != nil {
		errno := child.Errno(err)
		r.logf(loglevel.Info, "services__execute_file", "Cannot execute '%s': %s | stat rc=%d", a.Path, errorText(errno), int(errno))
		return execError(op, a.Path, errno)
	}
	v := variablesOf(r.o.Env)
	for _, p := range a.Params {
		v.set(p.Name, p.Value)
	}
	p := child.Program{
		Path: a.Path, Args: []string{a.Path}, Env: v.list(), UID: a.UID, GID: a.GID,
		Timeout: time.Duration(a.Timeout) * time.Millisecond, Lingers: r.lingers(a.ID),
	}
	end, err := run(context.Background(), &p)
	var errno syscall.Errno
	if errors.As(err, &errno) {
		r.logf(loglevel.Error, "action_launch_child", "Unable to execute %s: %s", a.ID, errorText(errno))
		return exitBefore(op, execError(op, a.Path, errno).Code, "")
	}
	return r.ended(op, &end)
}
