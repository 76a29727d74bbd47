package ipc

import (
	"os/user"
	"strconv"
	"sync"
)

// The account that Pacemaker's daemons run as.
const (
	ClusterUser  = "hacluster"
	ClusterGroup = "haclient"
)

// Unprivileged stands for the name of a user that has none.
const Unprivileged = "#unprivileged"

// account is the ids of ClusterUser; nobody has those of an account that is not there.
type account struct {
	uid, gid uint32
	known    bool
}

// cluster looks ClusterUser up, once: its user id and that of its group.
var cluster = sync.OnceValue(func() account {
	u, err := user.Lookup(ClusterUser)
	if err != nil {
		return account{}
	}
	uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
	gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
	return account{uint32(uid), uint32(gid), err1 == nil && err2 == nil}
})

// userName is the name of a user id, or Unprivileged.
func userName(uid uint32) (name string, ok bool) {
	u, err := user.LookupId(strconv.FormatUint(uint64(uid), 10))
	if err != nil {
		return Unprivileged, false
	}
	return u.Username, true
}
