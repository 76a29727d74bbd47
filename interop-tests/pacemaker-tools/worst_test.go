//go:build interop

package pacemakertools_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/cli/crmverify"
	"github.com/ringmaster-ha/ringmaster/internal/golden"
)

// worst is how many mutations are kept as regression tests.
const worst = 100

// TestWorst compares the mutations that crm_verify's tests keep. With -refresh it looks
// for new ones: those that reach what no other has reached, made as small as they can be
// without losing it.
func TestWorst(t *testing.T) {
	folder := verifyData + "/worst"
	if *refresh {
		if err := os.RemoveAll(folder); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		for i, text := range findWorst(t) {
			if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("%03d.xml", i)), text, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	files, err := filepath.Glob(folder + "/*.xml")
	if err != nil || len(files) == 0 {
		t.Fatal("no mutations", err)
	}
	var kept []golden.Command
	for i, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		c := golden.Command{Args: []string{"crm_verify", "-VV", "-x", "in.xml"}, File: "worst/" + filepath.Base(file), Zone: "UTC"}
		if i%4 == 3 {
			c.Args = []string{"crm_verify", "-V", "-x", "in.xml"}
		}
		bad, want := verify(t, text, c)
		if bad != "" {
			t.Errorf("%s: %s", file, bad)
		}
		if want.Args != nil {
			kept = append(kept, want)
		}
	}
	if *refresh {
		golden.WriteCommands(t, verifyData+"/worst.jsonl", kept)
	}
}

var (
	plainParts = regexp.MustCompile(`'[^']*'|"[^"]*"|[0-9]+`)
	namelike   = regexp.MustCompile(`[\w.-]*[0-9_-][\w.-]*`)
)

// reached are the kinds of lines that crm_verify says about a CIB; none if it says so
// much that a golden would be long.
func reached(text []byte) map[string]bool {
	var errs bytes.Buffer
	crmverify.Main([]string{"crm_verify", "-VV", "-p"}, bytes.NewReader(text), io.Discard, &errs)
	kinds := map[string]bool{}
	if errs.Len() > 4000 {
		return kinds
	}
	for line := range strings.Lines(errs.String()) {
		function, said, ok := strings.Cut(line, ") \t")
		if !ok {
			function, said = "", line
		}
		if strings.Contains(said, "Partial ") || strings.Contains(said, "XML Error:  ") || strings.Contains(said, "XML Error: <") || len(said) > 400 {
			continue
		}
		kinds[function+namelike.ReplaceAllString(plainParts.ReplaceAllString(said, ""), "")] = true
	}
	return kinds
}

// findWorst looks for mutations that reach something new.
func findWorst(t *testing.T) [][]byte {
	t.Helper()
	var small []input
	for _, in := range inputs(t) {
		if len(in.text) < 6000 {
			small = append(small, in)
		}
	}
	seen := map[string]bool{}
	var found [][]byte
	for i := 0; i < *runs*20 && len(found) < worst; i++ {
		r := rand.New(rand.NewPCG(*seed, uint64(i)))
		text := small[r.IntN(len(small))].text
		if r.IntN(4) == 0 {
			text = mutateText(r, text)
		} else {
			text = mutateCIB(t, r, text)
			text = bytes.Replace(text, []byte(`validate-with="pacemaker-3.`), []byte(`validate-with="none" was="`), r.IntN(2))
		}
		fresh := map[string]bool{}
		for kind := range reached(text) {
			if !seen[kind] {
				fresh[kind] = true
			}
		}
		if len(fresh) == 0 {
			continue
		}
		text = shrink(text, fresh)
		bad, said := verify(t, text, command(text, "crm_verify -VV -x in.xml"))
		if bad != "" {
			t.Logf("left out: %s", bad)
			keepInput(fmt.Sprintf("worst-%d-%d.xml", *seed, i), text)
			continue
		}
		for kind := range reached(text) {
			seen[kind] = true
		}
		if said.Args == nil {
			continue
		}
		found = append(found, text)
	}
	t.Logf("%d mutations reach %d kinds of lines", len(found), len(seen))
	return found
}

// shrink leaves out of a CIB what it can do without and still reach the same.
func shrink(text []byte, wanted map[string]bool) []byte {
	enough := func(text []byte) bool {
		now := reached(text)
		for kind := range wanted {
			if !now[kind] {
				return false
			}
		}
		return true
	}
	for pass := 0; pass < 3; pass++ {
		doc := etree.NewDocument()
		if doc.ReadFromBytes(text) != nil || doc.Root() == nil {
			return shrinkLines(text, enough)
		}
		count := len(doc.FindElements("//*"))
		changed := false
		for i := count - 1; i > 0; i-- {
			trial := doc.Copy()
			all := trial.FindElements("//*")
			if i >= len(all) {
				continue
			}
			all[i].Parent().RemoveChild(all[i])
			b, err := trial.WriteToBytes()
			if err == nil && enough(b) {
				doc, text, changed = trial, b, true
			}
		}
		if !changed {
			break
		}
	}
	return shrinkLines(text, enough)
}

// shrinkLines leaves out lines.
func shrinkLines(text []byte, enough func([]byte) bool) []byte {
	lines := bytes.SplitAfter(text, []byte("\n"))
	for i := len(lines) - 1; i >= 0; i-- {
		trial := append(append([][]byte{}, lines[:i]...), lines[i+1:]...)
		if b := bytes.Join(trial, nil); enough(b) {
			lines = trial
		}
	}
	return bytes.Join(lines, nil)
}
