//go:build interop

package cibschema

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/schema"
	"github.com/ringmaster-ha/ringmaster/internal/golden"
)

var (
	seeds = flag.Int("seeds", 300, "how many configurations to make up")
	first = flag.Uint64("seed", 1, "the first one's seed")
)

func parse(t testing.TB, xml []byte) *etree.Element {
	t.Helper()
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(xml); err != nil {
		t.Fatalf("%v in %s", err, xml)
	}
	return doc.Root()
}

// transforming keeps the lines of what the stylesheets say, without libxml2's errors.
func transforming(said string) string {
	var b strings.Builder
	for line := range strings.Lines(said) {
		for _, start := range []string{"DEBUG: ", "INFO: ", "WARNING: ", "INTERNAL ERROR", "ACLs: "} {
			if strings.HasPrefix(line, start) {
				b.WriteString(line)
			}
		}
	}
	return b.String()
}

// compareVersions returns how often both agree on a document, and what they do not
// agree on.
func compareVersions(o *oracle, xml []byte) (accepted, refused int, differ string) {
	want := o.about("V", xml)
	cib := parse(o.t, xml)
	for _, v := range schema.Versions() {
		is := v.Validate(cib)
		if is != (want.text[v] == '1') {
			differ += fmt.Sprintf(" %v:%v", v, is)
		} else if is {
			accepted++
		} else {
			refused++
		}
	}
	return accepted, refused, differ
}

// compareUpgrade returns what differs.
func compareUpgrade(o *oracle, xml []byte) string {
	want := o.about("U", xml)
	u, err := schema.Upgrade(parse(o.t, xml), schema.Options{})
	rc := 0
	switch {
	case errors.Is(err, schema.ErrInvalid):
		rc = -203
	case errors.Is(err, schema.ErrTransform):
		rc = -202
	}
	var said strings.Builder
	for _, m := range u.Messages {
		if m.Kind == schema.Transforming {
			said.WriteString(m.Text + "\n")
		}
	}
	switch {
	case rc != want.rc || int(u.Version) != want.version:
		return fmt.Sprintf("got %d, version %d, want %d, %d", rc, u.Version, want.rc, want.version)
	case golden.Document(u.CIB) != golden.Document(parse(o.t, []byte(want.text))):
		return fmt.Sprintf("got\n%s\nwant\n%s", golden.Document(u.CIB), golden.Document(parse(o.t, []byte(want.text))))
	case transforming(said.String()) != transforming(want.said):
		return fmt.Sprintf("said\n%s\nwant\n%s", transforming(said.String()), transforming(want.said))
	}
	return ""
}

// compareConfiguration returns what differs in cli_config_update.
func compareConfiguration(o *oracle, xml []byte) string {
	want := o.about("C", xml)
	u, ok := schema.UpdateConfiguration(parse(o.t, xml))
	// What it says may have a line feed in it, which the name of a schema had.
	rest := "\n" + want.said
	says := strings.Count(rest, "\nCannot upgrade") + strings.Count(rest, "\nSchema validation")
	var said []string
	for _, m := range u.Messages {
		if m.Kind == schema.Configuration {
			said = append(said, m.Text)
			_, rest, _ = strings.Cut(rest, "\n"+m.Text)
		}
	}
	switch {
	case ok != (want.rc == 1) || int(u.Version) != want.version:
		return fmt.Sprintf("got %v, version %d, want %d, %d", ok, u.Version, want.rc, want.version)
	case len(said) != says || says > 0 && rest == "":
		return fmt.Sprintf("said\n%s\nwant\n%s", strings.Join(said, "\n"), want.said)
	case golden.Document(u.CIB) != golden.Document(parse(o.t, []byte(want.text))):
		return fmt.Sprintf("got\n%s\nwant\n%s", golden.Document(u.CIB), golden.Document(parse(o.t, []byte(want.text))))
	}
	return ""
}

// corpus are the reference's test configurations, if there, and ours.
func corpus(t testing.TB) []string {
	files, err := filepath.Glob("../../cib/schema/testdata/upgrade/*.xml")
	if err != nil || len(files) == 0 {
		t.Fatal("no configurations", err)
	}
	if dir := os.Getenv("RINGMASTER_CORPUS"); dir != "" {
		more, err := filepath.Glob(filepath.Join(dir, "xml", "*.xml"))
		if err != nil || len(more) == 0 {
			t.Fatal("no corpus", err)
		}
		files = append(files, more...)
	} else {
		t.Log("RINGMASTER_CORPUS is not set: only with our own configurations")
	}
	return files
}

func read(t testing.TB, file string) []byte {
	t.Helper()
	xml, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return xml
}

func TestGoldens(t *testing.T) {
	o := newOracle(t)
	files, err := filepath.Glob("../../cib/schema/testdata/upgrade/*.xml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		a := o.about("U", read(t, file))
		want := fmt.Sprintf("%d %d\n%s\n%s", a.rc, a.version, strings.TrimSpace(a.text), transforming(a.said))
		golden := strings.TrimSuffix(file, "xml") + "want"
		if *refresh {
			if err := os.WriteFile(golden, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		} else if got := string(read(t, golden)); got != want {
			t.Errorf("%s is\n%s\nthe reference says\n%s", golden, got, want)
		}
	}
}

func TestCorpus(t *testing.T) {
	o := newOracle(t)
	files := corpus(t)
	accepted, refused := 0, 0
	for _, file := range files {
		xml := read(t, file)
		yes, no, differ := compareVersions(o, xml)
		if differ != "" {
			t.Errorf("%s:%s", file, differ)
		}
		accepted, refused = accepted+yes, refused+no
		if differ := compareUpgrade(o, xml); differ != "" {
			t.Errorf("%s: upgrade: %s", file, differ)
		}
	}
	t.Logf("%d configurations: accepted %d times and refused %d times by both, upgraded alike", len(files), accepted, refused)
}

// TestSamples makes configurations that our grammar allows, and mutates them.
func TestSamples(t *testing.T) {
	o := newOracle(t)
	pool := newPool(t)
	accepted, refused, mutations, wrong := 0, 0, 0, 0
	for seed := *first; seed < *first+uint64(*seeds); seed++ {
		rng := rand.New(rand.NewPCG(seed, 0))
		v := schema.Version(rng.IntN(int(schema.None)))
		cib := v.Sample(rng.IntN, words)
		for round := range 4 {
			xml := serialize(cib)
			yes, no, differ := compareVersions(o, xml)
			accepted, refused = accepted+yes, refused+no
			if differ != "" {
				wrong++
				t.Errorf("seed %d of %v, round %d:%s\n%s", seed, v, round, differ, xml)
			}
			if differ := compareUpgrade(o, xml); differ != "" {
				wrong++
				t.Errorf("seed %d of %v, round %d: upgrade: %s\n%s", seed, v, round, differ, xml)
			}
			if differ := compareConfiguration(o, xml); differ != "" {
				wrong++
				t.Errorf("seed %d of %v, round %d: configuration: %s\n%s", seed, v, round, differ, xml)
			}
			if wrong > 5 {
				t.FailNow()
			}
			pool.learn(cib)
			mutations += pool.mutate(rng, cib)
		}
	}
	t.Logf("%d samples with %d mutations: accepted %d times and refused %d times by both, upgraded alike",
		*seeds, mutations, accepted, refused)
}

// TestMutations mutates whole configurations; small ones, for the reference is slow.
func TestMutations(t *testing.T) {
	o := newOracle(t)
	pool := newPool(t)
	files := slices.DeleteFunc(corpus(t), func(file string) bool { return len(read(t, file)) > 30_000 })
	accepted, refused, mutations, wrong := 0, 0, 0, 0
	for seed := *first; seed < *first+uint64(*seeds); seed++ {
		rng := rand.New(rand.NewPCG(seed, 1))
		file := files[rng.IntN(len(files))]
		cib := parse(t, read(t, file))
		pool.learn(cib)
		mutations += pool.mutate(rng, cib)
		xml := serialize(cib)
		yes, no, differ := compareVersions(o, xml)
		accepted, refused = accepted+yes, refused+no
		if differ != "" {
			wrong++
			t.Errorf("seed %d, %s:%s\n%s", seed, file, differ, xml)
		}
		if differ := compareUpgrade(o, xml); differ != "" {
			wrong++
			t.Errorf("seed %d, %s: upgrade: %s\n%s", seed, file, differ, xml)
		}
		if wrong > 5 {
			t.FailNow()
		}
	}
	t.Logf("%d configurations with %d mutations: accepted %d times and refused %d times by both, upgraded alike",
		*seeds, mutations, accepted, refused)
}

// serialize writes a document so that both readers see the same values.
func serialize(cib *etree.Element) []byte {
	var b strings.Builder
	writeXML(&b, cib)
	return []byte(b.String())
}

var escape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "\n", "&#10;", "\t", "&#9;", "\r", "&#13;")

func writeXML(b *strings.Builder, e *etree.Element) {
	b.WriteString("<" + e.FullTag())
	for i := range e.Attr {
		b.WriteString(" " + e.Attr[i].FullKey() + `="` + escape.Replace(e.Attr[i].Value) + `"`)
	}
	b.WriteString(">")
	for _, token := range e.Child {
		switch t := token.(type) {
		case *etree.Element:
			writeXML(b, t)
		case *etree.Comment:
			b.WriteString("<!--" + t.Data + "-->")
		case *etree.CharData:
			b.WriteString(escape.Replace(t.Data))
		}
	}
	b.WriteString("</" + e.FullTag() + ">")
}
