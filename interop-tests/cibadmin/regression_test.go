//go:build interop

package cibadmin

import (
	"io/fs"
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

// TestRegression has the reference's own regression tests of command-line tools (cts/cts-cli) run
// with its cibadmin, crm_mon and crm_shadow and with ours: what they print is the same.
// RINGMASTER_PACEMAKER names the folder with the reference's source.
func TestRegression(t *testing.T) {
	source := os.Getenv("RINGMASTER_PACEMAKER")
	if source == "" {
		t.Skip("RINGMASTER_PACEMAKER does not name the reference's source")
	}
	// Sections change the environment of those that come after them.
	groups := [][]string{{"tools", "acls", "validity", "upgrade", "access_render"}, {"crm_mon", "feature_set"}}
	outputs := map[bool]map[string]string{}
	for _, byUs := range []bool{false, true} {
		folder := t.TempDir()
		if err := os.CopyFS(folder+"/cts/cli", os.DirFS(source+"/cts/cli")); err != nil {
			t.Fatal(err)
		}
		script, err := os.ReadFile(source + "/cts/cts-cli.in")
		if err != nil {
			t.Fatal(err)
		}
		text := strings.NewReplacer("@BASH_PATH@", "/bin/bash", "@CRM_DAEMON_DIR@", "/usr/lib/pacemaker", "@CRM_SCHEMA_DIRECTORY@", "/usr/share/pacemaker",
			"        acls) ;;", "        acls|access_render) ;;").Replace(string(script))
		if err := os.WriteFile(folder+"/cts/cts-cli", []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
		path := "/usr/sbin:/usr/bin:/sbin:/bin"
		if byUs {
			bin := built(t, "../../cmd/ringmaster")
			tools := folder + "/tools-of-ours"
			if err := os.Mkdir(tools, fs.ModePerm); err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"cibadmin", "crm_mon", "crm_shadow"} {
				if err := os.Link(bin, filepath.Join(tools, name)); err != nil {
					t.Fatal(err)
				}
			}
			path = tools + ":" + path
		}
		temporaries := folder + "/t"
		if err := os.Mkdir(temporaries, fs.ModePerm); err != nil {
			t.Fatal(err)
		}
		outputs[byUs] = map[string]string{}
		for _, tests := range groups {
			cmd := exec.Command(folder+"/cts/cts-cli", "-s", "-t", strings.Join(tests, " "))
			cmd.Env = []string{"PATH=" + path, "LC_ALL=C", "TZ=UTC", "HOME=" + folder, "TMPDIR=" + temporaries}
			out, err := cmd.CombinedOutput()
			if !strings.HasSuffix(string(out), " tests passed\n") && !strings.Contains(string(out), "tests passed but output was unexpected") {
				t.Errorf("by us %v: %v\n%s", byUs, err, out[max(0, len(out)-2000):])
			}
			for _, name := range tests {
				b, err := os.ReadFile(folder + "/cts/cli/regression." + name + ".exp")
				if err != nil {
					t.Fatal(err)
				}
				outputs[byUs][name] = logged.ReplaceAllString(temporary.ReplaceAllString(string(b), "a-file"), "$1 \t")
			}
		}
	}
	for _, name := range slices.Concat(groups...) {
		got, want := strings.Split(outputs[true][name], "\n"), strings.Split(outputs[false][name], "\n")
		if d := golden.Difference(got, want); d != "" {
			t.Errorf("%s: %s", name, d)
		} else {
			t.Logf("%s: %d lines are equal", name, len(want))
		}
	}
}
