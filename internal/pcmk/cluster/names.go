package cluster

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/ringmaster-ha/ringmaster/cmap"
	"github.com/ringmaster-ha/ringmaster/internal/cserr"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// Node is a node of corosync's list of nodes.
type Node struct {
	ID   uint32
	Name string
}

// names asks corosync's configuration for the names of nodes.
type names struct {
	socketDir string
	log       loglevel.Logger

	mu   sync.Mutex
	list *bool // whether there is a list of nodes, once that is known
}

func newNames(socketDir string, log loglevel.Logger) *names {
	return &names{socketDir: socketDir, log: log}
}

// patience is how long corosync may take for all answers to one question.
const patience = 5 * time.Second

// ask calls f with a connection to the configuration.
func (n *names) ask(ctx context.Context, f func(context.Context, *cmap.Conn) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		conn, err := cmap.Dial(ctx, cmap.Options{SocketDir: n.socketDir})
		if cserr.Of(err) == cserr.TryAgain && wait(ctx, 100*time.Millisecond) == nil {
			continue
		}
		if err != nil {
			return err
		}
		defer conn.Close()
		if d := conn.Daemon(); !authentic(d.UID, d.GID) {
			return fmt.Errorf("configuration is offered by user %d: %w", d.UID, cserr.Access)
		}
		return f(ctx, conn)
	}
}

// each calls f with the index and the id of each node of the list, until it returns false.
func each(ctx context.Context, conn *cmap.Conn, f func(i int, id uint32) bool) error {
	for i := 0; ; i++ {
		v, err := conn.Get(ctx, fmt.Sprintf("nodelist.node.%d.nodeid", i))
		if errors.Is(err, cserr.NotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		id, ok := v.Uint()
		if !ok || id > 1<<32-1 || !f(i, uint32(id)) {
			return nil
		}
	}
}

// nameAt is the name of an entry: the one that it has, or its first address if that is a
// name too.
func nameAt(ctx context.Context, conn *cmap.Conn, i int) string {
	if name := text(ctx, conn, fmt.Sprintf("nodelist.node.%d.name", i)); name != "" {
		return name
	}
	if name := text(ctx, conn, fmt.Sprintf("nodelist.node.%d.ring0_addr", i)); isName(name) {
		return name
	}
	return ""
}

func text(ctx context.Context, conn *cmap.Conn, key string) string {
	v, err := conn.Get(ctx, key)
	if err != nil {
		return ""
	}
	s, _ := v.Str()
	return s
}

// isName tells whether an address is a host's name (node_name_is_valid): it does not begin
// with an IPv4 address, and has nothing of an IPv6 one.
func isName(s string) bool {
	var a, b, c, d int
	n, _ := fmt.Sscanf(s, "%d.%d.%d.%d", &a, &b, &c, &d)
	return s != "" && n != 4 && !strings.Contains(s, ":")
}

// of is the name of a node, empty if the configuration has none (pcmk__corosync_name).
func (n *names) of(ctx context.Context, id uint32) (name string) {
	const function = "pcmk__corosync_name"
	err := n.ask(ctx, func(ctx context.Context, conn *cmap.Conn) error {
		return each(ctx, conn, func(i int, at uint32) bool {
			if at == id {
				name = nameAt(ctx, conn, i)
			}
			return at != id
		})
	})
	if err != nil {
		loglevel.LogfAt(n.log, loglevel.Warning, function, "Could not connect to Cluster Configuration Database API, error %v", cserr.Of(err))
	}
	if name == "" {
		loglevel.LogfAt(n.log, loglevel.Info, function, "Unable to get node name for nodeid %d", id)
	}
	return name
}

func (n *names) nodes(ctx context.Context) (all []Node, err error) {
	err = n.ask(ctx, func(ctx context.Context, conn *cmap.Conn) error {
		return each(ctx, conn, func(i int, id uint32) bool {
			if name := nameAt(ctx, conn, i); id > 0 && name != "" {
				all = append(all, Node{id, name})
			}
			return true
		})
	})
	return all, err
}

func (n *names) cluster(ctx context.Context) (name string) {
	err := n.ask(ctx, func(ctx context.Context, conn *cmap.Conn) error {
		v, err := conn.Get(ctx, "totem.cluster_name")
		name, _ = v.Str()
		return err
	})
	if err != nil {
		loglevel.LogfAt(n.log, loglevel.Info, "pcmk__corosync_cluster_name", "Cannot get totem.cluster_name: %v", err)
	}
	return name
}

// hasNodeList tells whether corosync has a list of nodes (pcmk__corosync_has_nodelist). It
// asks until it has an answer.
func (n *names) hasNodeList() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.list != nil {
		return *n.list
	}
	has := false
	err := n.ask(context.Background(), func(ctx context.Context, conn *cmap.Conn) error {
		for _, err := range conn.Keys(ctx, "nodelist") {
			has = err == nil
			return err
		}
		return nil
	})
	if err != nil {
		loglevel.LogfAt(n.log, loglevel.Warning, "pcmk__corosync_has_nodelist", "Assuming Corosync does not have node list: %v", err)
		return false
	}
	n.list = &has
	return has
}
