package sched

import (
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/pengine/sched/schedtest"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// Without a trace, what would be remembered costs no allocation.
func TestNoTrace(t *testing.T) {
	cluster := schedtest.Cluster{Nodes: 3, Resources: 20, Settled: true}
	doc := etree.NewDocument()
	if err := doc.ReadFromString(cluster.CIB()); err != nil {
		t.Fatal(err)
	}
	ws, err := status.Unpack(doc.Root(), status.Options{Now: time.Unix(1700000100, 0).UTC(), Flags: status.NoCompat})
	if err != nil {
		t.Fatal(err)
	}
	Schedule(ws)
	a := &assigner{ws: ws, colocations: newColocations(ws)}
	r := ws.Resources[0]
	c := r.Allowed.Values()[0]
	with := &status.Colocation{ID: "c", Dependent: r, Primary: r}
	nodes := r.Allowed.Values()
	scores := a.colocations.table(&r.Allowed)
	allocations := testing.AllocsPerRun(100, func() {
		traceBan(r, c, status.TagExclusive)
		traceSet(r, c, 1, status.TagExclusive)
		traceUnheeded(r, with)
		takeScores(r, scores, status.Cause{Colocation: with, With: r})
		setPriority(r, 1, status.Cause{Colocation: with, With: r})
		a.trace(r, nodes, c, status.ChoiceBest)
		r.Location(c.Node, 1, "stickiness")
		addScore(r, c.Node, 1, status.TagCloneNodeMax)
	})
	if allocations != 0 {
		t.Errorf("%v allocations", allocations)
	}
}
