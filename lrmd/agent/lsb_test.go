package agent

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/lrmd"
)

// TestLSBMetadata: what is made of scripts is what the reference makes of them (testdata/lsb/refresh.sh).
func TestLSBMetadata(t *testing.T) {
	goldens, err := filepath.Glob("testdata/lsb/*.xml")
	if err != nil || goldens == nil {
		t.Fatal(goldens, err)
	}
	r := New(Options{Log: loglevel.Discard, Path: func(p string) string {
		if p == lsbDir {
			return "testdata/lsb"
		}
		return filepath.Join(t.TempDir(), p)
	}})
	for _, golden := range goldens {
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(golden), ".xml") + ".sh"
		for _, class := range []string{"lsb", "LSB", "service"} {
			res := r.Metadata(&lrmd.Operation{RscID: name, Class: class, Type: name, Action: "meta-data", Timeout: 1000})
			if got := res.Stdout + "\n"; got != string(want) && res.Stdout != string(want) {
				t.Errorf("%s:%s:\n%s\nwant\n%s", class, name, got, want)
			}
		}
	}
	if res := r.Metadata(&lrmd.Operation{RscID: "no", Class: "lsb", Type: "no", Action: "meta-data"}); res.Stdout != "" || res.Code == int(lrmd.OK) {
		t.Errorf("of no script: %+v", res)
	}
}

func FuzzLSBMetadata(f *testing.F) {
	scripts, err := filepath.Glob("testdata/lsb/*.sh")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range scripts {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(b))
	}
	f.Fuzz(func(t *testing.T, script string) {
		text, err := lsbMetadata("x", strings.NewReader(script))
		if err != nil || !strings.HasSuffix(text, "</resource-agent>\n") {
			t.Errorf("%q: %q, %v", script, text, err)
		}
	})
}
