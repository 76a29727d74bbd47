package crmdiff

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/golden"
)

// TestGolden repeats what the reference was asked; interop-tests/cib makes the files anew
// with -refresh. An argument name.xml=TEXT is a file of that text.
func TestGolden(t *testing.T) {
	for file, least := range map[string]int{"testdata/lines.jsonl": 80, "testdata/drawn.jsonl": 100} {
		runs := golden.Commands(t, file)
		if len(runs) < least {
			t.Fatalf("only %d runs in %s", len(runs), file)
		}
		dir := t.TempDir()
		for _, want := range runs {
			args := append([]string(nil), want.Args...)
			for i, a := range args {
				name, text, ok := strings.Cut(a, ".xml=")
				if !ok {
					continue
				}
				args[i] = dir + "/" + name + ".xml"
				if err := os.WriteFile(args[i], []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			var out, errs bytes.Buffer
			c := golden.Command{Args: want.Args}
			c.Status = Main(args, strings.NewReader(want.Stdin), &out, &errs)
			c.Stdout, c.Stderr = out.String(), errs.String()
			c.Compare(t, want)
		}
	}
}

// TestRefused: what the reference takes in part, or crashes on.
func TestRefused(t *testing.T) {
	patch := t.TempDir() + "/patch.xml"
	for text, want := range map[string]string{
		`<diff format="2"><change operation="delete" path="/a"/></diff>`:                                                                    "Could not apply patch: Application of update diff failed\n",
		`<diff format="2"><change operation="create" path="/a" position="0"/></diff>`:                                                       "Could not apply patch: Application of update diff failed\n",
		`<diff format="2"><change operation="modify" path="x"><change-result><a/></change-result></change></diff>`:                          "Could not apply patch: Application of update diff failed\n",
		`<diff format="2"><change operation="move" path="/a/b" position="0"/><change operation="delete" path="/a/b"/></diff>`:               "Could not apply patch: Application of update diff failed\n",
		`<diff format="2"><change operation="create" path="/a/b" position="0"><c/></change><change operation="delete" path="/a/b"/></diff>`: "Could not apply patch: Application of update diff failed\n",
		``: "Could not parse the second XML fragment\n",
	} {
		if err := os.WriteFile(patch, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		var out, errs bytes.Buffer
		if status := Main([]string{"crm_diff", "-O", "<a><b/></a>", "-p", patch}, nil, &out, &errs); status == 0 || errs.String() != want {
			t.Errorf("%s: %d, %q", text, status, errs.String())
		}
	}
	var out, errs bytes.Buffer
	if status := Main([]string{"crm_diff", "-O", "<a>text<b/></a>", "-N", "<a><![CDATA[x]]><b/></a>"}, nil, &out, &errs); status != 0 || out.Len() > 0 {
		t.Errorf("text: %d, %s", status, out.String())
	}
}
