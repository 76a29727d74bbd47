package crmshadow

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/golden"
)

// TestGolden repeats what the reference was asked; interop-tests/cibadmin makes the file anew with
// -refresh.
func TestGolden(t *testing.T) { golden.RepeatSandboxes(t, "testdata/lines.jsonl", 150, Main) }

// A shell and an editor get their command lines, the shell its environment.
func TestBecome(t *testing.T) {
	folder := t.TempDir()
	editor := filepath.Join(folder, "edit")
	if err := os.WriteFile(editor, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"PATH": folder, "EDITOR": "edit", "CIB_shadow_dir": folder, "CIB_file": ""} {
		t.Setenv(name, value)
	}
	t.Setenv("CIB_shadow", "")
	os.Unsetenv("CIB_shadow")
	for _, tt := range []struct {
		line, shell string
		want        []string
	}{
		{"-e s", "/bin/bash", []string{"/bin/bash", "/bin/bash", "--norc", "--noprofile"}},
		{"-s s", "sh", []string{"sh", "sh"}},
		{"-E", "", []string{editor, "--", folder + "/shadow.s"}},
	} {
		t.Setenv("SHELL", tt.shell)
		t.Setenv("PS1", "$ ")
		var got []string
		var out strings.Builder
		tool := &tool{stdout: &out, stderr: io.Discard, become: func(path string, args []string) error {
			got = append([]string{path}, args...)
			return errors.New("it does not")
		}}
		if err := tool.parse(append([]string{"crm_shadow"}, strings.Fields(tt.line)...)); err != nil {
			t.Fatal(err)
		}
		tool.run()
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.line, got, tt.want)
		}
		if os.Getenv("CIB_shadow") != "s" || tt.line != "-E" && os.Getenv("PS1") != "shadow[s] # " {
			t.Errorf("%s: CIB_shadow=%s PS1=%s", tt.line, os.Getenv("CIB_shadow"), os.Getenv("PS1"))
		}
	}
}
