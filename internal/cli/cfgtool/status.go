package cfgtool

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/ringmaster-ha/ringmaster/cfg"
	"github.com/ringmaster-ha/ringmaster/internal/cfgwire"
	"github.com/ringmaster-ha/ringmaster/internal/cserr"
)

// cluster is what the map says of the nodes and links.
type cluster struct {
	transport string
	nodes     []cfg.NodeID
	links     [cfgwire.MaxLinks]string // each link's own transport
	local     cfg.NodeID
}

func (c *cluster) knet() bool { return c.transport != "udp" && c.transport != "udpu" }

// status prints per link, or per node when asked to.
func (t *tool) status(ctx context.Context, byNode, brief bool) int {
	d := t.connect(ctx)
	if d == nil {
		return failure
	}
	defer d.Close()
	c := t.cluster(ctx, d)
	if c == nil {
		return failure
	}
	fmt.Fprintf(t.out, "Local node ID %d, transport %s\n", c.local, c.transport)
	if byNode {
		t.nodes(ctx, d, c)
	} else {
		t.links(ctx, d, c, brief)
	}
	return success
}

// cluster reads the map, or tells what is wrong and returns nil.
func (t *tool) cluster(ctx context.Context, d daemon) *cluster {
	m, err := t.dialMap(ctx)
	if err != nil {
		fmt.Fprintf(t.errw, "Could not initialize corosync cmap API error %d\n", cserr.Of(err))
		return nil
	}
	defer m.Close()
	c := &cluster{transport: "knet"}
	if s, err := m.GetString(ctx, "totem.transport"); err == nil {
		c.transport = s
	}
	if c.local, err = d.LocalNode(ctx); err != nil {
		fmt.Fprintf(t.errw, "Could not get the local node id, the error is: %d\n", cserr.Of(err))
		return nil
	}
	const prefix = "nodelist.node."
	list, err := m.Keys(ctx, prefix)
	if err != nil {
		fmt.Fprintf(t.errw, "Could not get nodelist from cmap. error %d\n", cserr.Of(err))
		return nil
	}
	for _, key := range list {
		pos, item, _ := strings.Cut(key[len(prefix):], ".")
		if _, err := strconv.ParseUint(pos, 10, 32); err != nil || item != "nodeid" {
			continue
		}
		if id, err := m.GetUint32(ctx, key); err == nil {
			c.nodes = append(c.nodes, cfg.NodeID(id))
		}
	}
	if len(c.nodes) == 0 {
		fmt.Fprintf(t.errw, "No nodes found in nodelist\n")
		return nil
	}
	slices.Sort(c.nodes)
	for i := range c.links {
		if !c.knet() {
			continue // the transport has been said already
		}
		c.links[i] = "udp"
		if s, err := m.GetString(ctx, fmt.Sprintf("totem.interface.%d.knet_transport", i)); err == nil {
			c.links[i] = s
		}
	}
	return c
}

// nodes prints those that can be reached, but for ourselves.
func (t *tool) nodes(ctx context.Context, d daemon, c *cluster) {
	for _, id := range c.nodes {
		s, err := d.NodeStatus(ctx, id)
		if err != nil || !s.Reachable || s.Node == c.local {
			continue
		}
		fmt.Fprintf(t.out, "nodeid: %d reachable", s.Node)
		t.words(word{s.Remote, "remote"}, word{s.External, "external"})
		arrow := ""
		if c.knet() {
			arrow = "->"
		}
		if s.OnwireMax != 0 { // a daemon built with knet's versions, unlike Debian's
			fmt.Fprintf(t.out, "   onwire (min/max/cur): %d, %d, %d", s.OnwireMin, s.OnwireMax, s.OnwireVer)
		}
		fmt.Fprintln(t.out)
		for i, l := range s.Links {
			if !l.Enabled {
				continue
			}
			fmt.Fprintf(t.out, "   LINK: %d %s (%s%s%s)", i, c.links[i], l.Src, arrow, l.Dst)
			t.words(word{l.Enabled, "enabled"}, word{l.Connected, "connected"}, word{l.DynConnected, "dynconnected"})
			fmt.Fprintf(t.out, " mtu: %d\n", int32(l.MTU))
		}
		fmt.Fprintln(t.out)
	}
}

type word struct {
	on   bool
	text string
}

func (t *tool) words(list ...word) {
	for _, w := range list {
		if w.on {
			fmt.Fprintf(t.out, " %s", w.text)
		}
	}
}

// links prints the links in order. Which of them there are is taken from
// another node than the local one, which has a single link to itself, whatever
// is configured.
func (t *tool) links(ctx context.Context, d daemon, c *cluster, brief bool) {
	all := make([]cfg.NodeStatus, len(c.nodes))
	other := 0
	for i, id := range c.nodes {
		if id != c.local {
			other = i
		}
		s, err := d.NodeStatus(ctx, id)
		if err != nil {
			fmt.Fprintf(t.errw, "Could not get the node status for nodeid %d, the error is: %d\n", int32(id), cserr.Of(err))
			continue
		}
		all[i] = *s
	}
	for n, l := range all[other].Links {
		if !l.Enabled {
			continue
		}
		fmt.Fprintf(t.out, "LINK ID %d %s\n\taddr\t= %s\n", n, c.links[n], l.Src)
		if brief {
			fmt.Fprintf(t.out, "\tstatus\t= ")
			for i, s := range all {
				fmt.Fprintf(t.out, "%c", digit(s.Links[n], c.nodes[i] == c.local))
			}
			fmt.Fprintln(t.out)
			continue
		}
		fmt.Fprintf(t.out, "\tstatus:\n")
		for i, s := range all {
			state := "disconnected"
			if c.nodes[i] == c.local {
				state = "localhost"
			} else if s.Links[n].Connected {
				state = "connected"
			}
			fmt.Fprintf(t.out, "\t\tnodeid: %10d:\t%s\n", s.Node, state)
		}
	}
}

// digit is a link's state in brief: 1 enabled, 2 connected, n ourselves.
func digit(l cfg.Link, local bool) rune {
	if local {
		return 'n'
	}
	d := '0'
	if l.Enabled {
		d++
	}
	if l.Connected {
		d += 2
	}
	return d
}
