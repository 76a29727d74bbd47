package sched

import "github.com/ringmaster-ha/ringmaster/pengine/status"

// recordScores keeps the scores of the nodes, by name, of a resource and of all in
// it (pe__show_node_weights). function is the reference's that shows them.
func recordScores(r *status.Resource, function string) {
	ws := r.WorkingSet()
	if !ws.Flags.Has(status.ShowScores) || r.Is(status.Orphan) {
		return
	}
	for _, n := range ws.Nodes {
		if c := r.Allowed.Get(n); c != nil {
			ws.Records = append(ws.Records, status.Record{Kind: status.RecordScore, Function: function, Resource: r.ID, Node: n.Name, Score: c.Score})
		}
	}
	for _, child := range r.Children {
		recordScores(child, function)
	}
}

// recordPromotion keeps how readily an instance is promoted
// (show_promotion_score).
func recordPromotion(r *status.Resource) {
	ws := r.WorkingSet()
	if !ws.Flags.Has(status.ShowScores) {
		return
	}
	record := status.Record{Kind: status.RecordPromotion, Resource: r.ID, Score: r.SortIndex}
	if c := assignedCandidate(r); c != nil {
		record.Node = c.Name
	}
	ws.Records = append(ws.Records, record)
}

// recordCapacities keeps what capacity the nodes have left
// (pcmk__show_node_capacities).
func recordCapacities(ws *status.WorkingSet, comment string) {
	if !ws.Flags.Has(status.ShowUtilization) {
		return
	}
	for _, n := range ws.Nodes {
		ws.Records = append(ws.Records, status.Record{
			Kind: status.RecordCapacity, Function: comment, Node: n.Name, Values: status.HashOrder(n.Utilization),
		})
	}
}

// recordUtilization keeps what an assigned resource uses of its node.
func recordUtilization(r *status.Resource, n *status.Node) {
	ws := r.WorkingSet()
	if !ws.Flags.Has(status.ShowUtilization) {
		return
	}
	ws.Records = append(ws.Records, status.Record{
		Kind: status.RecordUtilization, Function: "pcmk__finalize_assignment", Resource: r.ID, Node: n.Name,
		Values: status.HashOrder(r.Utilization),
	})
}
