//go:build interop

package agents_test

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/golden"
)

var refresh = flag.Bool("refresh", false, "write testdata")

const installed = "/usr/lib/ocf/resource.d/pacemaker/"

// TestReference plays worlds with the reference's agents, each in a root folder that is the world, and with ours: those
// where all or nothing is there, all of them with RINGMASTER_WORLDS.
func TestReference(t *testing.T) {
	fakes, err := filepath.Abs("testdata/fakes")
	if err != nil {
		t.Fatal(err)
	}
	apart := func(agent string) func(folder, action string) *exec.Cmd {
		return func(folder, action string) *exec.Cmd {
			cmd := exec.Command("unshare", "--mount", "sh", "-ec", `cd "$WORLD"
mkdir -p dev etc bin usr/bin usr/lib usr/share lib lib64 tmp
for f in dev etc lib lib64 usr/bin usr/lib usr/share; do [ ! -d /$f ] || mount --bind /$f $f; done
cp "$FAKES/functions" functions; cp "$AGENT" "$NAME"
for f in bin/*; do case $(readlink "$f") in "$FAKES"/*) cp --remove-destination "$FAKES/command" "$f" ;; esac; done
for f in sh bash; do [ -e bin/$f ] || cp -L /bin/$f bin/$f; done
exec chroot . /bin/sh -c 'shift; WORLD=/ OCF_FUNCTIONS=/functions PATH=/bin exec "$@"' sh - "/$NAME" "$1"`, "sh", action)
			cmd.Env = append(os.Environ(), "WORLD="+folder, "FAKES="+fakes, "AGENT="+agent, "NAME="+filepath.Base(agent))
			return cmd
		}
	}
	kept := make([][]golden.Command, len(worlds))
	t.Run("", func(t *testing.T) {
		for i, w := range worlds {
			t.Run(w.agent+"/"+w.name, func(t *testing.T) {
				t.Parallel()
				if !*refresh && os.Getenv("RINGMASTER_WORLDS") == "" && w.name != "all is well" && w.name != "nothing is installed" {
					t.Skip("RINGMASTER_WORLDS is not set")
				}
				want, got := w.play(t, apart(installed+w.agent)), w.play(t, w.here(t))
				for i := range want {
					got[i].Compare(t, want[i])
				}
				kept[i] = want
			})
		}
	})
	if *refresh {
		golden.WriteCommands(t, "testdata/golden.jsonl", slices.Concat(kept...))
	}
}

// TestWithFunctions asks both for what needs nothing of the machine, with resource-agents' own functions.
func TestWithFunctions(t *testing.T) {
	for _, agent := range []string{"controld", "o2cb", "remote"} {
		for _, action := range []string{"meta-data", "validate-all", "nonsense"} {
			ask := func(path string) (string, int) {
				cmd := exec.Command(path, action)
				cmd.Env = []string{"OCF_ROOT=/usr/lib/ocf", "OCF_RA_VERSION_MAJOR=1", "OCF_RESOURCE_INSTANCE=r", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HA_DATEFMT=", "HA_LOGTAG=r"}
				var out bytes.Buffer
				cmd.Stdout, cmd.Stderr = &out, &out
				_ = cmd.Run()
				return plain(out.String(), filepath.Dir(path), agent), cmd.ProcessState.ExitCode()
			}
			own, err := filepath.Abs(agent)
			if err != nil {
				t.Fatal(err)
			}
			want, wantStatus := ask(installed + agent)
			got, status := ask(own)
			if got != want || status != wantStatus {
				t.Errorf("%s %s: got %d %s\nwant %d %s", agent, action, status, got, wantStatus, want)
			}
			if action == "meta-data" {
				if err := etree.NewDocument().ReadFromString(got); err != nil {
					t.Errorf("%s: %v", agent, err)
				}
			}
		}
	}
}
