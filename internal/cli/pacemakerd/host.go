package pacemakerd

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/account"
	"github.com/ringmaster-ha/ringmaster/internal/root"
	"github.com/ringmaster-ha/ringmaster/pacemakerd/engine"
)

// daemonDir has the daemons.
const daemonDir = "/usr/lib/pacemaker"

// host is what surrounds the engine.
type host node

func command(d int) string { return root.Path(daemonDir + "/" + engine.Daemons[d].Name) }

// Start starts a daemon (start_child).
func (h *host) Start(d int) (pid int, result engine.Start) {
	const function = "start_child"
	n := (*node)(h)
	about := &engine.Daemons[d]
	path := command(d)
	cmd := &exec.Cmd{Path: path, Args: []string{path}, SysProcAttr: &syscall.SysProcAttr{Setsid: true}}
	switch {
	case root.Dir() != "":
		self, err := os.Executable()
		if err != nil {
			n.logf(loglevel.Crit, function, "Could not execute %s: %v", path, err)
			return 0, engine.Unexecutable
		}
		cmd.Path = self
	case !about.Root && os.Geteuid() == 0:
		ids := account.Cluster()
		if !ids.Known {
			n.logf(loglevel.Error, function, "Invalid user (%s) for %s: not found", account.ClusterUser, about.Name)
			return 0, engine.NoUser
		}
		n.logf(loglevel.Info, function, "Using uid=%d and group=%d for process %s", ids.UID, ids.GID, about.Name)
		groups, err := account.Groups(account.ClusterUser, ids.GID)
		if err != nil {
			n.logf(loglevel.Error, function, "Cannot initialize groups for %s: %v", account.ClusterUser, err)
		}
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: ids.UID, Gid: ids.GID, Groups: groups}
	}
	switch err := cmd.Start(); {
	case err == nil:
	case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.ENOMEM), errors.Is(err, unix.EMFILE), errors.Is(err, unix.ENFILE):
		n.logf(loglevel.Error, function, "Could not start %s: %v", path, err)
		return 0, engine.NotNow
	default:
		n.logf(loglevel.Crit, function, "Could not execute %s: %v", path, err)
		return 0, engine.Unexecutable
	}
	pid = cmd.Process.Pid
	go func() { // ends with the daemon, which may outlive us
		_ = cmd.Wait() // its state says it
		x := exitOf(cmd.ProcessState)
		n.tell(func(now time.Time) { n.engine.Exited(now, d, pid, x) })
	}()
	return pid, engine.Started
}

// exitOf is how a process has ended.
func exitOf(s *os.ProcessState) engine.Exit {
	ws, ok := s.Sys().(syscall.WaitStatus)
	switch {
	case !ok:
		return engine.Exit{Code: int(crmexit.Error)}
	case ws.Signaled():
		return engine.Exit{Signal: int(ws.Signal()), Name: signalName(ws.Signal()), Core: ws.CoreDump()}
	}
	return engine.Exit{Code: ws.ExitStatus()}
}

// signalName is what the C library calls a signal: Go begins with a small letter.
func signalName(s syscall.Signal) string {
	text := s.String()
	return strings.ToUpper(text[:1]) + text[1:]
}

// Signal sends a signal.
func (h *host) Signal(pid int, s engine.Signal) error {
	if err := unix.Kill(pid, syscall.Signal(s)); err != nil {
		return reason(err)
	}
	return nil
}

// Respawning tells daemons that they are not the first of their kind.
func (h *host) Respawning() { _ = os.Setenv("PCMK_respawned", "true") }

// Done ends the program.
func (h *host) Done(code crmexit.Code, o engine.Outcome) {
	h.code, h.outcome = code, o
	h.cancel()
}

// reason is an error of the operating system as the reference says it.
func reason(err error) error {
	var no syscall.Errno
	if errors.As(err, &no) {
		return errors.New(crmexit.RC(no).String())
	}
	return err
}
