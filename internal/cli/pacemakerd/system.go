package pacemakerd

import (
	"errors"
	"io/fs"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/account"
	"github.com/ringmaster-ha/ringmaster/internal/root"
)

// stateDir is for agents; dirs are those that daemons write to: all below it, core files,
// the blackbox, the scheduler's inputs, the CIB.
const stateDir = "/run/crm"

var dirs = []string{
	"/var/lib/pacemaker", "/var/lib/pacemaker/cores", "/var/lib/pacemaker/blackbox", "/var/lib/pacemaker/pengine", "/var/lib/pacemaker/cib",
}

// makeDirs makes the directories of the daemons that are not there, and gives them to the
// cluster's user (create_pcmk_dirs). It is false if there is none.
func (n *node) makeDirs() bool {
	const function = "create_pcmk_dirs"
	ids := account.Cluster()
	if !ids.Known {
		n.logf(loglevel.Error, function, "Cluster user %s does not exist, aborting Pacemaker startup", account.ClusterUser)
		return false
	}
	own := func(dir string) {
		if err := os.Chown(dir, int(ids.UID), int(ids.GID)); err != nil {
			n.logf(loglevel.Warning, "mcp_chown", "Cannot change the ownership of %s to user %s and gid %d: %v", dir, account.ClusterUser, ids.GID, reason(err))
		}
	}
	const mode = 0o750
	dir := root.Path(stateDir)
	if err := os.Mkdir(dir, mode); err != nil && !errors.Is(err, fs.ErrExist) {
		n.logf(loglevel.Warning, function, "Could not create directory %s: %v", dir, reason(err))
	} else {
		own(dir)
	}
	for _, d := range dirs {
		dir := root.Path(d)
		if err := os.MkdirAll(dir, mode); err != nil {
			n.logf(loglevel.Warning, function, "Could not create directory %s: %v", dir, reason(err))
			continue
		}
		own(dir)
	}
	return true
}

// unlimitCores lets the daemons leave cores, as large as may be (remove_core_file_limit).
func (n *node) unlimitCores() {
	const function = "remove_core_file_limit"
	var l unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &l); err != nil {
		n.logf(loglevel.Notice, function, "Unable to check system core file limits (consider ensuring the size is unlimited): %v", reason(err))
		return
	}
	if l.Max == 0 {
		if os.Geteuid() != 0 {
			n.logf(loglevel.Notice, function, "Core dumps are disabled (consider enabling them)")
			return
		}
		l.Max = unix.RLIM_INFINITY
	}
	if l.Cur == l.Max {
		return
	}
	l.Cur = l.Max
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &l); err != nil {
		n.logf(loglevel.Notice, function, "Unable to raise system limit on core file size (consider doing so manually): %v", reason(err))
	}
}

func procDir(pid int) string { return "/proc/" + strconv.Itoa(pid) + "/" }
