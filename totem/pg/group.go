package pg

import (
	"fmt"

	"github.com/ringmaster-ha/ringmaster/internal/mar"
	"github.com/ringmaster-ha/ringmaster/internal/service"
)

// The groups of corosync: executive messages of the services, and the messages
// with which the nodes synchronise (exec/main.c, exec/sync.c).
const (
	GroupServices = "a"
	GroupSync     = "sync"
)

// GroupsSize is how many bytes AppendGroups adds.
func GroupsSize(names ...string) int {
	n := 2
	for _, s := range names {
		n += 2 + len(s)
	}
	return n
}

// AppendGroups appends the header that every message begins with: the groups
// it is for, in this machine's byte order.
func AppendGroups(b []byte, names ...string) []byte { return appendGroups(b, service.Order, names...) }

func appendGroups(b []byte, order mar.ByteOrder, names ...string) []byte {
	b = order.AppendUint16(b, uint16(len(names)))
	for _, s := range names {
		b = order.AppendUint16(b, uint16(len(s)))
	}
	for _, s := range names {
		b = append(b, s...)
	}
	return b
}

// Groups is the set of groups that a message is for. It aliases the message.
type Groups struct {
	lens  []byte
	names []byte
	order mar.ByteOrder
}

// ParseGroups reads the group header at the start of a message and returns what
// follows it. Both results alias msg.
func ParseGroups(msg []byte, order mar.ByteOrder) (g Groups, payload []byte, err error) {
	if len(msg) < 2 {
		return Groups{}, nil, fmt.Errorf("%w: group count: %d of 2 bytes", ErrGroups, len(msg))
	}
	n := int(order.Uint16(msg))
	rest := msg[2:]
	if len(rest) < 2*n {
		return Groups{}, nil, fmt.Errorf("%w: group lengths: %d of %d bytes", ErrGroups, len(rest), 2*n)
	}
	lens, rest := rest[:2*n], rest[2*n:]
	total := 0
	for i := range n {
		total += int(order.Uint16(lens[2*i:]))
	}
	if total > len(rest) {
		return Groups{}, nil, fmt.Errorf("%w: group names: %d of %d bytes", ErrGroups, len(rest), total)
	}
	return Groups{lens: lens, names: rest[:total], order: order}, rest[total:], nil
}

// Len is the number of groups.
func (g Groups) Len() int { return len(g.lens) / 2 }

// Has tells whether the message is for the named group.
func (g Groups) Has(name string) bool {
	off := 0
	for i := 0; i < len(g.lens); i += 2 {
		n := int(g.order.Uint16(g.lens[i:]))
		if string(g.names[off:off+n]) == name {
			return true
		}
		off += n
	}
	return false
}

// Names returns the groups' names, copied.
func (g Groups) Names() []string {
	names := make([]string, 0, g.Len())
	off := 0
	for i := 0; i < len(g.lens); i += 2 {
		n := int(g.order.Uint16(g.lens[i:]))
		names = append(names, string(g.names[off:off+n]))
		off += n
	}
	return names
}
