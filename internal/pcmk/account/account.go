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

// Cluster looks ClusterUser up, once (pcmk_daemon_user).
var Cluster = sync.OnceValue(func() IDs {
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

// InGroup tells whether a group has a user among those it names: that it is the user's own
// group is not enough (pcmk__is_user_in_group).
func InGroup(user, group string) bool {
	data, err := os.ReadFile("/etc/group")
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(data)) {
		const name, members = 0, 3
		fields := strings.Split(strings.TrimSpace(line), ":")
		if len(fields) > members && fields[name] == group && slices.Contains(strings.Split(fields[members], ","), user) {
			return user != ""
		}
	}
	return false
}
