//go:build interop

package pacemakertools_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/golden"
)

var keep = flag.String("keep", "", "a folder for the CIBs that differ")

// verifications are the command lines that a CIB is put to.
var verifications = []string{
	"crm_verify -x in.xml",
	"crm_verify -V -x in.xml",
	"crm_verify -VV -x in.xml",
	"crm_verify -VVV -x in.xml",
	"crm_verify --output-as=xml -p",
	"crm_simulate -V -R -x in.xml",
	"crm_simulate -VVV -S -x in.xml",
}

// TestVerify puts CIBs as they are, and mutations of them, to crm_verify and
// crm_simulate.
func TestVerify(t *testing.T) {
	all := drawn(t)
	for i := range *runs {
		r := rand.New(rand.NewPCG(*seed, uint64(i)))
		in := all[r.IntN(len(all))]
		for len(in.text) > 100000 {
			in = all[r.IntN(len(all))]
		}
		text := in.text
		switch r.IntN(8) {
		case 0:
		case 1, 2:
			text = mutateText(r, text)
		default:
			text = mutateCIB(t, r, text)
		}
		if bad, _ := verify(t, text, command(text, verifications[r.IntN(len(verifications))])); bad != "" {
			t.Errorf("run %d of %s: %s", i, filepath.Base(in.name), bad)
			keepInput(fmt.Sprintf("verify-%d-%d.xml", *seed, i), text)
		}
	}
}

// TestVerifyInputs puts all CIBs to crm_verify, as they are.
func TestVerifyInputs(t *testing.T) {
	for _, in := range inputs(t) {
		bad, _ := verify(t, in.text, command(in.text, "crm_verify -VVV -x in.xml"))
		if bad != "" {
			t.Errorf("%s: %s", filepath.Base(in.name), bad)
		}
	}
}

// command is a command line about a CIB.
func command(text []byte, line string) golden.Command {
	c := golden.Command{Args: strings.Fields(line), Zone: "UTC"}
	if !strings.Contains(line, "in.xml") {
		c.Stdin = string(text)
	}
	return c
}

// verify is how the tools differ about a CIB, or "", and what the reference says. That
// has no name if it would be in another order the next time.
func verify(t *testing.T, text []byte, c golden.Command) (string, golden.Command) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var want, got golden.Command
	for range 3 { // what depends on the current second gets another chance
		c.Now = time.Now().Unix()
		want = run(t, "/usr/sbin/"+c.Args[0], c, text)
		got = run(t, self, c, text)
		if heading, _, ok := strings.Cut(got.Stderr, "crm_simulate: Could not read "); ok {
			// The reference goes on in its own way.
			got.Stderr = heading
			want.Stderr = want.Stderr[:min(len(heading), len(want.Stderr))]
		}
		if want.Status < 0 || strings.Contains(want.Stderr, "/shadow.") || strings.Contains(want.Stderr, "(pcmk__xml2text)") {
			// It has died, or cannot read what it has written for itself.
			return "", golden.Command{}
		}
		plain := want
		if got.Stderr != want.Stderr {
			plain.Args = nil
		}
		got.Stderr, want.Stderr = referencesSorted(got.Stderr), referencesSorted(want.Stderr)
		if got.Stdout == want.Stdout && got.Stderr == want.Stderr && got.Status == want.Status {
			return "", plain
		}
	}
	return fmt.Sprintf("%q: status %d, want %d%s%s", c.Args, got.Status, want.Status,
		different("stdout", got.Stdout, want.Stdout), different("stderr", got.Stderr, want.Stderr)), want
}

// referencesSorted brings lines about references into one order: libxml2's differs from
// run to run.
func referencesSorted(said string) string {
	lines := strings.SplitAfter(said, "\n")
	slices.SortStableFunc(lines, func(a, b string) int {
		if strings.Contains(a, "validity error : IDREF") && strings.Contains(b, "validity error : IDREF") {
			return strings.Compare(a, b)
		}
		return 0
	})
	return strings.Join(lines, "")
}

// different shows the lines from the first that is not the same.
func different(what, got, want string) string {
	if got == want {
		return ""
	}
	g, w := strings.SplitAfter(got, "\n"), strings.SplitAfter(want, "\n")
	first := 0
	for first < min(len(g), len(w)) && g[first] == w[first] {
		first++
	}
	some := func(lines []string) string { return strings.Join(lines[first:min(first+4, len(lines))], "") }
	return fmt.Sprintf("\n%s, line %d: got\n%swant\n%s", what, first+1, some(g), some(w))
}

// odd are values that a CIB is not meant to have.
var odd = []string{
	"", "bogus", "0", "1", "-1", "INFINITY", "-INFINITY", "1000001", "99999999999999999999", "1.5", "10s", "PT5M", "abc10", "true", "false",
	"no", "Started", "Stopped", "Promoted", "Master", "Unpromoted", "stop", "freeze", "ignore", "suicide", "demote", "block", "fence",
	"restart", "Mandatory", "Optional", "Serialize", "start", "promote", "monitor", "ocf", "stonith", "pacemaker-3.0", "pacemaker-2.10",
	"pacemaker-1.2", "pacemaker-next", "none", "integer", "number", "version", "string", "defined", "gt", "lt", "eq", "date_spec", "in_range",
	"0:7;1:2:3:4", "4:4;5:6:7:8", "#uname", "2020-01-01", "é", "a b", "&", "a'b",
}

// mutateCIB changes elements and attributes of a CIB.
func mutateCIB(t *testing.T, r *rand.Rand, text []byte) []byte {
	t.Helper()
	doc := etree.NewDocument()
	doc.ReadSettings.PreserveCData = true
	if err := doc.ReadFromBytes(text); err != nil {
		return mutateText(r, text)
	}
	for range 1 + r.IntN(4) {
		mutateElement(r, doc.Root())
	}
	b, err := doc.WriteToBytes()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func mutateElement(r *rand.Rand, root *etree.Element) {
	all := root.FindElements("//*")
	e := all[r.IntN(len(all))]
	if r.IntN(4) > 0 { // in the configuration, where mistakes are made
		if part := root.FindElements("//configuration//*"); len(part) > 0 {
			e = part[r.IntN(len(part))]
		}
	}
	other := all[r.IntN(len(all))]
	parent := e.Parent()
	switch n := r.IntN(12); {
	case n == 0 && parent != nil && parent.Tag != "":
		parent.RemoveChild(e)
	case n == 1 && parent != nil && parent.Tag != "":
		parent.AddChild(e.Copy())
	case n == 2 && other != root && other != e && !within(other, e) && !within(e, other) && parent != nil && parent.Tag != "":
		other.AddChild(e.Copy())
	case n == 3:
		e.Tag = other.Tag
	case len(e.Attr) == 0:
	case n == 4:
		e.RemoveAttr(e.Attr[r.IntN(len(e.Attr))].Key)
	case n == 5 && len(other.Attr) > 0:
		a := other.Attr[r.IntN(len(other.Attr))]
		e.CreateAttr(a.Key, a.Value)
	case n < 9:
		// A value of another element that has the attribute, too: ids come twice,
		// references point elsewhere.
		a := &e.Attr[r.IntN(len(e.Attr))]
		for range 20 {
			if v := all[r.IntN(len(all))].SelectAttrValue(a.Key, a.Value); v != a.Value {
				a.Value = v
				break
			}
		}
	default:
		e.Attr[r.IntN(len(e.Attr))].Value = odd[r.IntN(len(odd))]
	}
}

func within(e, ancestor *etree.Element) bool {
	for ; e != nil; e = e.Parent() {
		if e == ancestor {
			return true
		}
	}
	return false
}
