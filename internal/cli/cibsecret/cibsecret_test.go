package cibsecret

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/cli/script"
	"github.com/ringmaster-ha/ringmaster/internal/golden"
)

// installed are the programs of testdata/fakes that there are in each golden file.
var installed = map[string]string{
	"ssh":  "crm_node crmadmin crm_resource ping ssh scp",
	"pdsh": "crm_node crmadmin crm_resource fping pdsh pdcp ssh",
	"pssh": "crm_node crmadmin crm_resource fping pssh pscp pdsh",
}

// TestGolden repeats what the reference was asked, in its order, with programs that just write down how
// they were called; testdata/README says how.
func TestGolden(t *testing.T) {
	for variant, programs := range installed {
		t.Run(variant, func(t *testing.T) {
			if strings.Contains(programs, "fping") && os.Getuid() != 0 {
				t.Skip("the reference uses fping as root only")
			}
			play(t, variant, strings.Fields(programs))
		})
	}
}

func play(t *testing.T, variant string, programs []string) {
	home := t.TempDir()
	secrets := filepath.Join(home, folder)
	for _, dir := range []string{"bin", "cib"} {
		if err := os.Mkdir(filepath.Join(home, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range programs {
		b, err := os.ReadFile("testdata/fakes/" + p)
		if err == nil {
			err = os.WriteFile(filepath.Join(home, "bin", p), b, 0o700)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(home, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("bad", "none\n")
	write("cib/r.plain", "plain value\n")
	for _, tool := range []string{"sh", "cat", "rm"} {
		for _, dir := range []string{"/bin/", "/usr/bin/"} {
			if _, err := os.Stat(dir + tool); err == nil {
				_ = os.Symlink(dir+tool, filepath.Join(home, "bin", tool))
			}
		}
	}
	t.Setenv("RINGMASTER_ROOT", home)
	t.Setenv("FAKE", home)
	for _, want := range golden.Commands(t, "testdata/"+variant+".jsonl") {
		t.Setenv("PATH", filepath.Join(home, "bin"))
		if want.Args[len(want.Args)-1] == "sync" && variant == "ssh" {
			write("bad", "node4\n")
		}
		var out, errs bytes.Buffer
		got := want
		got.Status = run(want.Args, script.Streams{In: strings.NewReader(want.Stdin), Out: &out, Err: &errs}, func(string) bool { return true })
		got.Stdout, got.Stderr = strings.ReplaceAll(out.String(), home, ""), errs.String()
		got.Asked = lines(t, home, filepath.Join(home, "calls"))
		got.Changed = slices.Concat(modes(t, secrets), contents(t, secrets, ""), contents(t, filepath.Join(home, "cib"), ":"))
		_ = os.Remove(filepath.Join(home, "calls"))
		got.Compare(t, want)
	}
}

func lines(t *testing.T, home, name string) []string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(b), home, "")
	if text == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

// files are those below a folder.
func files(t *testing.T, folder string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			names = append(names, path)
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return names
}

// modes are the files with their modes.
func modes(t *testing.T, folder string) []string {
	var all []string
	for _, name := range files(t, folder) {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, fmt.Sprintf("%o %s", info.Mode().Perm(), strings.TrimPrefix(name, folder+"/")))
	}
	return all
}

// contents are the lines of all files, after their names if sign is not empty.
func contents(t *testing.T, folder, sign string) []string {
	var all []string
	for _, name := range files(t, folder) {
		for _, line := range lines(t, "?", name) {
			if sign != "" {
				line = filepath.Base(name) + sign + line
			}
			all = append(all, line)
		}
	}
	return all
}
