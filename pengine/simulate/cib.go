package simulate

import (
	"strconv"
	"strings"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/pengine/show"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// CIB is a CIB that things are made to happen to.
type CIB struct {
	Root *etree.Element

	// Origin is the program's name, for the entries that it leaves.
	Origin string
	// Now is the time of results, in seconds since the epoch.
	Now int64
	// ConfigureNodes adds nodes that things happen to to the configuration
	// (pcmk__simulate_node_config).
	ConfigureNodes bool

	readInt func(text string) (n int64, ok bool) // which may say what is wrong with it

	states  map[string][]*etree.Element // of node_state, by uname
	doubled map[*etree.Element]bool     // whether a node's state has elements of the same name and id
}

// NewCIB prepares a CIB, which has a status section.
func NewCIB(root *etree.Element, origin string, now int64) *CIB {
	c := &CIB{Root: root, Origin: origin, Now: now, states: map[string][]*etree.Element{}, doubled: map[*etree.Element]bool{}}
	for _, e := range c.status().SelectElements("node_state") {
		if name := e.SelectAttr("uname"); name != nil {
			c.states[name.Value] = append(c.states[name.Value], e)
		}
	}
	return c
}

func (c *CIB) status() *etree.Element { return child(c.Root, "status") }

// updated counts a change of the status section in the CIB's version.
func (c *CIB) updated() { c.count("num_updates") }

// reconfigured counts a change of the configuration.
func (c *CIB) reconfigured() {
	c.count("epoch")
	c.Root.CreateAttr("num_updates", "0")
}

func (c *CIB) count(name string) {
	n, _ := strconv.Atoi(c.Root.SelectAttrValue(name, "0"))
	c.Root.CreateAttr(name, strconv.Itoa(n+1))
}

// child is the first child of that name, made if there is none.
func child(parent *etree.Element, name string) *etree.Element {
	if e := parent.SelectElement(name); e != nil {
		return e
	}
	return parent.CreateElement(name)
}

func id(e *etree.Element) string { return e.SelectAttrValue("id", "") }

// NodeStateError tells that a node has several states, or one without an id: the
// reference's tool ends there and then.
type NodeStateError struct {
	Path  string           // the XPath that leads to them
	Found []*etree.Element // in the order of the document
}

func (e *NodeStateError) Error() string {
	return "Detected multiple node_state entries for xpath=" + e.Path + ", bailing"
}

// nodeState is the node's state, made if there is none. uuid is the node's id, ""
// for the one that the configuration has (pcmk__inject_node). The error is a
// NodeStateError.
func (c *CIB) nodeState(name, uuid string) (*etree.Element, error) {
	if c.ConfigureNodes {
		c.configureNode(name)
	}
	switch found := c.states[name]; {
	case len(found) > 1, len(found) == 1 && found[0].SelectAttr("id") == nil:
		return nil, &NodeStateError{"//node_state[@uname='" + name + "']", found}
	case len(found) == 1:
		return found[0], nil
	}
	if uuid == "" {
		uuid = c.nodeID(name)
	}
	e := c.status().CreateElement("node_state")
	e.CreateAttr("id", uuid)
	e.CreateAttr("uname", name)
	c.states[name] = []*etree.Element{e}
	c.updated()
	return e, nil
}

func (c *CIB) configureNode(name string) {
	nodes := child(child(c.Root, "configuration"), "nodes")
	for _, n := range nodes.SelectElements("node") {
		if n.SelectAttrValue("uname", "") == name {
			return
		}
	}
	n := nodes.CreateElement("node")
	n.CreateAttr("id", name)
	n.CreateAttr("uname", name)
	c.reconfigured()
}

// nodeID is the id of a node by name; of remote and guest nodes, and of unknown
// ones, it is the name (query_node_uuid).
func (c *CIB) nodeID(name string) string {
	for _, n := range child(child(c.Root, "configuration"), "nodes").SelectElements("node") {
		if strings.EqualFold(n.SelectAttrValue("uname", ""), name) {
			return id(n)
		}
	}
	return name
}

// setNodeState says that a node is up or down, and who says it
// (pcmk__inject_node_state_change).
func (c *CIB) setNodeState(name string, up bool, origin string) (*etree.Element, error) {
	e, err := c.nodeState(name, "")
	if err != nil {
		return nil, err
	}
	in, peer, join := "false", "offline", "down"
	if up {
		in, peer, join = "true", "online", "member"
	}
	e.CreateAttr("in_ccm", in)
	e.CreateAttr("crmd", peer)
	e.CreateAttr("join", join)
	e.CreateAttr("expected", join)
	e.CreateAttr("crm-debug-origin", origin)
	c.modified(e)
	c.updated()
	return e, nil
}

// forgetState removes what a node that went down knew: its history and its transient
// attributes.
func (c *CIB) forgetState(e *etree.Element) {
	for _, what := range []string{"lrm", "transient_attributes"} {
		if found := e.SelectElement(what); found != nil {
			e.RemoveChild(found)
			c.updated()
		}
	}
}

// agent is what an executor has to know of a resource.
type agent struct{ class, provider, kind string }

// past is what a node remembers of a resource.
type past struct {
	*etree.Element      // lrm_resource
	call           int  // the number that the next result gets
	scratch        bool // it goes into the first of several
}

// history is the node's history of a resource, under one of two names, made under
// the second if there is none (pcmk__inject_resource_history). ok is false, with an
// error printed, if the agent is not known well enough.
//
// Of a history that the node has twice the reference sees neither: it makes another,
// which then goes into the first.
func (c *CIB) history(p *show.Printer, node *etree.Element, resource, known string, a agent) (h past, ok bool) {
	doubled := false
	for _, name := range []string{resource, known} {
		switch found := resourceHistories(node, name); len(found) {
		case 0:
		case 1:
			return past{Element: found[0], call: c.nextCallID(found[0])}, true
		default:
			doubled = true
		}
	}
	switch strings.ToLower(a.class) {
	case "ocf":
		if a.provider == "" {
			p.Err("Please specify the provider for resource %s", resource)
			return h, false
		}
	case "stonith", "service", "upstart", "systemd", "lsb":
	case "":
		p.Err("Resource %s not found in the status section of %s.  Please supply the class and type to continue", resource, id(node))
		return h, false
	default:
		p.Err("Invalid class for %s: %s", resource, a.class)
		return h, false
	}
	outer := node.SelectElement("lrm")
	if outer == nil {
		outer = node.CreateElement("lrm")
		outer.CreateAttr("id", id(node))
	}
	e := child(outer, "lrm_resources").CreateElement("lrm_resource")
	e.CreateAttr("id", known)
	e.CreateAttr("class", a.class)
	if a.provider != "" {
		e.CreateAttr("provider", a.provider)
	}
	e.CreateAttr("type", a.kind)
	return past{e, 1, doubled}, true
}

func resourceHistories(node *etree.Element, name string) (found []*etree.Element) {
	for _, lrm := range node.SelectElements("lrm") {
		for _, resources := range lrm.SelectElements("lrm_resources") {
			for _, e := range resources.SelectElements("lrm_resource") {
				if id(e) == name {
					found = append(found, e)
				}
			}
		}
	}
	return found
}

// countFailure makes a node remember a failure; some results are none
// (pcmk__inject_failcount).
func (c *CIB) countFailure(p *show.Printer, node *etree.Element, resource, task string, intervalMS uint, rc int) {
	if rc == status.OCFOK || rc == status.OCFNotRunning && intervalMS == 0 {
		return
	}
	key := resource + "#" + task + "_" + strconv.FormatUint(uint64(intervalMS), 10)
	c.setTransient(p, node, "fail-count-"+key, "value++")
	c.setTransient(p, node, "last-failure-"+key, strconv.FormatInt(c.Now, 10))
}

// setTransient sets a transient attribute of a node; the value "value++" counts.
func (c *CIB) setTransient(p *show.Printer, node *etree.Element, name, value string) {
	injectAttribute(p, node, name, value)
	attributes := node.SelectElement("transient_attributes")
	if attributes == nil {
		attributes = node.CreateElement("transient_attributes")
		attributes.CreateAttr("id", id(node))
	}
	set := attributes.SelectElement("instance_attributes")
	if set == nil {
		set = attributes.CreateElement("instance_attributes")
		set.CreateAttr("id", id(node))
	}
	pairID := strings.NewReplacer(":", ".", "#", ".").Replace(id(set) + "-" + name)
	var pair *etree.Element
	for _, e := range set.SelectElements("nvpair") {
		if id(e) == pairID {
			pair = e
		}
	}
	if pair == nil {
		pair = set.CreateElement("nvpair")
		pair.CreateAttr("id", pairID)
	}
	pair.CreateAttr("name", name)
	if value == "value++" {
		count, _ := strconv.Atoi(pair.SelectAttrValue("value", "0"))
		value = strconv.Itoa(count + 1)
	}
	pair.CreateAttr("value", value)
}
