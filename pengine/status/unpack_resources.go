package status

import (
	"errors"
	"slices"
	"strings"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/glist"
	"github.com/ringmaster-ha/ringmaster/pengine/rules"
)

// errInvalid tells that a resource's configuration is of no use. What is wrong
// has been logged.
var errInvalid = errors.New("pengine/status: invalid configuration of a resource")

// unpackRemoteNodes makes the nodes that resources stand for: remote nodes, and
// guest nodes with the connections that these imply (unpack_remote_nodes). It
// comes before the resources themselves, which need all nodes.
func (ws *WorkingSet) unpackRemoteNodes(resources *etree.Element) {
	create := func(name string) {
		if ws.FindNode(name) == nil {
			ws.createNode(name, name, true, "remote", "")
		}
	}
	for _, e := range childrenOf(resources) {
		switch {
		case isRemoteConnection(e):
			if id, ok := attribute(e, "id"); ok {
				create(id)
			}
		case e.Tag == "primitive":
			if name, ok := ws.guestOf(e); ok {
				create(name)
			}
		case e.Tag == "group":
			for _, member := range childrenOf(e) {
				if name, ok := ws.guestOf(member); ok {
					create(name)
				}
			}
		}
	}
}

// isRemoteConnection tells whether a primitive is the connection to a remote or
// guest node (xml_contains_remote_node).
func isRemoteConnection(e *etree.Element) bool {
	is := func(name, want string) bool {
		value, ok := attribute(e, name)
		return ok && strings.EqualFold(value, want)
	}
	return is("type", "remote") && is("class", "ocf") && is("provider", "pacemaker")
}

// guestOf is the name of the guest node that a resource's meta-attributes make
// it a container of. It adds the connection to the implicit resources
// (expand_remote_rsc_meta).
func (ws *WorkingSet) guestOf(e *etree.Element) (name string, ok bool) {
	c := remoteConnection{timeout: "60s", hasTimeout: true}
	c.container, c.hasContainer = attribute(e, "id")
	for _, set := range childrenOf(e) {
		if !strings.EqualFold(set.Tag, "meta_attributes") {
			continue
		}
		for _, pair := range childrenOf(set) {
			value, has := attribute(pair, "value")
			switch n, _ := attribute(pair, "name"); fold(n) {
			case "remote-node":
				name, ok = value, has
			case "remote-addr":
				c.server, c.hasServer = value, has
			case "remote-port":
				c.port, c.hasPort = value, has
			case "remote-connect-timeout":
				c.timeout, c.hasTimeout = value, has
			case "remote-allow-migrate":
				c.allowMigrate, c.hasAllowMigrate = value, has
			case "is-managed":
				c.managed, c.hasManaged = value, has
			}
		}
	}
	if !ok {
		return "", false
	}
	c.name = name
	ws.implicit = append(ws.implicit, c.element())
	return name, true
}

// remoteConnection describes the connection resource of a guest or bundle node.
type remoteConnection struct {
	name                                                    string
	container, allowMigrate, managed, timeout, server, port string
	hasContainer, hasAllowMigrate, hasManaged, hasTimeout   bool
	hasServer, hasPort                                      bool
}

// element is the connection as configuration (pe_create_remote_xml).
func (c remoteConnection) element() *etree.Element {
	e := newPrimitive(c.name, "pacemaker", "remote")
	meta := e.CreateElement("meta_attributes")
	meta.CreateAttr("id", c.name+"-meta_attributes")
	addPair(meta, "internal_rsc", "true")
	if c.hasContainer {
		addPair(meta, "container", c.container)
	}
	if c.hasAllowMigrate {
		addPair(meta, "allow-migrate", c.allowMigrate)
	}
	if c.hasManaged {
		addPair(meta, "is-managed", c.managed)
	}
	if c.hasServer || c.hasPort {
		params := e.CreateElement("instance_attributes")
		params.CreateAttr("id", c.name+"-instance_attributes")
		if c.hasServer {
			addPair(params, "addr", c.server)
		}
		if c.hasPort {
			addPair(params, "port", c.port)
		}
	}
	operations := e.CreateElement("operations")
	addOperation(operations, c.name, "monitor", "30s", "30s")
	if c.hasTimeout {
		addOperation(operations, c.name, "start", "0", c.timeout)
	}
	return e
}

func newPrimitive(id, provider, agent string) *etree.Element {
	e := etree.NewElement("primitive")
	e.CreateAttr("id", id)
	e.CreateAttr("class", "ocf")
	e.CreateAttr("provider", provider)
	e.CreateAttr("type", agent)
	return e
}

func addPair(set *etree.Element, name, value string) {
	id, _ := attribute(set, "id")
	pair := set.CreateElement("nvpair")
	pair.CreateAttr("id", id+"-"+name)
	pair.CreateAttr("name", name)
	pair.CreateAttr("value", value)
}

func addOperation(operations *etree.Element, prefix, name, interval, timeout string) {
	op := operations.CreateElement("op")
	op.CreateAttr("id", prefix+"-"+name+"-"+interval)
	op.CreateAttr("interval", interval)
	op.CreateAttr("name", name)
	if timeout != "" {
		op.CreateAttr("timeout", timeout)
	}
}

// unpackResources reads the resources section, and then what was found to be
// implied by it (unpack_resources).
func (ws *WorkingSet) unpackResources(resources *etree.Element) {
	ws.readTemplates(resources)
	for _, e := range slices.Concat(childrenOf(resources), ws.implicit) {
		id, _ := attribute(e, "id")
		if id == "" {
			ws.At("unpack_resources").ConfigErrorf("Ignoring <%s> resource without ID", e.Tag)
			continue
		}
		if e.Tag == "template" {
			if _, known := ws.Templates[id]; !known {
				ws.Templates[id] = nil
			}
			continue
		}
		r, err := ws.unpackResource(e, nil, "")
		if err != nil {
			ws.At("unpack_resources").ConfigErrorf("Ignoring <%s> resource '%s' because configuration is invalid", e.Tag, id)
			continue
		}
		ws.addResource(r)
	}
	for _, r := range ws.Resources {
		ws.setupContainer(r)
		ws.linkRemoteNode(r)
	}
	glist.Sort(ws.Resources, func(a, b *Resource) int { return b.Priority - a.Priority })
	for i, r := range ws.Resources {
		r.position = i
	}
	if !ws.Flags.Has(QuickLocation) && ws.Flags.Has(FencingEnabled) && !ws.Flags.Has(HaveFenceDevice) {
		ws.At("unpack_resources").ConfigErrorf("Resource start-up disabled since no STONITH resources have been defined")
		ws.At("unpack_resources").ConfigErrorf("Either configure some or disable STONITH with the stonith-enabled option")
		ws.At("unpack_resources").ConfigErrorf("NOTE: Clusters with shared data need STONITH to ensure data integrity")
	}
}

// addResource adds a top resource and makes it and all below it known.
func (ws *WorkingSet) addResource(r *Resource) {
	r.position = len(ws.Resources)
	ws.Resources = append(ws.Resources, r)
	ws.register(r)
}

// register gives a resource and all below it an index and makes them known by
// id.
func (ws *WorkingSet) register(r *Resource) {
	r.Index = len(ws.resources)
	ws.resources = append(ws.resources, r)
	ws.byID[r.ID] = append(ws.byID[r.ID], r)
	for i, c := range r.Children {
		c.position = i
		ws.register(c)
	}
}

// setHistoryID has the resource found by the id that the history knows it by;
// "" takes that back.
func (r *Resource) setHistoryID(id string) {
	ws := r.ws
	if old := r.HistoryID; old != "" {
		ws.byHistoryID[old] = slices.DeleteFunc(ws.byHistoryID[old], func(o *Resource) bool { return o == r })
	}
	r.HistoryID = id
	if id != "" {
		ws.byHistoryID[id] = append(ws.byHistoryID[id], r)
	}
}

// setupContainer connects what runs in a container with it.
func (ws *WorkingSet) setupContainer(r *Resource) {
	if len(r.Children) > 0 {
		for _, c := range r.Children {
			ws.setupContainer(c)
		}
		return
	}
	id, ok := r.Meta["container"]
	if !ok || strings.EqualFold(id, r.ID) {
		return
	}
	container := ws.FindResource(id)
	if container == nil {
		ws.At("setup_container").Errorf("Resource %s: Unknown resource container (%s)", r.ID, id)
		return
	}
	r.Container = container
	container.Set(IsContainer)
	container.Fillers = append(container.Fillers, r)
}

// linkRemoteNode connects a connection resource with its node, which it is the
// status of.
func (ws *WorkingSet) linkRemoteNode(r *Resource) {
	if !r.IsRemoteNode || ws.Flags.Has(QuickLocation) {
		return
	}
	n := ws.FindNode(r.ID)
	if n == nil {
		return
	}
	n.RemoteResource = r
	if r.Container == nil {
		ws.startupFencing(n)
	} else {
		n.Attributes["#kind"] = "container"
	}
}

// unpackTags reads the tags section (unpack_tags).
func (ws *WorkingSet) unpackTags(tags *etree.Element) {
	for _, e := range childrenOf(tags) {
		if e.Tag != "tag" {
			continue
		}
		id, ok := attribute(e, "id")
		if !ok {
			ws.At("unpack_tags").ConfigErrorf("Ignoring <tag> without id")
			continue
		}
		for _, c := range childrenOf(e) {
			if c.Tag != "obj_ref" {
				continue
			}
			ref, ok := attribute(c, "id")
			if !ok {
				ws.At("unpack_tags").ConfigErrorf("Ignoring <obj_ref> for tag '%s' without id", id)
				continue
			}
			addReference(ws.Tags, id, ref)
		}
	}
}

// addReference adds to a tag an id that it refers to, once.
func addReference(tags map[string]*Tag, id, ref string) {
	t := tags[id]
	if t == nil {
		t = &Tag{ID: id}
		tags[id] = t
	}
	if !slices.Contains(t.Refs, ref) {
		t.Refs = append(t.Refs, ref)
	}
}

// count adds the resource to the numbers of instances, disabled and blocked.
func (r *Resource) count() {
	if r.Variant == Bundle {
		for _, replica := range r.BundleData.Replicas {
			for _, part := range []*Resource{replica.IP, replica.Child, replica.Container, replica.Remote} {
				if part != nil {
					part.count()
				}
			}
		}
		return
	}
	for _, c := range r.Children {
		c.count()
	}
	if len(r.Children) > 0 || r.Is(Orphan) && r.Role <= RoleStopped {
		return
	}
	r.ws.Instances++
	if r.IsDisabled() {
		r.ws.Disabled++
	}
	if r.Is(Blocked) {
		r.ws.Blocked++
	}
}

// evaluateMeta are the resource's meta-attributes (get_meta_attributes): its
// attributes in XML, its own sets, those of its parents' configuration, the
// defaults, and whatever else its parent has.
func (ws *WorkingSet) evaluateMeta(r *Resource) map[string]string { return r.MetaOn(nil) }

// MetaOn are the resource's meta-attributes as they are on a node, which its rules may ask
// for; nil is none.
func (r *Resource) MetaOn(on *Node) map[string]string {
	ws := r.ws
	meta := map[string]string{}
	in := ws.RuleInput()
	if on != nil {
		in.Node = rules.InMap(on.Attributes)
	}
	in.Resource = &rules.Resource{Class: r.Class, Provider: r.Provider, Type: r.Type}
	for _, a := range r.Element.Attr {
		addDefault(meta, a.FullKey(), a.Value)
	}
	ws.apply(r.Element, "meta_attributes", meta, in, rules.Options{})
	if r.Parent != nil {
		fixed := map[string]string{}
		for p := r.Parent; p != nil; p = p.Parent {
			ws.apply(p.Element, "meta_attributes", fixed, in, rules.Options{})
		}
		addDefaults(meta, fixed)
	}
	ws.apply(ws.rscDefaults, "meta_attributes", meta, in, rules.Options{})
	if r.Parent != nil {
		addDefaults(meta, r.Parent.Meta)
	}
	return meta
}
