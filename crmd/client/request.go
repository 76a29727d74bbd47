package client

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/featureset"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/crmmsg"
)

// Kind is what an answer is about (enum pcmk_controld_api_reply).
type Kind string

// The kinds, by the names of the tasks.
const (
	KindReprobe  Kind = "probe_again"
	KindNode     Kind = "node-info"
	KindResource Kind = "lrm_invoke"
	KindPing     Kind = "ping"
	KindNodes    Kind = "list-nodes"
)

const (
	taskFail    = "lrm_fail"
	taskDelete  = "lrm_delete"
	taskForget  = "rm_node_cache"
	taskReprobe = "probe_again"
)

// Reply is an answer of the controller.
type Reply struct {
	Kind Kind
	Host string // that answers; "" if it does not say
	Data *etree.Element
}

// Agent is a resource as requests tell of it.
type Agent struct {
	ID, LongID            string // LongID is "" if there is no other
	Class, Provider, Type string
	HasProvider           bool
}

func (c *Conn) request(task, node, system string, contents *etree.Element) *etree.Element {
	return c.maker.Request(&crmmsg.Request{
		Function: "create_controller_request", Task: task, HostTo: node, SystemTo: system, From: c.program, UUID: uuid(), Contents: contents,
	}, time.Now())
}

func (c *Conn) send(ctx context.Context, m *etree.Element) error {
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	_, err := c.ipc.Send(ctx, m)
	return err
}

// Ping asks a node's controller how it is, or the one that leads the cluster if node is empty. The
// answer is a KindPing.
func (c *Conn) Ping(ctx context.Context, node string) error {
	system := crmmsg.Controller
	if node == "" {
		system = crmmsg.DC
	}
	return c.send(ctx, c.request(crmmsg.TaskPing, node, system, nil))
}

// ListNodes asks for all nodes that the controller knows. The answer is a KindNodes.
func (c *Conn) ListNodes(ctx context.Context) error {
	return c.send(ctx, c.request(string(KindNodes), "", crmmsg.Controller, nil))
}

// NodeInfo asks for what the controller knows of a node, its own if id is 0. The answer is a
// KindNode.
func (c *Conn) NodeInfo(ctx context.Context, id uint32) error {
	m := c.request(taskNodeInfo, "", crmmsg.Controller, nil)
	if id > 0 {
		m.CreateAttr("id", strconv.FormatUint(uint64(id), 10))
	}
	return c.send(ctx, m)
}

// Reprobe has a node, or all if it is empty, look at all resources again. The answer is a
// KindReprobe.
func (c *Conn) Reprobe(ctx context.Context, node, router string) error {
	if router == "" {
		router = node
	}
	data := etree.NewElement("data_for_" + taskReprobe)
	if node != "" {
		data.CreateAttr("on_node", node)
	}
	if router != "" && !strings.EqualFold(router, node) {
		data.CreateAttr("router_node", router)
	}
	return c.send(ctx, c.request(taskReprobe, router, crmmsg.Controller, data))
}

// Fail has a resource count as failed on a node. The answer is a KindResource.
func (c *Conn) Fail(ctx context.Context, node, router string, a Agent) error {
	return c.resource(ctx, taskFail, node, router, a, false)
}

// Refresh has the history of a resource on a node forgotten, in the CIB alone if the node is not
// there. The answer is a KindResource.
func (c *Conn) Refresh(ctx context.Context, node, router string, a Agent, cibOnly bool) error {
	return c.resource(ctx, taskDelete, node, router, a, cibOnly)
}

// resource sends a request about a resource (controller_resource_op).
func (c *Conn) resource(ctx context.Context, task, node, router string, a Agent, cibOnly bool) error {
	if router == "" {
		router = node
	}
	data := etree.NewElement("rsc_op")
	// The controller logs it.
	data.CreateAttr("transition-key", fmt.Sprintf("0:%d:0:xxxxxxxx-xrsc-opxx-xcrm-resourcexxxx", os.Getpid()))
	data.CreateAttr("on_node", node)
	if !strings.EqualFold(router, node) {
		data.CreateAttr("router_node", router)
	}
	if cibOnly {
		data.CreateAttr("mode", "cib")
	}
	r := data.CreateElement("primitive")
	for _, at := range []struct {
		name, value string
		is          bool
	}{
		{"id", a.ID, true}, {"long-id", a.LongID, a.LongID != ""}, {"class", a.Class, true},
		{"provider", a.Provider, a.HasProvider}, {"type", a.Type, true},
	} {
		if at.is {
			r.CreateAttr(at.name, at.value)
		}
	}
	params := data.CreateElement("attributes")
	params.CreateAttr("crm_feature_set", featureset.Current)
	params.CreateAttr("CRM_meta_timeout", "60000")
	return c.send(ctx, c.request(task, router, crmmsg.Controller, data))
}

// Forget has the controller forget a node, by its name or, if that is empty, its id
// (pcmk_ipc_purge_node). There is no answer.
func (c *Conn) Forget(ctx context.Context, name string, id uint32) error {
	return c.send(ctx, Forget(c.program, crmmsg.Controller, name, id))
}

// Forget is the request to a daemon to forget a node.
func Forget(program, daemon, name string, id uint32) *etree.Element {
	var maker crmmsg.Maker
	m := maker.Request(&crmmsg.Request{Function: "create_purge_node_request", Task: taskForget, SystemTo: daemon, From: program}, time.Now())
	if id > 0 {
		m.CreateAttr("id", strconv.FormatUint(uint64(id), 10))
	}
	if name != "" {
		m.CreateAttr("uname", name)
	}
	return m
}

// Await waits for the next answer.
func (c *Conn) Await(ctx context.Context) (*Reply, error) {
	for {
		r, err := c.ipc.Event(ctx)
		switch {
		case err != nil:
			return nil, err
		case r.Err != nil:
			return nil, fmt.Errorf("%w: %w", ErrProtocol, r.Err)
		case r.XML == nil:
			return nil, fmt.Errorf("%w: no XML", ErrProtocol)
		case r.XML.Tag == "ack":
			continue
		}
		return parse(r.XML)
	}
}

// parse reads an answer.
func parse(e *etree.Element) (*Reply, error) {
	if subtype := e.SelectAttrValue(crmmsg.Subtype, ""); subtype != crmmsg.SubtypeRequest && subtype != crmmsg.SubtypeResponse {
		return nil, fmt.Errorf("%w: %s %q", ErrProtocol, crmmsg.Subtype, subtype)
	}
	if e.SelectAttrValue(crmmsg.Reference, "") == "" {
		return nil, fmt.Errorf("%w: no %s", ErrProtocol, crmmsg.Reference)
	}
	r := &Reply{Kind: Kind(e.SelectAttrValue(crmmsg.Task, "")), Host: e.SelectAttrValue(crmmsg.HostFrom, ""), Data: crmmsg.ContentsOf(e)}
	switch r.Kind {
	case KindReprobe, KindNode, KindResource, KindPing, KindNodes:
		return r, nil
	}
	return nil, fmt.Errorf("%w: %s %q", ErrProtocol, crmmsg.Task, r.Kind)
}
