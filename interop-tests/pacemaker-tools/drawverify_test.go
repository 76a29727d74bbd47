//go:build interop

package pacemakertools_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/golden"
)

const verifyData = "../../internal/cli/crmverify/testdata"

// TestVerifyOptions puts the CIBs of crm_verify's goldens, and all its options, to both.
func TestVerifyOptions(t *testing.T) {
	files, err := filepath.Glob(verifyData + "/cibs/*.xml")
	if err != nil || len(files) == 0 {
		t.Fatal("no CIBs", err)
	}
	var kept []golden.Command
	ask := func(c golden.Command) {
		c.Zone = "UTC"
		var cib []byte
		if c.File != "" {
			if cib, err = os.ReadFile(filepath.Join(verifyData, c.File)); err != nil {
				t.Fatal(err)
			}
		}
		if bad, want := verify(t, cib, c); bad != "" {
			t.Errorf("%s: %s", c.File, bad)
		} else if want.Args != nil && len(want.Stderr) < 10000 {
			kept = append(kept, want)
		}
	}
	for _, file := range files {
		for _, line := range []string{"-x in.xml", "-VV --xml-file=in.xml", "-VVV -x in.xml --output-as=xml"} {
			ask(golden.Command{Args: append([]string{"crm_verify"}, strings.Fields(line)...), File: "cibs/" + filepath.Base(file)})
		}
	}
	for _, line := range []string{
		"", "--help", "--help-all", "--help-output", "--help-data", "--help-additional", "-h -V", "--version", "-$", "--version --output-as=xml",
		"-L", "-LV", "-LVVVV", "--live-check --output-as=xml", "-Q", "--quiet", "-q", "--bogus", "-x", "-X", "-S", "--xml-file",
		"-x missing.xml", "-VVx missing.xml", "-x missing.bz2 -V", "-x in.xml -V -S", "--output-as=html -x in.xml", "--output-as=none -V -x in.xml",
		"--output-to=out.txt -x in.xml", "--output-to=no/folder -x in.xml", "-x in.xml -S saved.xml", "-x in.xml -S no/folder", "-V -x - ",
		"-p", "-Vp", "-VVp --output-as=xml", "-X <cib", "-VVX <cib", "-VX <cib/>x", "-V -X <a></b>", "-VV -X text", "-L -x in.xml -X <cib/>",
		"in.xml", "-- -x in.xml", "-VVVV -x in.xml extra",
	} {
		for _, file := range []string{"good", "text"} {
			c := golden.Command{Args: append([]string{"crm_verify"}, strings.Fields(line)...), File: "cibs/" + file + ".xml"}
			if strings.Contains(line, "p") && !strings.Contains(line, "help") {
				b, err := os.ReadFile(filepath.Join(verifyData, c.File))
				if err != nil {
					t.Fatal(err)
				}
				c.Stdin = string(b)
			}
			ask(c)
		}
	}
	if *refresh {
		golden.WriteCommands(t, verifyData+"/golden.jsonl", kept)
	}
}
