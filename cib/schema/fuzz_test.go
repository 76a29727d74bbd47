package schema

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/golden"
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
		for _, v := range []Version{V1_0, V2_10, Latest} {
			checkExplained(t, v, doc.Root())
		}
	})
}

func checkUpgrade(t *testing.T, cib *etree.Element) {
	t.Helper()
	before := golden.Document(cib)
	for _, v := range Versions() {
		v.Validate(cib)
	}
	if golden.Document(cib) != before {
		t.Fatal("validation changed the document")
	}
	claimed := cib.SelectAttrValue("validate-with", "")
	u, err := Upgrade(cib, Options{})
	switch {
	case err != nil, Named(claimed) >= Latest:
		return
	case !u.Version.Validate(u.CIB):
		t.Fatalf("upgraded to an invalid %v:\n%s", u.Version, golden.Document(u.CIB))
	}
	after := golden.Document(u.CIB)
	again, err := Upgrade(u.CIB, Options{})
	if err != nil || again.Version != u.Version || golden.Document(again.CIB) != after {
		t.Fatalf("a second upgrade gives %v, %v", again.Version, err)
	}
}

// TestSamples draws valid configurations of every version from the grammar.
func TestSamples(t *testing.T) {
	words := []string{"requires", "timeout", "isolation", "start", "default-action-timeout", "pcmk_arg_map", "-INFINITY"}
	for seed := range uint64(8) {
		for _, v := range Versions() {
			rng := rand.New(rand.NewPCG(seed, uint64(v)))
			cib := v.Sample(rng.IntN, words)
			if !v.Validate(cib) {
				t.Fatalf("seed %d: %v refuses\n%s", seed, v, golden.Document(cib))
			}
			checkUpgrade(t, cib)
		}
	}
}

// FuzzMutations draws a configuration and changes it at random.
func FuzzMutations(f *testing.F) {
	f.Add(uint64(1), uint64(1))
	f.Add(uint64(2), uint64(99))
	f.Fuzz(func(t *testing.T, sample, changes uint64) {
		rng := rand.New(rand.NewPCG(sample, 0))
		v := Version(rng.IntN(int(None)))
		cib := v.Sample(rng.IntN, []string{"start", "requires", "isolation", "default-action-timeout"})
		other := v.Sample(rng.IntN, []string{"promote", "timeout", "port:1", "i1"})
		rng = rand.New(rand.NewPCG(changes, 0))
		for range 1 + rng.IntN(4) {
			all := append(cib.FindElements(".//*"), cib)
			more := other.FindElements(".//*")
			e := all[rng.IntN(len(all))]
			switch rng.IntN(5) {
			case 0:
				if len(e.Attr) > 0 {
					e.RemoveAttr(e.Attr[rng.IntN(len(e.Attr))].FullKey())
				}
			case 1:
				if e != cib {
					e.Parent().RemoveChild(e)
				}
			case 2:
				e.InsertChildAt(rng.IntN(len(e.Child)+1), more[rng.IntN(len(more))].Copy())
			case 3:
				for _, a := range more[rng.IntN(len(more))].Attr {
					e.CreateAttr(a.Key, a.Value)
				}
			case 4:
				e.Tag = more[rng.IntN(len(more))].Tag
			}
		}
		checkUpgrade(t, cib)
		checkExplained(t, v, cib)
	})
}

// TestManyOptions: an element with every optional attribute has thousands of states, and
// a document with many of these must not take forever.
func TestManyOptions(t *testing.T) {
	var ops strings.Builder
	for i := range 300 {
		fmt.Fprintf(&ops, `<op id="o%d" name="n" interval="0" description="d" start-delay="1" timeout="1" enabled="1"`+
			` record-pending="1" role="Started" on-fail="block"><meta_attributes id-ref="nowhere"/></op>`, i)
	}
	cib := parse(t, `<cib admin_epoch="0" epoch="0" num_updates="0"><configuration><crm_config/><nodes/><resources>`+
		`<primitive id="p" class="ocf" provider="x" type="y"><operations>`+ops.String()+`</operations></primitive></resources>`+
		`<constraints/></configuration></cib>`)
	if faults := Latest.Explain(cib); len(faults) < 300 {
		t.Errorf("%d faults, want one for every operation at least", len(faults))
	}
}
