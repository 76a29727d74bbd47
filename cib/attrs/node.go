package attrs

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"syscall"

	"github.com/ringmaster-ha/ringmaster/cib/call"
	"github.com/ringmaster-ha/ringmaster/cib/ops"
)

// Node is a node as attributes know it.
type Node struct {
	UUID   string
	Remote bool // a Pacemaker Remote node: its UUID is its name
}

// byName leads to a node: one of the cluster or a remote one, a remote one that is only a
// resource, a guest, and one of either kind that only the status still has.
var byName = sync.OnceValue(func() string {
	const lower = "[translate(@%s,'ABCDEFGHIJKLMNOPQRSTUVWXYZ','abcdefghijklmnopqrstuvwxyz') ='%%[1]s']"
	at := func(name string) string { return fmt.Sprintf(lower, name) }
	return "/cib/configuration/nodes/node" + at("uname") +
		"|/cib/configuration/resources/primitive[@class='ocf'][@provider='pacemaker'][@type='remote']" + at("id") +
		"|/cib/configuration/resources/primitive/meta_attributes/nvpair[@name='remote-node']" + at("value") +
		"|/cib/status/node_state[@remote_node='true']" + at("id")
})

// NodeNamed is the node of a name, whose case does not matter; none is ENXIO (query_node_uuid).
func NodeNamed(ctx context.Context, c CIB, name string) (Node, error) {
	path := fmt.Sprintf(byName(), asciiLower(name))
	e, err := c.Do(ctx, call.Request{Op: ops.Query, Section: path, Options: call.XPath | call.ScopeLocal})
	if err != nil {
		return Node{}, syscall.ENXIO
	}
	if e.Tag == "xpath-query" { // the first will do
		e = e.ChildElements()[0]
	}
	from, n := "", Node{}
	switch e.Tag {
	case "node":
		if from = "id"; strings.EqualFold(e.SelectAttrValue("type", ""), "remote") {
			from, n.Remote = "uname", true
		}
	case "primitive":
		from, n.Remote = "id", true
	case "nvpair":
		from, n.Remote = "value", true
	case "node_state":
		from, n.Remote = "uname", true
	}
	uuid := attribute(e, from)
	if uuid == nil {
		return Node{}, syscall.ENXIO
	}
	n.UUID = *uuid
	return n, nil
}

func asciiLower(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}, s)
}
