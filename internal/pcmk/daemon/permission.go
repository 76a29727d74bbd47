package daemon

import (
	"io/fs"
	"os"
	"syscall"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/account"
)

// CanWrite tells whether a directory belongs to the cluster's user or group and can be
// written to by it; if not, it says so (pcmk__daemon_can_write).
func (d *Daemon) CanWrite(dir string) bool {
	const function = "pcmk__daemon_can_write"
	st, err := os.Stat(dir)
	if err != nil {
		d.Log.LogfAt(loglevel.Error, function, "%s not found: %v", dir, err)
		return false
	}
	sys, ok := st.Sys().(*syscall.Stat_t)
	if !ok || !st.IsDir() {
		d.Log.LogfAt(loglevel.Error, function, "%s must be a directory", dir)
		return false
	}
	if writable(st.Mode(), sys.Uid, sys.Gid, account.Cluster()) {
		return true
	}
	d.Log.LogfAt(loglevel.Error, function, "%s must be owned and writable by either user %s or group %s | st_mode=0%o",
		dir, account.ClusterUser, account.ClusterGroup, sys.Mode)
	return false
}

// writable tells whether what belongs to uid and gid is the cluster's, and its user or
// group may read or write it: the reference is content with either.
func writable(mode fs.FileMode, uid, gid uint32, cluster account.IDs) bool {
	const byUser, byGroup = 0o600, 0o060
	return cluster.Known && (uid == cluster.UID && mode&byUser != 0 || gid == cluster.GID && mode&byGroup != 0)
}
