package explain

import (
	"strings"

	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// explainNode explains a node: whether it is or will be fenced and why, and why it
// runs no resources.
func (x *explainer) explainNode(n *status.Node) *Node {
	e := &Node{Name: n.String(), State: x.stateOf(n)}
	if e.State == "" {
		e.State = "online"
	}
	fencing := x.fencingOf(n)
	e.Fenced = fencing != nil
	reasons := x.trace.Fencing[n]
	switch {
	case fencing != nil:
		e.Answer = sentence("%s will be fenced (%s)", n, fencing.Meta.Value("stonith_action"))
	case n.IsGuest() && n.RemoteRequiresReset:
		e.Answer = sentence("%s, a guest node, will be fenced by recovering its container %s", n, n.RemoteResource.Container.ID)
		e.Fenced = true
	case n.Unclean:
		e.Answer = sentence("%s should be fenced, but cannot be", n)
		e.Reasons = append(e.Reasons, x.cannotFence(n))
	case n.IsRemote() && n.RemoteRequiresReset && len(reasons) > 0:
		e.Answer = sentence("%s was to be fenced, but need not be: its connection %s can be made again", n, n.RemoteResource.ID)
	case e.State == "online":
		e.Answer = sentence("%s is online and can run resources", n)
	default:
		e.Answer = sentence("%s is %s%s, and needs no fencing", n, e.State, x.whyState(n, e.State))
	}
	seen := map[string]bool{}
	for _, reason := range reasons {
		if !seen[reason] && (e.Fenced || n.Unclean || n.RemoteRequiresReset) {
			seen[reason] = true
			e.Reasons = append(e.Reasons, sentence("%s", capital(fencingText(reason)+x.fencingDetail(n, reason))))
		}
	}
	if len(seen) == 0 && (e.Fenced || n.Unclean) {
		switch {
		case n.Unseen:
			e.Reasons = append(e.Reasons, "It has not been seen since the cluster started, so it may be running resources unseen (startup-fencing=true).")
		case fencing != nil && fencing.Reason != "":
			e.Reasons = append(e.Reasons, sentence("%s", capital(fencing.Reason)))
		}
	}
	e.Facts = x.nodeFacts(n)
	return e
}

// fencingOf is the action that fences a node in this transition, or nil.
func (x *explainer) fencingOf(n *status.Node) *status.Action {
	for _, a := range x.ws.Actions {
		if a.Task == status.ActionNameFence && a.Node == n && a.Meta.Value("stonith_action") != "on" && !a.Is(status.Optional) && a.Is(status.ActionRunnable) {
			return a
		}
	}
	return nil
}

// cannotFence says why a node that needs it is not fenced.
func (x *explainer) cannotFence(n *status.Node) string {
	switch {
	case !x.ws.Flags.Has(status.FencingEnabled):
		return "Fencing is disabled (cluster option stonith-enabled=false)."
	case !x.ws.Flags.Has(status.HaveFenceDevice):
		return "No fence device is configured."
	case !x.ws.CanFence(n):
		return "This part of the cluster has no quorum (cluster option no-quorum-policy=" + x.ws.Option("no-quorum-policy") + ")."
	}
	return "There is no managed resource that would need it."
}

// fencingText is the reason for fencing in words that say what it means.
func fencingText(reason string) string {
	switch reason {
	case "peer is no longer part of the cluster":
		return "it has left the membership without shutting down (" + reason + ")"
	case "peer process is no longer available":
		return "it is in the membership, but its controller is gone (" + reason + ")"
	case "peer has not been seen by the cluster":
		return "nothing has been heard of it (" + reason + ")"
	case "peer is unexpectedly down":
		return "it was expected to be up (" + reason + ")"
	case "termination was requested":
		return "somebody asked for it (node attribute terminate)"
	case "cluster does not have quorum":
		return "the cluster has no quorum, and each node in it is to be fenced (cluster option no-quorum-policy=suicide)"
	}
	return reason
}

// fencingDetail adds what failed, where a reason says that something did.
func (x *explainer) fencingDetail(n *status.Node, reason string) string {
	if id, ok := strings.CutSuffix(reason, " failed there"); ok {
		if r := x.ws.Find(id, status.FindRenamed); r != nil {
			return x.failureOf(r, n, "") + ", which has on-fail=fence"
		}
	}
	return ""
}

// nodeFacts are what a node runs, and what its state means for that.
func (x *explainer) nodeFacts(n *status.Node) (facts []Fact) {
	var active, to []string
	for _, r := range n.Running {
		active = append(active, r.ID)
	}
	for _, r := range n.Assigned {
		to = append(to, r.ID)
	}
	if len(active) > 0 {
		facts = append(facts, Fact{"active", sentence("Active there: %s", list(active))})
	}
	if len(to) > 0 {
		facts = append(facts, Fact{"place", sentence("To be active there: %s", list(to))})
	}
	if n.IsGuestOrRemote() && n.RemoteResource != nil {
		facts = append(facts, Fact{kindRemote, sentence("It is reached through resource %s", n.RemoteResource.ID)})
	}
	if health := healthText(n); health != "node-health-base" {
		facts = append(facts, Fact{kindHealth, sentence("Its health: %s (node-health-strategy=%s)", health, x.ws.Option("node-health-strategy"))})
	}
	return facts
}
