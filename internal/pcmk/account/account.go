// Package account knows the account that Pacemaker's daemons run as, and the names of
// users that access control lists are about.
//
// Users and groups are looked up in /etc/passwd and /etc/group: programs are linked
// without the C library, so a user that is only in a directory service has no name here.
// Any daemon or tool imports it.
package account

import (
	"os"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/ringmaster-ha/ringmaster/internal/root"
)

// The account that Pacemaker's daemons run as.
const (
	ClusterUser  = "hacluster"
	ClusterGroup = "haclient"
)

// Unprivileged stands for the name of a user that has none.
const Unprivileged = "#unprivileged"

// IDs are those of ClusterUser and its group. Where Known is false there is no such user,
// and nobody is.
type IDs struct {
	UID, GID uint32
	Known    bool
}

// Cluster looks ClusterUser up, once (pcmk_daemon_user). A node that lives in a folder
// (package root) belongs to whoever runs it.
var Cluster = sync.OnceValue(func() IDs {
	if root.Dir() != "" {
		return IDs{uint32(os.Geteuid()), uint32(os.Getegid()), true}
	}
	u, err := user.Lookup(ClusterUser)
	if err != nil {
		return IDs{}
	}
	uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
	gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
	return IDs{uint32(uid), uint32(gid), err1 == nil && err2 == nil}
})

// Name is the name of a user, or Unprivileged and false.
func Name(uid uint32) (name string, ok bool) {
	u, err := user.LookupId(strconv.FormatUint(uint64(uid), 10))
	if err != nil {
		return Unprivileged, false
	}
	return u.Username, true
}

// groupFile has the system's groups.
const groupFile = "/etc/group"

// InGroup tells whether a group lists a user among its members; the user's own group does
// not count (is_user_in_group of lib/common/acl.c).
func InGroup(name, group string) bool {
	b, err := os.ReadFile(groupFile)
	return err == nil && listed(string(b), name, group)
}

// listed is InGroup by the text of the file.
func listed(groups, name, group string) bool {
	for line := range strings.Lines(groups) {
		fields := strings.Split(strings.TrimSpace(line), ":")
		if len(fields) == 4 && fields[0] == group {
			return name != "" && slices.Contains(strings.Split(fields[3], ","), name)
		}
	}
	return false
}
