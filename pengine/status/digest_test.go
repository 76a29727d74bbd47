package status_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// The digests are those that the reference's crm_resource calculates, which has
// the start of a resource in mind: testdata/refresh.sh.
func TestDigests(t *testing.T) {
	files, err := filepath.Glob("testdata/*.digests")
	if err != nil || len(files) == 0 {
		t.Fatalf("no digests: %v", err)
	}
	for _, name := range files {
		ws := unpackFile(t, strings.TrimSuffix(name, ".digests")+".xml", status.Options{})
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			f := strings.Fields(line)
			if len(f) != 5 {
				t.Fatalf("%s: %q", name, line)
			}
			d := ws.FindResource(f[0]).CalculateDigests("start", 0, ws.FindNode(f[1]), nil, map[string]string{"CRM_meta_interval": f[2]}, true)
			if got := fmt.Sprintf("%s %s %s %s %s", f[0], f[1], f[2], d.All, d.Secure); got != strings.TrimSpace(line) {
				t.Errorf("%s: got %s, want %s; parameters %q", name, got, line, d.AllParams)
			}
		}
	}
}
