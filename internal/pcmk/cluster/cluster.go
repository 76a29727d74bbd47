package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/ringmaster-ha/ringmaster/cpg"
	"github.com/ringmaster-ha/ringmaster/internal/cserr"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/cpgmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/peers"
	"github.com/ringmaster-ha/ringmaster/internal/root"
)

// Handler is a daemon. Its calls come one at a time, with Options.Locker held.
type Handler interface {
	// Message: a peer, or this process, has sent something. from is its node; m is the
	// Handler's own.
	Message(m *cpgmsg.Message, from *peers.Peer)
	// Changed: something is new about a node. It must not change the Cache.
	Changed(peers.Change)
	// Lost: corosync is gone, or has put this process out of the group. Nothing comes
	// any more, and only Close is left to do, outside of the handler.
	Lost(err error)
}

// Quorum is a Handler that wants to know of quorum and the ring's members too.
type Quorum interface {
	Handler
	// Quorate: whether the cluster has quorum, and the number of its ring, whose members
	// the Cache has already.
	Quorate(ring uint64, quorate bool)
}

// Options of Join. All but Service and Handler may be left zero.
type Options struct {
	// Service is whose group to join.
	Service cpgmsg.Service
	// Group is the name of the group, without the zero byte, if it is not the
	// service's.
	Group   string
	Handler Handler
	// Locker is held during all calls of the Handler.
	Locker sync.Locker
	// KeepLost is peers.Config.KeepLost: for the controller, which says itself who is
	// a member.
	KeepLost bool
	Log      loglevel.Logger
	// SocketDir, if any, is where corosync's sockets are instead of the abstract name
	// space.
	SocketDir string
}

// connection is what a Cluster needs of a cpg.Conn that has joined.
type connection interface {
	mcaster
	Next(ctx context.Context) (cpg.Event, error)
	Leave(ctx context.Context) error
	Close() error
}

// Cluster is a daemon's place in the cluster.
type Cluster struct {
	o     Options
	conn  connection
	cache *peers.Cache
	group peers.Group
	names *names
	node  uint32
	name  string
	queue *queue

	early  []peers.Change // of Join itself, not told yet
	joined bool           // whether Join is over

	cancel context.CancelFunc
	all    sync.WaitGroup
	lost   sync.Once
	close  sync.Once
}

// tries is how often corosync is asked again that takes nothing just now; the waits grow by
// a second each.
const tries = 30

// Join connects to corosync, joins the group and begins to listen. It may be called with
// Options.Locker held. Without an answer it waits and asks again, until ctx ends.
func Join(ctx context.Context, o Options) (*Cluster, error) {
	c := prepare(o)
	c.logf(loglevel.Notice, "crm_cluster_connect", "Connecting to corosync cluster infrastructure")
	if err := c.connect(ctx); err != nil {
		return nil, fmt.Errorf("cluster: %w", err)
	}
	c.logf(loglevel.Info, "pcmk__corosync_connect", "Connection to corosync established")
	run := c.begin()
	if q, ok := o.Handler.(Quorum); ok {
		c.all.Go(func() { c.listenQuorum(run, q) })
	}
	return c, nil
}

func prepare(o Options) *Cluster {
	if o.Log == nil {
		o.Log = loglevel.Discard
	}
	if o.Locker == nil {
		o.Locker = new(sync.Mutex)
	}
	if o.Group == "" {
		o.Group = o.Service.String()
	}
	return &Cluster{o: o, names: newNames(o.SocketDir, o.Log)}
}

// begin listens and sends on the connection, as the node that c names. The context ends
// with Close.
func (c *Cluster) begin() context.Context {
	c.cache = peers.New(peers.Config{
		NameOf:      c.nameOf,
		HasNodeList: c.names.hasNodeList,
		Changed:     c.changed,
		KeepLost:    c.o.KeepLost,
		Log:         c.o.Log,
	})
	c.group = peers.Group{Cache: c.cache, Name: c.o.Group, Self: peers.Address{Node: c.node, PID: uint32(os.Getpid())}}
	c.cache.SetProcess(c.Self(), peers.CPG, true)
	run, cancel := context.WithCancel(context.Background())
	c.cancel = cancel
	c.queue = newQueue(c.conn, c.log("crm_cs_flush"))
	c.all.Go(func() { c.queue.run(run) })
	c.all.Go(func() { c.listen(run) })
	return run
}

func (c *Cluster) connect(ctx context.Context) (err error) {
	const function = "cluster_connect_cpg"
	var conn *cpg.Conn
	if err = c.again(ctx, func() error {
		conn, err = cpg.Dial(ctx, cpg.Options{SocketDir: c.o.SocketDir})
		return err
	}); err != nil {
		c.logf(loglevel.Error, function, "Could not connect to the CPG API: %v (%d)", cserr.Of(err), cserr.Of(err))
		return err
	}
	defer func() {
		if err != nil {
			_ = conn.Close()
		}
	}()
	if d := conn.Daemon(); !authentic(d.UID, d.GID) {
		c.logf(loglevel.Error, function, "CPG provider is not authentic: process %d (uid: %d, gid: %d)", d.PID, d.UID, d.GID)
		return fmt.Errorf("CPG is offered by user %d: %w", d.UID, cserr.Access)
	}
	id, err := conn.LocalNode(ctx)
	if err != nil || id == 0 {
		c.logf(loglevel.Error, function, "Could not get local node id from the CPG API")
		return errors.Join(errors.New("no node id"), err)
	}
	c.node = uint32(id)
	if c.name = c.names.of(ctx, c.node); c.name == "" {
		if c.name, err = os.Hostname(); err != nil {
			c.logf(loglevel.Error, "get_node_name", "Could not obtain the local corosync node name")
			return fmt.Errorf("name of this node: %w", err)
		}
		c.logf(loglevel.Notice, "get_node_name", "Defaulting to uname -n for the local corosync node name")
	}
	if len(c.name) > cpgmsg.MaxName {
		return fmt.Errorf("name of this node: %d bytes, at most %d fit", len(c.name), cpgmsg.MaxName)
	}
	if err = c.again(ctx, func() error { return conn.Join(ctx, c.o.Group+"\x00") }); err != nil {
		c.logf(loglevel.Error, function, "Could not join the CPG group '%s': %d", c.o.Group, cserr.Of(err))
		return err
	}
	c.conn = conn
	return nil
}

// again repeats what corosync wants to be asked again.
func (c *Cluster) again(ctx context.Context, f func() error) error {
	for n := 1; ; n++ {
		err := f()
		if code := cserr.Of(err); n == tries || code != cserr.TryAgain && code != cserr.QueueFull {
			return err
		}
		c.logf(loglevel.Debug, "cluster_connect_cpg", "Retrying operation after %ds", n)
		if err := wait(ctx, time.Duration(n)*time.Second); err != nil {
			return err
		}
	}
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// authentic tells whether a process may be corosync: root's or, in a folder of its own, this
// process's user's (crm_ipc_is_authentic_process).
func authentic(uid, gid uint32) bool {
	return uid == 0 || gid == 0 || root.Dir() != "" && uid == uint32(os.Getuid())
}

// nameOf is the cache's question; the lock is held meanwhile.
func (c *Cluster) nameOf(id uint32) string {
	if id == c.node {
		return c.name
	}
	return c.names.of(context.Background(), id)
}

func (c *Cluster) changed(ch peers.Change) {
	if !c.joined {
		c.early = append(c.early, ch)
		return
	}
	c.o.Handler.Changed(ch)
}

func (c *Cluster) logf(level loglevel.Level, function, format string, args ...any) {
	if c.o.Log.Enabled(level) {
		loglevel.LogfAt(c.o.Log, level, function, format, args...)
	}
}

func (c *Cluster) log(function string) func(loglevel.Level, string, ...any) {
	return func(level loglevel.Level, format string, args ...any) { c.logf(level, function, format, args...) }
}

// Self is this node, for who holds Options.Locker.
func (c *Cluster) Self() *peers.Peer { return c.cache.Get(c.node, c.name) }

// NodeID is this node's id in corosync.
func (c *Cluster) NodeID() uint32 { return c.node }

// NodeName is this node's name by corosync's list of nodes, or else the host's name.
func (c *Cluster) NodeName() string { return c.name }

// Peers is the cache, for who holds Options.Locker.
func (c *Cluster) Peers() *peers.Cache { return c.cache }

// ClusterName is the name that corosync's configuration gives the cluster, empty for none
// (pcmk__corosync_cluster_name).
func (c *Cluster) ClusterName(ctx context.Context) string { return c.names.cluster(ctx) }

// Nodes are those of corosync's list of nodes that have an id and a name, in its order
// (pcmk__corosync_add_nodes).
func (c *Cluster) Nodes(ctx context.Context) ([]Node, error) { return c.names.nodes(ctx) }

// flushTime is how long Close waits for corosync to take what was sent.
const flushTime = time.Second

// Close sends what is queued, for at most a second, leaves the group and waits until no
// handler runs any more. It must not be called with Options.Locker held.
func (c *Cluster) Close() {
	c.close.Do(func() {
		c.logf(loglevel.Info, "crm_cluster_disconnect", "Disconnecting from corosync cluster infrastructure")
		ctx, cancel := context.WithTimeout(context.Background(), flushTime)
		defer cancel()
		c.queue.flush(ctx)
		c.cancel()
		_ = c.conn.Leave(ctx) // corosync may be gone
		_ = c.conn.Close()
		c.logf(loglevel.Notice, "pcmk__corosync_disconnect", "Disconnected from Corosync")
	})
	c.all.Wait()
}
