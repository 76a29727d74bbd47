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
		g := generator{}
		g.add(root, "", "execution-date", "1700000000")
	}
	mutate(rng, doc.Root())
	return doc
}

// mutate makes a few changes below status and resources and of options.
func mutate(rng *rand.Rand, root *etree.Element) {
	all := root.FindElements("descendant::*")
	for range 1 + rng.IntN(4) {
		if len(all) == 0 {
			return
		}
		e := all[rng.IntN(len(all))]
		switch e.Tag {
		case "lrm_rsc_op", "lrm_resource", "node_state", "nvpair", "rsc_location", "rsc_order", "rsc_colocation", "rsc_ticket", "op":
			if rng.IntN(2) == 0 && e.Parent() != nil {
				e.Parent().RemoveChild(e)
				continue
			}
		}
		switch e.Tag {
		case "lrm_rsc_op":
			result(rng, e)
		case "nvpair":
			e.CreateAttr("value", one(rng, "true", "false", "0", "1", "2", "INFINITY", "-INFINITY", "10s", "Stopped"))
		case "rsc_location", "rsc_colocation":
			e.CreateAttr("score", one(rng, "INFINITY", "-INFINITY", "0", "100", "-100"))
		case "node_state":
			e.CreateAttr("in_ccm", one(rng, "true", "false"))
		case "cib":
			e.CreateAttr("have-quorum", one(rng, "true", "false", "1", "0"))
		}
	}
}

// result changes what an operation is said to have come to.
func result(rng *rand.Rand, op *etree.Element) {
	rc := one(rng, "0", "1", "5", "7", "8", "9")
	op.CreateAttr("rc-code", rc)
	op.CreateAttr("op-status", one(rng, "0", "4"))
}
