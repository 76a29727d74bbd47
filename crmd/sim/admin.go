package sim

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/beevik/etree"

	attrdclient "github.com/ringmaster-ha/ringmaster/attrd/client"
	attrdwire "github.com/ringmaster-ha/ringmaster/attrd/wire"
	"github.com/ringmaster-ha/ringmaster/cib/call"
	"github.com/ringmaster-ha/ringmaster/cib/ops"
	"github.com/ringmaster-ha/ringmaster/cib/text"
)

// administrators change the configuration, each from a node that is up and in a ring with quorum. What they
// can set are keys; each write of a key has a value that no other has, but for what removes something.
type administrators struct {
	w      *World
	serial int
	writes map[string][]*write
	// made are the configurations that nodes in rings with quorum have had, by their epoch.
	made map[string]bool
	// acknowledged counts writes; alone those changes of the configuration that a node made in a ring without quorum.
	acknowledged, alone int
}

// write is one of a key.
type write struct {
	value    string // "" removes
	asked    time.Time
	answered time.Time // zero: not, or it was refused, and may come at any time
}

// change is a write of a key as a request. What is new is sent in its section, as crm_resource does: a modification
// that creates an object sent without it leaves the epoch as it is, and is not written to the disk, in the reference too
// (cibadmin --modify --allow-create).
type change struct {
	key, value, read string // read is where the value is found in a CIB: an XPath of an element, and its attribute
	attribute        string
	request          call.Request
}

// extra is a resource that administrators add and remove.
const extra = "x1"

func element(document string) *etree.Element { return parse(document) }

// standby has a node in standby, or not.
func standby(n *node, serial int, on bool) change {
	return change{
		key: "standby of " + n.name, value: fmt.Sprint(serial),
		read: "./configuration/nodes/node/instance_attributes/nvpair[@id='standby-serial-" + n.name + "']", attribute: "value",
		request: call.Request{Op: ops.Modify, Section: "nodes", Options: call.CanCreate, Data: element(fmt.Sprintf(
			`<node id="%[1]d" uname="%[2]s"><instance_attributes id="nodes-%[1]d"><nvpair id="standby-%[2]s" name="standby" value="%[3]s"/>`+
				`<nvpair id="standby-serial-%[2]s" name="standby-serial" value="%[4]d"/></instance_attributes></node>`, n.id, n.name, onOff(on), serial))},
	}
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// maintenance has the cluster leave all resources alone, or not.
func maintenance(serial int, on bool) change {
	return change{
		key: "maintenance", value: fmt.Sprint(serial),
		read: "./configuration/crm_config/cluster_property_set/nvpair[@id='o-maintenance-serial']", attribute: "value",
		request: call.Request{Op: ops.Modify, Section: "crm_config", Options: call.CanCreate, Data: element(fmt.Sprintf(
			`<crm_config><cluster_property_set id="cib-bootstrap-options"><nvpair id="o-maintenance" name="maintenance-mode" value="%v"/>`+
				`<nvpair id="o-maintenance-serial" name="maintenance-serial" value="%d"/></cluster_property_set></crm_config>`, on, serial))},
	}
}

// infinity is the score beyond which all are alike.
const infinity = 1_000_000

// location moves a resource to a node or bans it from there, as crm_resource does; both scores are infinite.
func location(rsc string, n *node, serial int, ban bool) change {
	score, kind := infinity+serial, "prefer"
	if ban {
		score, kind = -score, "ban"
	}
	return change{
		key: kind + " of " + rsc, value: fmt.Sprint(score),
		read: "./configuration/constraints/rsc_location[@id='cli-" + kind + "-" + rsc + "']", attribute: "score",
		request: call.Request{Op: ops.Modify, Section: "constraints", Options: call.CanCreate, Data: element(fmt.Sprintf(
			`<constraints><rsc_location id="cli-%s-%s" rsc="%s" node="%s" score="%d"/></constraints>`, kind, rsc, rsc, n.name, score))},
	}
}

// clears removes what location has made.
func (c change) clears() change {
	c.value = ""
	c.request.Op, c.request.Options = ops.Delete, 0
	object := c.request.Data.ChildElements()[0]
	c.request.Data = element(fmt.Sprintf(`<%s id="%s"/>`, object.Tag, object.SelectAttrValue("id", "")))
	return c
}

// adds adds a resource; what it is described by is the serial number.
func adds(serial int) change {
	return change{
		key: extra, value: fmt.Sprint(serial),
		read: "./configuration/resources/primitive[@id='" + extra + "']", attribute: "description",
		request: call.Request{Op: ops.Modify, Section: "resources", Options: call.CanCreate, Data: element(fmt.Sprintf(
			`<resources><primitive id="%[1]s" class="ocf" provider="sim" type="Instance" description="%[2]d"><operations>`+
				`<op id="%[1]s-monitor" name="monitor" interval="10s" timeout="20s"/></operations></primitive></resources>`, extra, serial))},
	}
}

// act has one of them do something.
func (a *administrators) act() {
	w := a.w
	var able []*node
	for _, n := range w.nodes {
		if n.quorate() {
			able = append(able, n)
		}
	}
	if len(able) == 0 {
		return
	}
	n, about := able[w.rand.IntN(len(able))], w.nodes[w.rand.IntN(len(w.nodes))]
	a.serial++
	yes := w.rand.IntN(2) == 0
	rsc := []string{"r1", "g"}[w.rand.IntN(2)]
	switch w.rand.IntN(6) {
	case 0:
		a.write(n, standby(about, a.serial, yes), nil)
	case 1, 2:
		c := location(rsc, about, a.serial, w.rand.IntN(2) == 0)
		if yes {
			c = c.clears()
		}
		a.write(n, c, nil)
	case 3:
		a.write(n, maintenance(a.serial, yes), nil)
	case 4:
		c := adds(a.serial)
		if yes {
			c = c.clears()
		}
		a.write(n, c, nil)
	case 5:
		w.trace(n, "an administrator has the failures of %s on %s forgotten", rsc, about.name)
		n.attributes.update(attrdclient.ClearFailures("crm_failcount", attrdwire.Attribute{Resource: &rsc, Host: &about.name}))
	}
}

// quorate tells whether a node is up and in a ring with quorum.
func (n *node) quorate() bool {
	return n.up && n.part != nil && 2*len(n.part.members) > len(n.w.nodes)
}

// write asks a node's CIB manager for a change. Then hears what has become of it.
func (a *administrators) write(n *node, c change, then func(err error)) {
	w := a.w
	record := &write{value: c.value, asked: w.now}
	a.writes[c.key] = append(a.writes[c.key], record)
	alone := n.minorities
	w.ids++
	cl := n.cib.open(fmt.Sprintf("cibadmin-%d", w.ids), nil)
	w.trace(n, "an administrator asks for %s: %q", c.key, c.value)
	cl.ask(c.request, func(now time.Time, _ *etree.Element, err error) {
		w.trace(n, "an administrator is answered about %s, %q: %v", c.key, c.value, err)
		if err == nil && n.quorate() && n.minorities == alone {
			record.answered = now
			a.acknowledged++
		}
		delete(n.cib.clients, cl.id)
		n.cib.do(n.cib.m.Disconnect(now, cl.id))
		if then != nil {
			then(err)
		}
	})
}

// changed is a configuration that a node has.
func (a *administrators) changed(n *node, cib *etree.Element) {
	key := cib.SelectAttrValue("epoch", "") + " " + text.Line(cib.SelectElement("configuration"))
	switch {
	case n.part == nil: // what its disk had
	case n.quorate():
		a.made[key] = true
	case !a.made[key]:
		a.alone++
	}
}

// lost says which acknowledged write is not in a CIB, nor one that may have come after it.
func (a *administrators) lost(cib *etree.Element) error {
	for _, key := range slices.Sorted(maps.Keys(a.writes)) {
		c := a.reader(key)
		got := ""
		if e := cib.FindElement(c.read); e != nil {
			got = e.SelectAttrValue(c.attribute, "")
		}
		if err := explained(a.writes[key], got); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
	}
	return nil
}

// reader is some change of a key.
func (a *administrators) reader(key string) change {
	kind, of, _ := strings.Cut(key, " of ")
	switch kind {
	case "standby":
		return standby(a.w.named(of), 0, false)
	case "maintenance":
		return maintenance(0, false)
	case extra:
		return adds(0)
	}
	return location(of, a.w.nodes[0], 0, kind == "ban")
}

func (w *World) named(name string) *node {
	return w.nodes[slices.IndexFunc(w.nodes, func(n *node) bool { return n.name == name })]
}

// explained is nil if a value is what a write has left that no acknowledged one has been asked for after.
func explained(writes []*write, value string) error {
	writes = append([]*write{{answered: time.Unix(0, 0)}}, writes...) // what there was at first: nothing
	var over *write
	for _, one := range writes {
		if one.value != value {
			continue
		}
		i := slices.IndexFunc(writes, func(later *write) bool {
			return !one.answered.IsZero() && !later.answered.IsZero() && later.asked.After(one.answered)
		})
		if i < 0 {
			return nil
		}
		over = writes[i]
	}
	if over == nil {
		return fmt.Errorf("the value is %q, which nobody has written", value)
	}
	return fmt.Errorf("the value is %q, but %q was asked for later, at %s, and acknowledged at %s",
		value, over.value, over.asked.UTC().Format("15:04:05.000"), over.answered.UTC().Format("15:04:05.000"))
}

// tidy has one of them undo all, so that all shall run again.
func (a *administrators) tidy() {
	n := a.w.nodes[0]
	for _, key := range slices.Sorted(maps.Keys(a.writes)) {
		a.serial++
		kind, of, _ := strings.Cut(key, " of ")
		var c change
		switch kind {
		case "standby":
			c = standby(a.w.named(of), a.serial, false)
		case "maintenance":
			c = maintenance(a.serial, false)
		default:
			c = a.reader(key).clears()
		}
		answered := false
		a.write(n, c, func(err error) {
			answered = true
			if err != nil {
				a.w.fail("an administrator of the settled cluster asks for %s, and is told: %v", key, err)
			}
		})
		a.w.Run(time.Minute)
		if !answered {
			a.w.fail("an administrator of the settled cluster asks for %s, and is not answered", key)
		}
	}
}
