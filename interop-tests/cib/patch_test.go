//go:build interop

package cib

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/cli/crmdiff"
	"github.com/ringmaster-ha/ringmaster/internal/golden"
	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
)

// pair is two documents that have something in common.
func pair(rng *rand.Rand, corpus []string) (old, next *etree.Element) {
	if rng.IntN(4) == 0 {
		doc, err := xmltree.Parse([]byte(pick(rng, corpus)), xmltree.DropText)
		if err != nil {
			return pair(rng, corpus)
		}
		old = doc.Root()
	} else {
		old = etree.NewElement("cib")
		drawTree(rng, old, 3)
	}
	old.CreateAttr("crm_feature_set", pick(rng, []string{"3.16.1", "3.16.1", "3.0.9", "3.0.8", "3.0.4"}))
	for _, field := range []string{"admin_epoch", "epoch", "num_updates"} {
		if rng.IntN(3) > 0 {
			old.CreateAttr(field, fmt.Sprint(rng.IntN(3)))
		}
	}
	next = old.Copy()
	mutate(rng, next)
	if rng.IntN(2) == 0 {
		next.CreateAttr("epoch", fmt.Sprint(rng.IntN(4)))
	}
	tame(old)
	tame(next)
	return old, next
}

var forProgrammers = regexp.MustCompile(`(?m)^\(\w+\) \terror: .*\n`)

// compareDiff runs the reference's crm_diff and ours, and tells how they differ.
func compareDiff(t testing.TB, args ...string) (want golden.Command, differ string) {
	t.Helper()
	args = append([]string{"crm_diff"}, args...)
	want = run(t, nil, "", args...)
	if want.Status < 0 {
		return want, "" // the reference crashed
	}
	if slices.Contains(args, "-p") { // what it logs for programmers
		want.Stderr = forProgrammers.ReplaceAllString(want.Stderr, "")
	}
	var out, errs bytes.Buffer
	status := crmdiff.Main(args, strings.NewReader(""), &out, &errs)
	if status != want.Status || out.String() != want.Stdout || errs.String() != want.Stderr {
		differ = fmt.Sprintf("%q\ngot %d\n%s%s\nwant %d\n%s%s", args, status, out.String(), errs.String(), want.Status, want.Stdout, want.Stderr)
	}
	return want, differ
}

// mutatePatch makes a patchset that may not fit.
func mutatePatch(rng *rand.Rand, text string) string {
	doc, err := xmltree.Parse([]byte(text), xmltree.DropText)
	if err != nil {
		return text
	}
	all := elements(doc.Root())
	for range 1 + rng.IntN(3) {
		e := pick(rng, all)
		switch rng.IntN(5) {
		case 0:
			if e.Parent() != nil && e.Tag == "change" {
				e.Parent().RemoveChild(e)
			}
		case 1:
			if a := e.SelectAttr("path"); a != nil {
				a.Value = pick(rng, []string{"/cib/a", "/cib/b[@id='p']", "/cib/comment", a.Value + "/a", "/cib/a[@id='a b']/c", "/cib/a[@id='a/b']", "/cib//a"})
			}
		case 2:
			if a := e.SelectAttr("position"); a != nil && a.Value != "" {
				a.Value = pick(rng, []string{"0", "1", "2", "5", "-1", "x"})
			}
		case 3:
			if a := e.SelectAttr("operation"); a != nil && e.Tag == "change" {
				a.Value = pick(rng, []string{"delete", "move", "bogus"})
				if a.Value == "delete" && concerned(doc.Root(), e.SelectAttrValue("path", "")) > 1 {
					a.Value = "bogus" // the reference changes what it has freed
				}
			}
		case 4:
			if a := e.SelectAttr("epoch"); a != nil {
				a.Value = pick(rng, []string{"0", "1", "7", "x", ""})
			}
		}
	}
	if rng.IntN(2) == 0 {
		doc.Root().RemoveAttr("digest")
	}
	return write(doc.Root())
}

// concerned is how many changes are of what is at a path, or in it.
func concerned(patchset *etree.Element, path string) int {
	n := 0
	for _, change := range patchset.SelectElements("change") {
		if strings.HasPrefix(change.SelectAttrValue("path", ""), path) {
			n++
		}
	}
	return n
}

// TestPatchsets compares patchsets of pairs, what becomes of their application, and of that of
// mutated ones.
func TestPatchsets(t *testing.T) {
	t.Chdir(t.TempDir())
	corpus := []string{"<cib/>"}
	if dir := os.Getenv("RINGMASTER_CORPUS"); dir != "" {
		t.Chdir(home)
		corpus = documents(t)
		t.Chdir(t.TempDir())
	}
	var goldens []golden.Command
	compared, wrong, crashed := 0, 0, 0
	compare := func(seed uint64, keep bool, args ...string) golden.Command {
		want, differ := compareDiff(t, args...)
		compared++
		if want.Status < 0 {
			crashed++
		} else if keep {
			inline := want
			inline.Args = inlined(t, want.Args)
			goldens = append(goldens, inline)
		}
		if differ != "" {
			wrong++
			t.Errorf("seed %d: %s", seed, differ)
			for _, name := range []string{"old.xml", "new.xml", "patch.xml"} {
				if text, err := os.ReadFile(name); err == nil && len(text) < 4000 {
					t.Logf("%s: %s", name, text)
				}
			}
			if wrong > 4 {
				t.FailNow()
			}
		}
		return want
	}
	for seed := *first; seed < *first+uint64(*seeds); seed++ {
		rng := rand.New(rand.NewPCG(seed, 2))
		old, next := pair(rng, corpus)
		save(t, "old.xml", write(old))
		save(t, "new.xml", write(next))
		keep := *refresh && len(goldens) < 150 && len(write(old)) < 3000
		for _, option := range []string{"", "-u", "-c"} {
			args := []string{"-o", "old.xml", "-n", "new.xml"}
			if option != "" {
				args = append(args, option)
			}
			made := compare(seed, keep, args...)
			if made.Stdout == "" {
				continue
			}
			for _, patch := range []string{made.Stdout, mutatePatch(rng, made.Stdout)} {
				save(t, "patch.xml", patch)
				compare(seed, keep, "-o", "old.xml", "-p", "patch.xml")
				compare(seed, keep, "-c", "-o", "old.xml", "-p", "patch.xml")
			}
		}
	}
	t.Logf("%d runs are equal, of another %d the reference crashed", compared-crashed, crashed)
	if *refresh {
		t.Chdir(home)
		golden.WriteCommands(t, "../../internal/cli/crmdiff/testdata/drawn.jsonl", goldens)
	}
}

// commandLines are calls of crm_diff with what it has to say about itself and its input.
var commandLines = func() (all [][]string) {
	const v2, v1 = `<cib crm_feature_set="3.16.1" a="1" epoch="1"><b/><c id="1"/><!-- x --></cib>`, `<cib a="1" epoch="1"><b/><c id="1"/></cib>`
	const next = `<cib crm_feature_set="3.16.1" a="2" epoch="2"><c id="1" x="2"/><d hidden="q"><e q="1"/></d><!-- y --></cib>`
	for _, v := range []string{"", "-V", "-VVV"} {
		for _, u := range []string{"", "-u", "-c", "-uc"} {
			for _, old := range []string{v1, v2, next} {
				args := []string{"-O", old, "-N", next}
				for _, o := range []string{u, v} {
					if o != "" {
						args = append(args, o)
					}
				}
				all = append(all, args)
			}
		}
	}
	all = append(all, [][]string{
		{"--help"}, {"--help-all"}, {"--help-xml"}, {"--help-operation"}, {"--help-additional"}, {"--version"}, {"-x"}, {}, {"-s"}, {"-o"}, {"-O", "<a/>"},
		{"-N", "<a/>"}, {"-O", "<a/>", "-N", "<b/>"}, {"-O", `<a id="1"/>`, "-N", "<a/>"}, {"-O", "<a/>", "-o", "x", "-N", "<a/>"}, {"-u", "-O", "<a/>", "-p", "none"},
		{"-u", "-O", "<a/>", "-N", `<a epoch="3"/>`}, {"-O", "", "-N", "<a/>"},
	}...)
	// pcs and crmsh.
	all = append(all, []string{"--original", "old.xml=" + v2, "--new", "new.xml=" + next, "--no-version"}, []string{"-u", "-o", "old.xml=" + v2, "-n", "new.xml=" + next})
	for _, patch := range []string{
		`<diff format="2"><change operation="move" path="/a" position="0"/></diff>`, `<diff format="2"><change operation="move" path="/a" position="1"/></diff>`,
		`<diff format="2"><change operation="create" path="/a" position="7"><z/></change></diff>`, `<diff format="2"><change operation="create" path="/a" position="-7"><z/></change></diff>`,
		`<diff format="2"><change operation="create" path="/a" position="1"><z/></change></diff>`, `<diff format="2"><change operation="create" path="/a/b/x" position="7"><z/></change></diff>`,
		`<diff format="2"><change operation="move" path="/a/b"/></diff>`, `<diff format="2"><change operation="move" path="/a/b" position="5"/></diff>`,
		`<diff format="2"><change operation="modify" path="/a/b"/></diff>`, `<diff format="2"><change operation="x" path="/a/b"/></diff>`, `<diff format="2"><change path="/a/b"/></diff>`,
		`<diff format="3"/>`, `<diff format="x"/>`, `<diff digest="x"/>`, `<x/>`, `<diff><diff-added><a x="1"><!-- c --><q __crm_diff_marker__="added:top"/><r/></a></diff-added></diff>`,
		`<diff format="2"><version><source epoch="1"/><target epoch="2"/></version></diff>`, `<diff format="2"><version><source epoch="-1"/><target epoch="2"/></version></diff>`,
		`<diff format="2"><version><source epoch="0"/><target epoch="2"/></version></diff>`, `<diff format="2"><change operation="delete" path="/a/comment" position="1"/></diff>`,
		`<diff format="2"><change operation="delete" path="/a/comment" position="2"/></diff>`, `<diff format="2"><change operation="delete" path="/a/comment"/></diff>`,
	} {
		all = append(all, []string{"-O", "<a><x/><b/><!-- old --></a>", "-p", "patch.xml=" + patch}, []string{"-c", "-O", "<a><x/><b/><!-- old --></a>", "-p", "patch.xml=" + patch})
	}
	return all
}()

// TestCommandLines compares what crm_diff says.
func TestCommandLines(t *testing.T) {
	t.Chdir(t.TempDir())
	var goldens []golden.Command
	for _, line := range commandLines {
		args := append([]string(nil), line...)
		for i, a := range args {
			if name, text, ok := strings.Cut(a, ".xml="); ok {
				args[i] = name + ".xml"
				save(t, args[i], text)
			}
		}
		want, differ := compareDiff(t, args...)
		if differ != "" {
			t.Error(differ)
		}
		want.Args = append([]string{"crm_diff"}, line...)
		goldens = append(goldens, want)
	}
	if *refresh {
		t.Chdir(home)
		golden.WriteCommands(t, "../../internal/cli/crmdiff/testdata/lines.jsonl", goldens)
	}
}

// home is where the test starts.
var home = func() string {
	dir, err := os.Getwd()
	if err != nil {
		panic("no working directory: " + err.Error())
	}
	return dir
}()

// inlined puts the contents of files in the place of their names, for goldens: ./old.xml=TEXT.
func inlined(t testing.TB, args []string) []string {
	out := append([]string(nil), args...)
	for i, a := range args {
		if strings.HasSuffix(a, ".xml") {
			text, err := os.ReadFile(a)
			if err != nil {
				t.Fatal(err)
			}
			out[i] = a + "=" + string(text)
		}
	}
	return out
}

func save(t testing.TB, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
