package fenced

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// TestOptions: what a caller gets who does not want the daemon to run.
func TestOptions(t *testing.T) {
	metadata, err := os.ReadFile("testdata/metadata.xml") // what the reference prints
	if err != nil {
		t.Fatal(err)
	}
	const program = "/usr/lib/pacemaker/pacemaker-fenced"
	for _, tt := range []struct {
		args        []string
		code        int
		out, failed string
	}{
		{[]string{"--version"}, 0, "Pacemaker 2.1.5\n", ""},
		{[]string{"--help"}, 0, help, ""},
		{[]string{"-?"}, 0, help, ""},
		{[]string{"metadata"}, 0, string(metadata), ""},
		{[]string{"METADATA"}, 0, string(metadata), ""},
		{[]string{"foo"}, 64, "", help},
		{[]string{"metadata", "metadata"}, 64, "", help},
		{[]string{"-f"}, 64, "", program + ": invalid option -- 'f'\n" + help},
	} {
		var out, failed bytes.Buffer
		code := Main(append([]string{program}, tt.args...), strings.NewReader(""), &out, &failed)
		if code != tt.code || !strings.HasPrefix(out.String(), tt.out) || failed.String() != tt.failed {
			t.Errorf("%q: %d, %q, %q, want %d, %q, %q", tt.args, code, out.String(), failed.String(), tt.code, tt.out, tt.failed)
		}
	}
}
