// Package account knows the account that Pacemaker's daemons run as, and the names of
// users that access control lists are about.
//
// Users and groups are those of package nss: of /etc/passwd, /etc/group and directory services.
// Any daemon or tool imports it.
package account

import (
	"os"
	"slices"
	"sync"

	"github.com/ringmaster-ha/ringmaster/internal/nss"
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
	u, err := nss.LookupUser(ClusterUser)
	return IDs{u.UID, u.GID, err == nil}
})

// Name is the name of a user, or Unprivileged and false.
func Name(uid uint32) (name string, ok bool) {
	u, err := nss.LookupUserID(uid)
	if err != nil {
		return Unprivileged, false
	}
	return u.Name, true
}

// InGroup tells whether a group lists a user among its members; the user's own group does
// not count (is_user_in_group of lib/common/acl.c).
func InGroup(name, group string) bool {
	g, err := nss.LookupGroup(group)
	return err == nil && listed(g, name)
}

func listed(g nss.Group, name string) bool { return name != "" && slices.Contains(g.Members, name) }
