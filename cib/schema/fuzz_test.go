package schema

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/beevik/etree"
)

// FuzzUpgrade: whatever is well-formed is validated and upgraded without a panic, and
// what comes out of a successful upgrade is valid, and not upgraded again.
func FuzzUpgrade(f *testing.F) {
	files, err := filepath.Glob("testdata/upgrade/*.xml")
	if err != nil || len(files) == 0 {
		f.Fatal("no seeds", err)
	}
	for _, file := range files {
		xml, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(xml)
	}
	f.Fuzz(func(t *testing.T, xml []byte) {
		doc := etree.NewDocument()
		if doc.ReadFromBytes(xml) != nil || doc.Root() == nil {
			return
		}
		checkUpgrade(t, doc.Root())
	})
}

func checkUpgrade(t *testing.T, cib *etree.Element) {
	t.Helper()
	before := lines(cib)
	for _, v := range Versions() {
		v.Validate(cib)
	}
	if lines(cib) != before {
		t.Fatal("validation changed the document")
	}
	claimed := cib.SelectAttrValue("validate-with", "")
	u, err := Upgrade(cib, Options{})
	switch {
	case err != nil, Named(claimed) >= Latest:
		return
	case !u.Version.Validate(u.CIB):
		t.Fatalf("upgraded to an invalid %v:\n%s", u.Version, lines(u.CIB))
	}
	after := lines(u.CIB)
	again, err := Upgrade(u.CIB, Options{})
	if err != nil || again.Version != u.Version || lines(again.CIB) != after {
		t.Fatalf("a second upgrade gives %v, %v", again.Version, err)
	}
}

// TestSamples draws valid configurations of every version from the grammar.
func TestSamples(t *testing.T) {
	words := []string{"requires", "timeout", "isolation", "start", "default-action-timeout", "pcmk_arg_map", "-INFINITY"}
	for seed := range uint64(20) {
		for _, v := range Versions() {
			rng := rand.New(rand.NewPCG(seed, uint64(v)))
			cib := v.Sample(rng.IntN, words)
			if !v.Validate(cib) {
				t.Fatalf("seed %d: %v refuses\n%s", seed, v, lines(cib))
			}
			checkUpgrade(t, cib)
		}
	}
}
