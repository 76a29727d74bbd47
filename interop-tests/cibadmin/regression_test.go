//go:build interop

package cibadmin

import (
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/golden"
)

// temporary are names of files of the reference's regression tests.
var temporary = regexp.MustCompile(`/[\w/.-]*cts-cli\.[\w.-]+`)

// logged is where a line of the log comes from. That the tests do away with the line of the
// source leaves no brackets of the reference's.
var logged = regexp.MustCompile(`(?m)^\((\w+)\) \t`)

// traced is what the suite asks for by PCMK_trace_functions, and what an upgrade by a style sheet and the checks by each schema,
// which come with that, say.
var traced = regexp.MustCompile(`^(\(?[a-z_0-9]+\)? +\t?(info|debug|trace):|INFO:|DEBUG:|.*element \w+: Relax-NG validity error :)`)

// Sections change the environment of those that come after them.
var groups = [][]string{{"tools", "acls", "validity", "upgrade", "access_render"}, {"crm_mon", "feature_set"}}

// source is the folder with the reference's source.
func source(t *testing.T) string {
	t.Helper()
	source := os.Getenv("RINGMASTER_PACEMAKER")
	if source == "" {
		t.Skip("RINGMASTER_PACEMAKER does not name the reference's source")
	}
	return source
}

// suite runs sections of the reference's regression tests of command-line tools (cts/cts-cli) with some programs of
// ours in the place of its own, and returns what each section has printed, and how many cases have passed.
func suite(t *testing.T, groups [][]string, ours []string) (outputs map[string]string, passed int) {
	t.Helper()
	source, folder := source(t), t.TempDir()
	if err := os.CopyFS(folder+"/cts/cli", os.DirFS(source+"/cts/cli")); err != nil {
		t.Fatal(err)
	}
	tools := folder + "/tools-of-ours"
	if err := os.Mkdir(tools, fs.ModePerm); err != nil {
		t.Fatal(err)
	}
	daemons, path := "/usr/lib/pacemaker", "/usr/sbin:/usr/bin:/sbin:/bin"
	if len(ours) > 0 {
		bin := built(t, "../../cmd/ringmaster")
		for _, name := range ours {
			if err := os.Link(bin, filepath.Join(tools, name)); err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(name, "pacemaker-") {
				daemons = tools
			}
		}
		path = tools + ":" + path
	}
	script, err := os.ReadFile(source + "/cts/cts-cli.in")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer("@BASH_PATH@", "/bin/bash", "@CRM_DAEMON_DIR@", daemons, "@CRM_SCHEMA_DIRECTORY@", "/usr/share/pacemaker",
		"        acls) ;;", "        acls|access_render) ;;").Replace(string(script))
	if err := os.WriteFile(folder+"/cts/cts-cli", []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	temporaries := folder + "/t"
	if err := os.Mkdir(temporaries, fs.ModePerm); err != nil {
		t.Fatal(err)
	}
	outputs = map[string]string{}
	for _, tests := range groups {
		cmd := exec.Command(folder+"/cts/cts-cli", "-s", "-t", strings.Join(tests, " "))
		cmd.Env = []string{"PATH=" + path, "LC_ALL=C", "TZ=UTC", "HOME=" + folder, "TMPDIR=" + temporaries}
		out, err := cmd.CombinedOutput()
		if !strings.HasSuffix(string(out), " tests passed\n") && !strings.Contains(string(out), "tests passed but output was unexpected") {
			t.Errorf("%d programs of ours: %v\n%s", len(ours), err, out[max(0, len(out)-2000):])
		}
		passed += strings.Count(string(out), "\n* Passed: ")
		for _, name := range tests {
			b, err := os.ReadFile(folder + "/cts/cli/regression." + name + ".exp")
			if err != nil {
				t.Fatal(err)
			}
			outputs[name] = logged.ReplaceAllString(temporary.ReplaceAllString(string(b), "a-file"), "$1 \t")
		}
	}
	return outputs, passed
}

// same is that sections have printed the same, line by line of those that count.
func same(t *testing.T, got, want map[string]string, counts func(line string) bool) {
	t.Helper()
	lines := func(text string) []string {
		return slices.DeleteFunc(strings.Split(text, "\n"), func(line string) bool { return !counts(line) })
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		w := lines(want[name])
		if d := golden.Difference(lines(got[name]), w); d != "" {
			t.Errorf("%s: %s", name, d)
		} else {
			t.Logf("%s: %d lines are equal", name, len(w))
		}
	}
}

// TestRegression has the reference's own regression tests of command-line tools run with its cibadmin, crm_mon and
// crm_shadow and with ours: what they print is the same, and what they log.
func TestRegression(t *testing.T) {
	want, _ := suite(t, groups, nil)
	got, _ := suite(t, groups, []string{"cibadmin", "crm_mon", "crm_shadow"})
	same(t, got, want, func(string) bool { return true })
}

// TestSuite has all of them run with every program of ours: as many pass, and but for traces they print and log the same.
func TestSuite(t *testing.T) {
	source(t)
	all := [][]string{{"daemons", "dates", "error_codes", "tools", "crm_mon", "acls", "validity", "upgrade", "rules", "feature_set"}}
	names, err := os.ReadFile("../../dist/names")
	if err != nil {
		t.Fatal(err)
	}
	var ours []string
	for path := range strings.Lines(string(names)) {
		if !strings.HasPrefix(path, "#") {
			ours = append(ours, filepath.Base(strings.TrimSpace(path)))
		}
	}
	want, wantPassed := suite(t, all, nil)
	got, passed := suite(t, all, ours)
	t.Logf("%d cases pass with the reference's programs, %d with ours", wantPassed, passed)
	if passed != wantPassed || passed == 0 {
		t.Errorf("%d cases pass, want %d", passed, wantPassed)
	}
	same(t, got, want, func(line string) bool { return !traced.MatchString(line) })
}
