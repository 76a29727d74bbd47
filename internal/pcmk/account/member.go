package account

import (
	"errors"
	"fmt"

	"github.com/ringmaster-ha/ringmaster/internal/nss"
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
	u, err := nss.LookupUser(name)
	if err != nil {
		return fmt.Errorf("%q: %w: %w", name, ErrNoUser, err)
	}
	g, err := nss.LookupGroup(group)
	if err != nil {
		return fmt.Errorf("%q: %w: %w", group, ErrNoGroup, err)
	}
	return member(u, g)
}

func member(u nss.User, g nss.Group) error {
	if g.GID != u.GID && !listed(g, u.Name) {
		return fmt.Errorf("%q, %q: %w", u.Name, g.Name, ErrNotMember)
	}
	return nil
}

// Groups are the groups of a user, with his own first (initgroups(3)). Where they cannot be
// read the result is that one alone, and why.
func Groups(name string, own uint32) ([]uint32, error) {
	all := []uint32{own}
	if _, err := nss.LookupUser(name); err != nil {
		return all, fmt.Errorf("%q: %w: %w", name, ErrNoUser, err)
	}
	ids, err := nss.GroupIDs(name)
	for _, gid := range ids {
		if gid != own {
			all = append(all, gid)
		}
	}
	return all, err
}
