package show

import (
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// summary prints the cluster's summary and tells whether there was anything to print
// (cluster_summary).
func (v viewer) summary() bool {
	list := section{p: v.Printer, heading: "Cluster Summary"}
	wanted := v.Sections
	if wanted.Has(SectionStack) {
		list.begin()
		v.stack()
	}
	if wanted.Has(SectionDC) {
		list.begin()
		v.dc()
	}
	if wanted.Has(SectionTimes) {
		list.begin()
		v.times()
	}
	if wanted.Has(SectionCounts) {
		list.begin()
		v.counts()
	}
	if wanted.Has(SectionOptions) {
		v.clusterOptions(&list)
	}
	shown := list.end()
	if wanted.Has(SectionMaintMode) {
		shown = v.MaintenanceMode(v.ws) || shown
	}
	return shown
}

// clusterOptions prints the options of the cluster, on a page in a list of their own. The
// reference does not end that if it comes first, so that what follows is part of it.
func (v viewer) clusterOptions(list *section) {
	switch {
	case v.page == nil:
		list.begin()
	case list.end():
		list.begun = false
		list.heading = "Config Options"
		list.begin()
	default:
		v.Begin("Config Options")
	}
	v.options()
}

// pair is a value of a cluster-wide property, of which there must be one.
func (v viewer) pair(name string) (value string, ok bool) {
	found := 0
	walkPairs(v.ws.Input, func(e *etree.Element) {
		if e.SelectAttrValue("name", "") == name {
			found++
			at := e.SelectAttr("value")
			if ok = at != nil; ok {
				value = at.Value
			}
		}
	})
	if found != 1 {
		return "", false
	}
	return value, ok
}

func walkPairs(e *etree.Element, f func(*etree.Element)) {
	if e.Tag == "nvpair" {
		f(e)
	}
	for _, c := range e.ChildElements() {
		walkPairs(c, f)
	}
}

func (v viewer) stack() {
	stack, ok := v.pair("cluster-infrastructure")
	if !ok {
		stack = "unknown"
	}
	if v.xml {
		v.Element("stack", "type", stack)
		return
	}
	v.titled("Stack", plain(stack))
}

func (v viewer) dc() {
	version, known := v.pair("dc-version")
	dc := v.ws.DC
	quorum := status.IsTrue(v.ws.Input.SelectAttrValue("have-quorum", ""))
	mixed := v.mixed()
	if v.xml {
		if dc == nil {
			v.Element("current_dc", "present", "false")
			return
		}
		v.Element("current_dc", "present", "true", "version", version, "name", dc.Name, "id", dc.ID,
			"with_quorum", strconv.FormatBool(quorum), "mixed_version", strconv.FormatBool(mixed))
		return
	}
	if !known {
		version = "unknown"
	}
	const title = "Current DC"
	if dc == nil {
		v.titled(title, warning("NONE"))
		return
	}
	parts := []span{plain(v.displayName(dc) + " (version " + version + ") -")}
	if mixed {
		parts = append(parts, warning(" MIXED-VERSION"))
	}
	with := plain(" with")
	if !quorum {
		with = warning(" WITHOUT")
	}
	v.titled(title, append(parts, plain(" partition"), with, plain(" quorum"))...)
}

// featureSet is what the node's daemons can do, of nodes that are online and no remote ones
// (get_node_feature_set).
func featureSet(n *status.Node) (version string, ok bool) {
	if !n.Online || n.IsGuestOrRemote() {
		return "", false
	}
	if version, ok := n.Attribute("#feature-set"); ok {
		return version, true
	}
	return "<3.15.1", true // older nodes do not say
}

func (v viewer) mixed() bool {
	first := ""
	for _, n := range v.ws.Nodes {
		if version, ok := featureSet(n); ok {
			if first == "" {
				first = version
			} else if version != first {
				return true
			}
		}
	}
	return false
}

func (v viewer) times() {
	in := v.ws.Input
	attribute := func(before, name string) string {
		if a := in.SelectAttr(name); a != nil {
			return before + a.Value
		}
		return ""
	}
	now := v.ws.Options.Now.Format(time.ANSIC)
	if v.xml {
		v.Element("last_update", "time", now)
		v.Element("last_change", "time", attribute("", "cib-last-written"), "user", attribute("", "update-user"),
			"client", attribute("", "update-client"), "origin", attribute("", "update-origin"))
		return
	}
	changed := attribute("", "cib-last-written") + attribute(" by ", "update-user") + attribute(" via ", "update-client") + attribute(" on ", "update-origin")
	if v.page == nil {
		changed = " " + changed
	}
	v.titled("Last updated", plain(now))
	v.titled("Last change", plain(changed))
}

func plural(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return noun
}

func (v viewer) counts() {
	nodes, resources, disabled, blocked := len(v.ws.Nodes), v.ws.Instances, v.ws.Disabled, v.ws.Blocked
	if v.xml {
		v.Element("nodes_configured", "number", strconv.Itoa(nodes))
		v.Element("resources_configured", "number", strconv.Itoa(resources), "disabled", strconv.Itoa(disabled), "blocked", strconv.Itoa(blocked))
		return
	}
	parts := []span{plain(fmt.Sprintf("%d resource %s configured", resources, plural(resources, "instance")))}
	add := func(text string, loud span, after string) {
		parts[len(parts)-1].text += text
		parts = append(parts, loud)
		if after != "" {
			parts = append(parts, plain(after))
		}
	}
	const failure = " from further action due to failure)"
	switch {
	case disabled > 0 && blocked > 0:
		add(fmt.Sprintf(" (%d ", disabled), bold("DISABLED"), fmt.Sprintf(", %d ", blocked))
		add("", bold("BLOCKED"), failure)
	case disabled > 0:
		add(fmt.Sprintf(" (%d ", disabled), bold("DISABLED"), ")")
	case blocked > 0:
		add(fmt.Sprintf(" (%d ", blocked), bold("BLOCKED"), failure)
	}
	v.line(plain(fmt.Sprintf("%d %s configured", nodes, plural(nodes, "node"))))
	v.line(parts...)
}

var quorumPolicies = sync.OnceValue(func() map[status.QuorumPolicy][2]string {
	return map[status.QuorumPolicy][2]string{
		status.NoQuorumFreeze:  {"freeze", "Freeze resources"},
		status.NoQuorumStop:    {"stop", "Stop ALL resources"},
		status.NoQuorumDemote:  {"demote", "Demote promotable resources and stop all other resources"},
		status.NoQuorumIgnore:  {"ignore", "Ignore"},
		status.NoQuorumSuicide: {"suicide", "Suicide"},
	}
})

func (v viewer) options() {
	ws := v.ws
	policy := quorumPolicies()[ws.NoQuorumPolicy]
	flag := func(f status.ClusterFlags) string { return strconv.FormatBool(ws.Flags.Has(f)) }
	if v.xml {
		const ms = 1000
		v.Element("cluster_options",
			"stonith-enabled", flag(status.FencingEnabled), "symmetric-cluster", flag(status.SymmetricCluster),
			"no-quorum-policy", policy[0], "maintenance-mode", flag(status.MaintenanceMode),
			"stop-all-resources", flag(status.StopEverything), "stonith-timeout-ms", strconv.Itoa(ws.FencingTimeoutMS),
			"priority-fencing-delay-ms", strconv.Itoa(ws.PriorityFencingDelay*ms))
		return
	}
	choose := func(f status.ClusterFlags, yes, no string) string {
		if ws.Flags.Has(f) {
			return yes
		}
		return no
	}
	v.Item("STONITH of failed nodes %s", choose(status.FencingEnabled, "enabled", "disabled"))
	v.Item("Cluster is %s", choose(status.SymmetricCluster, "symmetric", "asymmetric"))
	v.Item("No quorum policy: %s", policy[1])
	if v.page == nil {
		return
	}
	switch {
	case ws.Flags.Has(status.MaintenanceMode):
		v.line(plain("Resource management: "), bold("DISABLED"), plain(" (the cluster will not attempt to start, stop, or recover services)"))
	case ws.Flags.Has(status.StopEverything):
		v.line(plain("Resource management: "), bold("STOPPED"), plain(" (the cluster will keep all resources stopped)"))
	default:
		v.Item("Resource management: enabled")
	}
}
