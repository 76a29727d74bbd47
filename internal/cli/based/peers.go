package based

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/ringmaster-ha/ringmaster/cib/manager"
	"github.com/ringmaster-ha/ringmaster/cmap"
	"github.com/ringmaster-ha/ringmaster/cpg"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/cpgmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/daemon"
	"github.com/ringmaster-ha/ringmaster/internal/root"
	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// group is the closed process group of CIB managers: the zero byte belongs to its name.
const group = "cib\x00"

// peers is the connection to the managers of other nodes.
type peers struct {
	*server
	conn *cpg.Conn
	id   totem.NodeID
	name string

	names map[totem.NodeID]string // of nodes, as the configuration or they themselves tell

	queue struct {
		sync.Mutex
		messages []cpgmsg.Message
		more     chan struct{}
	}
	sent uint32
}

// join becomes a member of the group.
func (s *server) join(ctx context.Context, _ *daemon.Daemon) (*peers, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	conn, err := cpg.Dial(ctx, cpg.Options{SocketDir: root.SocketDir()})
	if err != nil {
		return nil, err
	}
	p := &peers{server: s, conn: conn}
	p.queue.more = make(chan struct{}, 1)
	if p.id, err = conn.LocalNode(ctx); err == nil {
		p.names, err = nodeNames(ctx)
	}
	if err == nil {
		err = conn.Join(ctx, group)
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	if p.name = p.names[p.id]; p.name == "" {
		p.name, _ = os.Hostname()
		p.names[p.id] = p.name
	}
	s.peers = p
	return p, nil
}

// nodeNames are the names that corosync's configuration gives nodes.
func nodeNames(ctx context.Context) (map[totem.NodeID]string, error) {
	c, err := cmap.Dial(ctx, cmap.Options{SocketDir: root.SocketDir()})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	ids, names := map[string]totem.NodeID{}, map[string]string{}
	const prefix = "nodelist.node."
	for pair, err := range c.All(ctx, prefix) {
		if err != nil {
			return nil, err
		}
		place, key, _ := strings.Cut(strings.TrimPrefix(pair.Key, prefix), ".")
		switch key {
		case "nodeid":
			n, _ := pair.Value.Uint()
			ids[place] = totem.NodeID(n)
		case "name":
			names[place], _ = pair.Value.Str()
		}
	}
	all := map[totem.NodeID]string{}
	for place, id := range ids {
		if names[place] != "" {
			all[id] = names[place]
		}
	}
	return all, nil
}

// Node is this node's name.
func (p *peers) Node() string { return p.name }

// Send queues a message; it never waits.
func (p *peers) Send(to, document string) error {
	p.queue.Lock()
	defer p.queue.Unlock()
	p.sent++
	m := cpgmsg.Message{
		ID: p.sent, Text: document,
		Receiver: cpgmsg.Address{Service: cpgmsg.CIB, Name: to},
		Sender:   cpgmsg.Address{Service: cpgmsg.CIB, Name: p.name, PID: uint32(os.Getpid())},
	}
	p.queue.messages = append(p.queue.messages, m)
	select {
	case p.queue.more <- struct{}{}:
	default:
	}
	return nil
}

// run sends and receives until ctx ends or the connection is lost.
func (p *peers) run(ctx context.Context) {
	var all sync.WaitGroup
	all.Go(func() { p.sendAll(ctx) })
	err := p.receiveAll(ctx)
	if ctx.Err() == nil {
		loglevel.LogfAt(p.log, loglevel.Error, "pcmk_cpg_dispatch", "Connection to the CPG API failed: %v", err)
		p.with(func(m *manager.Manager) []manager.Action { return m.Lost() })
	}
	all.Wait()
	_ = p.conn.Close()
}

func (p *peers) sendAll(ctx context.Context) {
	for {
		p.queue.Lock()
		messages := p.queue.messages
		p.queue.messages = nil
		p.queue.Unlock()
		for i := range messages {
			b, err := cpgmsg.Encode(nil, &messages[i])
			for again := true; err == nil && again; {
				err = p.conn.Mcast(ctx, b)
				if again = errors.Is(err, cpg.ErrInterrupted); again {
					err = nil
				}
			}
			if err != nil && ctx.Err() == nil {
				loglevel.LogfAt(p.log, loglevel.Error, "crm_cs_flush", "CPG message %d not sent: %v", messages[i].ID, err)
			}
		}
		select {
		case <-p.queue.more:
		case <-ctx.Done():
			return
		}
	}
}

func (p *peers) receiveAll(ctx context.Context) error {
	for {
		ev, err := p.conn.Next(ctx)
		if err != nil {
			return err
		}
		switch ev := ev.(type) {
		case *cpg.Message:
			if err := p.receive(ev); err != nil {
				loglevel.LogfAt(p.log, loglevel.Error, "pcmk_message_common_cs", "Message from node %d: %v", ev.From.Node, err)
			}
		case *cpg.Membership:
			p.with(func(m *manager.Manager) []manager.Action {
				var actions []manager.Action
				for _, c := range ev.Left {
					actions = append(actions, m.Peer(p.nameOf(c.Node), false)...)
				}
				for _, c := range ev.Members {
					actions = append(actions, m.Peer(p.nameOf(c.Node), true)...)
				}
				return actions
			})
		}
	}
}

func (p *peers) nameOf(id totem.NodeID) string {
	if name := p.names[id]; name != "" {
		return name
	}
	return fmt.Sprint(id)
}

func (p *peers) receive(ev *cpg.Message) error {
	msg, err := cpgmsg.Decode(ev.Data)
	if err != nil {
		return err
	}
	if err := msg.From(uint32(ev.From.Node)); err != nil {
		return err
	}
	if !msg.For(uint32(p.id), p.name) {
		return nil
	}
	from := msg.Sender.Name
	if from == "" {
		from = p.nameOf(ev.From.Node)
	}
	doc, err := xmltree.Parse([]byte(msg.Text), xmltree.KeepText)
	if err != nil {
		return fmt.Errorf("text: %w", err)
	}
	p.with(func(m *manager.Manager) []manager.Action { return m.Deliver(time.Now(), from, doc.Root()) })
	return nil
}
