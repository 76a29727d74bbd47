package engine

import (
	"slices"
	"strconv"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// syncView is the membership of the last synchronisation and how it differs
// from the one before that was completed.
type syncView struct {
	ring                  totem.RingID
	members, joined, left []totem.NodeID
	old                   []totem.NodeID
}

// SyncInit works out who joined and who left. A node that restarted between two
// configurations has done both: it was a member, is one again, but did not come
// along in the transitional configuration.
func (s *Service) SyncInit(trans, members []totem.NodeID, ring totem.RingID) {
	v := &s.sync
	v.ring = ring
	v.members = slices.Clone(members)
	v.left, v.joined = nil, nil
	for _, id := range v.old {
		if !slices.Contains(trans, id) || !slices.Contains(members, id) {
			v.left = append(v.left, id)
		}
	}
	for _, id := range members {
		if !slices.Contains(v.old, id) || slices.Contains(v.left, id) {
			v.joined = append(v.joined, id)
		}
	}
	s.logView("Sync members", v.members)
	if len(v.joined) > 0 {
		s.logView("Sync joined", v.joined)
	}
	if len(v.left) > 0 {
		s.logView("Sync left", v.left)
	}
}

// SyncProcess has nothing to send.
func (s *Service) SyncProcess() (done bool) { return true }

// SyncActivate tells the clients of the new membership.
func (s *Service) SyncActivate() {
	s.sync.old = s.sync.members
	s.notifyNodelist(nil, true)
}

// SyncAbort has nothing to undo: the next SyncInit compares with the last
// completed synchronisation.
func (s *Service) SyncAbort() {}

// viewRoom is the room for ids in one line of the log, in bytes.
const viewRoom = 63

// logView logs node ids, in as many lines as they need. A line that is not the
// last is filled to its end, be it with the first digits of the id that the
// next one starts with, and ends in a backslash: so the reference writes them.
func (s *Service) logView(what string, ids []totem.NodeID) {
	total := len(ids)
	for {
		line, more := "", ""
		for len(ids) > 0 {
			id := " " + strconv.FormatUint(uint64(ids[0]), 10)
			if room := viewRoom - len(line); len(id) > room {
				line += id[:room]
				more = `\`
				break
			}
			line += id
			ids = ids[1:]
		}
		s.log.Logf(loglevel.Notice, "%s[%d]:%s%s", what, total, line, more)
		if more == "" {
			return
		}
	}
}
