package account

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"strings"
)

// Why somebody is no member of a group.
var (
	ErrNoUser    = errors.New("no such user")
	ErrNoGroup   = errors.New("no such group")
	ErrNotMember = errors.New("not a member of the group")
)

// Member is nil if a group is a user's own or lists him, else one of the errors above
// (check_group_membership of daemons/based/based_remote.c).
func Member(name, group string) error {
	u, err := user.Lookup(name)
	if err != nil {
		return fmt.Errorf("%q: %w", name, ErrNoUser)
	}
	b, err := os.ReadFile(groupFile)
	if err != nil {
		return fmt.Errorf("%q: %w: %w", group, ErrNoGroup, err)
	}
	return member(string(b), name, u.Gid, group)
}

// member is Member by the text of the file, and the id of the user's own group.
func member(groups, name, gid, group string) error {
	found := false
	for line := range strings.Lines(groups) {
		fields := strings.Split(strings.TrimSpace(line), ":")
		if len(fields) == 4 && fields[0] == group {
			if found = true; fields[2] == gid {
				return nil
			}
		}
	}
	switch {
	case !found:
		return fmt.Errorf("%q: %w", group, ErrNoGroup)
	case !listed(groups, name, group):
		return fmt.Errorf("%q, %q: %w", name, group, ErrNotMember)
	}
	return nil
}

// Groups are the groups of a user, with his own first (initgroups(3)). Where they cannot be
// read the result is that one alone, and why.
func Groups(name string, own uint32) ([]uint32, error) {
	all := []uint32{own}
	u, err := user.Lookup(name)
	if err != nil {
		return all, fmt.Errorf("%q: %w", name, ErrNoUser)
	}
	ids, err := u.GroupIds()
	if err != nil {
		return all, err
	}
	for _, id := range ids {
		if gid, err := strconv.ParseUint(id, 10, 32); err == nil && uint32(gid) != own {
			all = append(all, uint32(gid))
		}
	}
	return all, nil
}
