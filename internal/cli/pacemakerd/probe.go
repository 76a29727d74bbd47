package pacemakerd

import (
	"context"
	"errors"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ringmaster-ha/ringmaster/cpg"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/account"
	"github.com/ringmaster-ha/ringmaster/internal/qb/client"
	"github.com/ringmaster-ha/ringmaster/internal/root"
	"github.com/ringmaster-ha/ringmaster/pacemakerd/engine"
)

// patience is how long a service may take to answer.
const patience = 2 * time.Second

// Probe finds out whether a daemon lives.
func (h *host) Probe(q engine.Question) {
	n := (*node)(h)
	n.all.Go(func() {
		a := n.probe(q)
		if n.ctx.Err() == nil {
			n.tell(func(now time.Time) { n.engine.Answer(now, a) })
		}
	})
}

func (n *node) probe(q engine.Question) *engine.Answer {
	a := &engine.Answer{Question: q}
	path := command(q.Daemon)
	a.Service, a.Server = n.offered(&engine.Daemons[q.Daemon])
	if q.PID > 0 {
		a.Known = runs(q.PID, path)
	}
	if a.Server > 0 {
		a.Other = runs(a.Server, path)
	}
	if q.Cluster {
		a.Joined = n.joins()
	}
	return a
}

// offered tells who offers a daemon's service (pcmk__ipc_is_authentic_process_active).
func (n *node) offered(d *engine.Daemon) (engine.Service, int) {
	const function = "pcmk__ipc_is_authentic_process_active"
	ctx, cancel := context.WithTimeout(n.ctx, patience)
	defer cancel()
	c, err := client.Dial(ctx, d.Endpoint, client.Options{SocketDir: root.SocketDir()})
	if err != nil {
		if n.ctx.Err() == nil {
			n.logf(loglevel.Info, function, "Could not connect to %s IPC: %v", d.Endpoint, cause(err))
		}
		return engine.Silent, 0
	}
	defer c.Close()
	s := c.Server()
	ids := account.Cluster()
	want := account.IDs{Known: true} // root
	if !d.Root || root.Dir() != "" {
		if want = ids; !want.Known {
			n.logf(loglevel.Error, "child_liveness", "Could not find user and group IDs for user %s", account.ClusterUser)
			return engine.Unknown, 0
		}
	}
	if s.UID != 0 && s.UID != want.UID && s.GID != want.GID {
		n.logf(loglevel.Error, function, "Daemon (IPC %s) effectively blocked with unauthorized process %d (uid: %d, gid: %d)", d.Endpoint, s.PID, s.UID, s.GID)
		return engine.Intruder, s.PID
	}
	if s.UID != want.UID || s.GID != want.GID {
		n.logf(loglevel.Notice, function, "Daemon (IPC %s) runs as %d:%d, whereas the expected credentials are %d:%d, which may mean a different set of privileges than expected",
			d.Endpoint, s.UID, s.GID, want.UID, want.GID)
	}
	return engine.Serving, s.PID
}

// cause is why a service cannot be had, in the reference's words.
func cause(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return errors.New("timeout")
	}
	return reason(err)
}

// joins tells whether corosync lets programs into groups now (pcmkd_corosync_connected).
func (n *node) joins() bool {
	ctx, cancel := context.WithTimeout(n.ctx, patience)
	defer cancel()
	c, err := cpg.Dial(ctx, cpg.Options{SocketDir: root.SocketDir()})
	if err != nil {
		return false
	}
	_ = c.Close()
	return true
}

// runs tells whether a process runs a program (pcmk__pid_active). A file that was replaced
// since, by a newer package, counts.
func runs(pid int, path string) engine.Process {
	err := unix.Kill(pid, 0)
	if errors.Is(err, unix.ESRCH) {
		return engine.Gone
	}
	proc := procDir(pid)
	var program string
	if root.Dir() != "" {
		// All is one file there: the name by which it is run tells.
		b, failed := os.ReadFile(proc + "cmdline")
		if failed != nil {
			return engine.Gone
		}
		program, _, _ = strings.Cut(string(b), "\x00")
	} else {
		link, failed := os.Readlink(proc + "exe")
		switch {
		case errors.Is(failed, unix.EACCES) && err == nil:
			return engine.Alive
		case errors.Is(failed, unix.EACCES):
			return engine.Hidden
		case failed != nil:
			return engine.Gone
		}
		program = strings.TrimSuffix(link, " (deleted)")
	}
	if program != path {
		return engine.Gone
	}
	return engine.Alive
}
