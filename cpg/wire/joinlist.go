package wire

import "github.com/ringmaster-ha/ringmaster/internal/mar"

// JoinListEntry is one process of the sending node (struct join_list_entry).
type JoinListEntry struct {
	PID   uint32
	Group string
}

// joinListHead: the list follows a response header, longer than the request
// header that every other message has.
const joinListHead = 24

// joinListEntrySize is the length of one entry.
const joinListEntrySize = 8 + nameSize

// ParseJoinList reads an ExecJoinList: all processes of the sending node.
func ParseJoinList(msg []byte, order mar.ByteOrder) ([]JoinListEntry, error) {
	r := execReader(msg, ExecJoinList, order)
	r.Bytes("header.error", joinListHead-16)
	rest := len(r.Rest())
	if r.Err() == nil && rest%joinListEntrySize != 0 {
		r.Fail("header.size", "%d bytes of entries, not a multiple of %d", rest, joinListEntrySize)
	}
	if r.Err() != nil {
		return nil, r.Err()
	}
	list := make([]JoinListEntry, 0, rest/joinListEntrySize)
	for range rest / joinListEntrySize {
		pid := r.U32("pid")
		g := name(&r, "group_name")
		list = append(list, JoinListEntry{PID: pid, Group: string(g)})
	}
	if r.Err() != nil {
		return nil, r.Err()
	}
	return list, nil
}

// AppendJoinList appends an ExecJoinList.
func AppendJoinList(b []byte, list []JoinListEntry, order mar.ByteOrder) []byte {
	start := len(b)
	b = appendExec(b, ExecJoinList, order)
	b = appendNum(b, 0, order)
	for i := range list {
		b = appendNum(b, list[i].PID, order)
		b = appendName(b, list[i].Group, order)
	}
	return setSize(b, start, order)
}
