package pacemakerd

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/account"
	qb "github.com/ringmaster-ha/ringmaster/internal/qb/client"
	"github.com/ringmaster-ha/ringmaster/internal/root"
	"github.com/ringmaster-ha/ringmaster/pacemakerd/engine"
)

// Start is the core's Host's.
func (s *server) Start(d *engine.Daemon) (pid int, err error) {
	cmd := &exec.Cmd{Path: programPath(d.Name), Args: []string{programPath(d.Name)}, SysProcAttr: &syscall.SysProcAttr{Setsid: true}}
	if root.Dir() != "" {
		if cmd.Path, err = os.Executable(); err != nil {
			return 0, err
		}
		cmd.Args[0] = d.Name
	} else if d.AsCluster {
		if cmd.SysProcAttr.Credential, err = credential(); err != nil {
			return 0, err
		}
		s.logf(loglevel.Info, "start_child", "Using uid=%d and group=%d for process %s", cmd.SysProcAttr.Credential.Uid, cmd.SysProcAttr.Credential.Gid, d.Name)
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	go func() {
		_ = cmd.Wait() // how it ended is in its state
		sig, core, code := signalled(cmd.ProcessState.Sys().(syscall.WaitStatus))
		s.act(func(now time.Time) { s.core.Exited(now, cmd.Process.Pid, sig, core, code) })
	}()
	return cmd.Process.Pid, nil
}

// credential is the cluster's user, with the groups that the system gives it.
func credential() (*syscall.Credential, error) {
	a := account.Cluster()
	if !a.Known {
		return nil, errors.New("there is no user " + account.ClusterUser)
	}
	c := &syscall.Credential{Uid: a.UID, Gid: a.GID, Groups: []uint32{a.GID}}
	u, err := user.Lookup(account.ClusterUser)
	if err != nil {
		return nil, err
	}
	ids, err := u.GroupIds()
	if err != nil {
		return c, nil // its own group will do
	}
	for _, text := range ids {
		if id, err := strconv.ParseUint(text, 10, 32); err == nil && uint32(id) != a.GID {
			c.Groups = append(c.Groups, uint32(id))
		}
	}
	return c, nil
}

// Signal is the core's Host's.
func (s *server) Signal(pid int, sig engine.Signal) error {
	return syscall.Kill(pid, syscall.Signal(sig))
}

// Probe is the core's Host's.
func (s *server) Probe(daemon, pid int) {
	go func() {
		f := look(s.ctx, &engine.Daemons[daemon], pid)
		s.act(func(now time.Time) { s.core.Probed(now, daemon, pid, f) })
	}()
}

// probeTime is how long a daemon may take to accept a client.
const probeTime = time.Second

// look finds out whether a daemon's service is offered, and by whom.
func look(ctx context.Context, d *engine.Daemon, pid int) engine.Finding {
	f := engine.Finding{Liveness: engine.Gone, TrackedIsDaemon: runs(pid, d.Name)}
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	conn, err := qb.Dial(ctx, d.Endpoint, qb.Options{SocketDir: root.SocketDir()})
	if err == nil {
		defer conn.Close()
		owner := conn.Server()
		if !rightful(d, owner) {
			f.Liveness = engine.Unauthorized
			return f
		}
		f.Liveness, f.Owner, f.OwnerIsDaemon = engine.Alive, owner.PID, runs(owner.PID, d.Name)
		return f
	}
	if f.TrackedIsDaemon {
		f.Liveness = engine.PIDOnly
	}
	return f
}

// rightful tells whether who offers a service may.
func rightful(d *engine.Daemon, owner qb.Server) bool {
	if owner.UID == 0 || root.Dir() != "" {
		return true
	}
	a := account.Cluster()
	return d.AsCluster && a.Known && (owner.UID == a.UID || owner.GID == a.GID)
}

// runs tells whether a process runs a program (pcmk__pid_active).
func runs(pid int, program string) bool {
	if pid <= 1 {
		return false
	}
	dir := filepath.Join("/proc", strconv.Itoa(pid))
	if exe, err := os.Readlink(filepath.Join(dir, "exe")); err == nil && filepath.Base(strings.TrimSuffix(exe, " (deleted)")) == program {
		return true
	}
	line, err := os.ReadFile(filepath.Join(dir, "cmdline"))
	first, _, _ := strings.Cut(string(line), "\x00")
	return err == nil && filepath.Base(first) == program
}

const (
	adoptTries = 4
	adoptPause = 250 * time.Millisecond
)

// adopt finds daemons that run already (find_and_track_existing_processes).
func (s *server) adopt() crmexit.Code {
	const function = "find_and_track_existing_processes"
	found := map[int]bool{}
	for try := 1; try <= adoptTries; try++ {
		wait := false
		for i := range engine.Daemons {
			d := &engine.Daemons[i]
			if found[i] {
				continue
			}
			switch f := look(s.ctx, d, 0); f.Liveness {
			case engine.Alive:
				found[i] = true
				s.mu.Lock()
				s.core.Adopt(i, f.Owner)
				s.mu.Unlock()
			case engine.Unauthorized:
				s.logf(loglevel.Crit, function, "Checked liveness of %s: %v | rc=%d", d.Name, crmexit.RCIPCUnauthorized, int(crmexit.RCIPCUnauthorized))
				return crmexit.CantCreat
			}
		}
		if !wait {
			break
		}
		time.Sleep(adoptPause)
	}
	return crmexit.OK
}
