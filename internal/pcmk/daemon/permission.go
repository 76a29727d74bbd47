package daemon

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/account"
)

// CanWrite tells whether a directory belongs to the cluster's user or group and can be
// written to by it; if not, it says so (pcmk__daemon_can_write).
func (d *Daemon) CanWrite(dir string) bool {
	const function = "pcmk__daemon_can_write"
	st, err := os.Stat(dir)
	if err != nil {
		d.Log.LogfAt(loglevel.Error, function, "%s not found: %v", dir, reason(err))
		return false
	}
	sys, ok := st.Sys().(*syscall.Stat_t)
	if !ok || !st.IsDir() {
		d.Log.LogfAt(loglevel.Error, function, "%s must be a directory", dir)
		return false
	}
	return d.allow(dir, st, sys)
}

// CanWriteFile is CanWrite for a file of a directory that is there; for one that is not, the
// directory counts.
func (d *Daemon) CanWriteFile(dir, name string) bool {
	const function = "pcmk__daemon_can_write"
	path := filepath.Join(dir, name)
	st, err := os.Stat(path)
	if err != nil {
		d.Log.LogfAt(loglevel.Notice, function, "%s not found: %v", path, reason(err))
		return d.CanWrite(dir)
	}
	sys, ok := st.Sys().(*syscall.Stat_t)
	if !ok || !st.Mode().IsRegular() {
		d.Log.LogfAt(loglevel.Error, function, "%s must be a regular file | st_mode=0%o", path, st.Mode())
		return false
	}
	return d.allow(path, st, sys)
}

// reason is an error of the operating system as the reference says it.
func reason(err error) error {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return err
	}
	return errors.New(crmexit.RC(errno).String())
}

// allow tells whether a file or directory is the cluster's; if not, it says so.
func (d *Daemon) allow(path string, st fs.FileInfo, sys *syscall.Stat_t) bool {
	if writable(st.Mode(), sys.Uid, sys.Gid, account.Cluster()) {
		return true
	}
	d.Log.LogfAt(loglevel.Error, "pcmk__daemon_can_write", "%s must be owned and writable by either user %s or group %s | st_mode=0%o",
		path, account.ClusterUser, account.ClusterGroup, sys.Mode)
	return false
}

// writable tells whether what belongs to uid and gid is the cluster's, and its user or
// group may read or write it: the reference is content with either.
func writable(mode fs.FileMode, uid, gid uint32, cluster account.IDs) bool {
	const byUser, byGroup = 0o600, 0o060
	return cluster.Known && (uid == cluster.UID && mode&byUser != 0 || gid == cluster.GID && mode&byGroup != 0)
}
