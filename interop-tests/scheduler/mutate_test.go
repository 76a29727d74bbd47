//go:build interop

package scheduler

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/beevik/etree"
)

// corpus are the names of the reference's own tests, if it is told where they are.
func corpus(t testing.TB) []string {
	folder := os.Getenv("RINGMASTER_CORPUS")
	if folder == "" {
		return nil
	}
	files, err := filepath.Glob(filepath.Join(folder, "xml", "*.xml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("RINGMASTER_CORPUS: no CIBs in %s", folder)
	}
	return files
}

// draw makes a CIB: one generated, or, every third time if there is a corpus, one
// of that with changes.
func draw(rng *rand.Rand, known []string) *etree.Document {
	if len(known) == 0 || rng.IntN(3) > 0 {
		doc := generate(rng)
		if rng.IntN(3) == 0 {
			mutate(rng, doc.Root())
		}
		return doc
	}
	doc := etree.NewDocument()
	if err := doc.ReadFromFile(known[rng.IntN(len(known))]); err != nil {
		return generate(rng)
	}
	if root := doc.Root(); root.SelectAttr("execution-date") == nil {
		root.CreateAttr("execution-date", "1700000000")
	}
	mutate(rng, doc.Root())
	addCommands(doc, sceneOf(rng, doc.Root()).commandLines()...)
	return doc
}

// mutate makes a few changes, most of them below status and resources and of options.
func mutate(rng *rand.Rand, root *etree.Element) {
	all := root.FindElements("descendant::*")
	for range 1 + rng.IntN(6) {
		if len(all) == 0 {
			return
		}
		e := all[rng.IntN(len(all))]
		switch e.Tag {
		case "lrm_rsc_op", "lrm_resource", "node_state", "nvpair", "rsc_location", "rsc_order", "rsc_colocation", "rsc_ticket", "op",
			"resource_ref", "resource_set", "rule", "expression", "date_expression", "transient_attributes", "fencing-level", "utilization", "lrm":
			if rng.IntN(2) == 0 && e.Parent() != nil {
				e.Parent().RemoveChild(e)
				continue
			}
		}
		change(rng, e)
	}
}

// change changes one thing of an element.
func change(rng *rand.Rand, e *etree.Element) {
	set := func(name string, values ...string) { e.CreateAttr(name, one(rng, values...)) }
	switch e.Tag {
	case "lrm_rsc_op":
		set("rc-code", "0", "1", "5", "7", "8", "9", "193")
		set("op-status", "0", "4", "0", "4", "-1", "2")
		if rng.IntN(4) == 0 {
			set("op-digest", digests...)
		}
	case "lrm_resource":
		if rng.IntN(4) == 0 {
			e.CreateAttr("shutdown-lock", "1699999000")
		}
	case "nvpair":
		set("value", "true", "false", "0", "1", "2", "INFINITY", "-INFINITY", "10s", "Stopped")
	case "rsc_location", "rsc_colocation":
		if e.SelectAttr("score") != nil {
			set("score", "INFINITY", "-INFINITY", "0", "100", "-100")
		}
	case "rsc_order":
		if e.SelectAttr("score") == nil {
			set("kind", "Optional", "Mandatory", "Serialize")
		}
	case "resource_set":
		set("sequential", "true", "false")
		set("role", "Started", "Master", "Slave", "Stopped")
	case "rsc_ticket":
		set("loss-policy", "stop", "fence", "freeze", "demote")
	case "node_state":
		set("in_ccm", "true", "false")
		if rng.IntN(3) == 0 {
			set("expected", "member", "down")
			set("join", "member", "down", "pending")
		}
	case "op":
		set("on-fail", "ignore", "block", "stop", "restart", "fence", "standby", "demote")
	case "cib":
		set("have-quorum", "true", "false", "1", "0")
	}
}
