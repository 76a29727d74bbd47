//go:build interop

package cmapctl

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// programs builds ours and returns the directory that has them.
func programs(t *testing.T) string {
	dir := t.TempDir()
	bin := filepath.Join(dir, "ringmaster")
	cmd := exec.Command("go", "build", "-o", bin, "github.com/ringmaster-ha/ringmaster/cmd/ringmaster")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, name := range []string{"corosync", "corosync-cmapctl"} {
		if err := os.Link(bin, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// inNamespaces runs a script of testdata.
func inNamespaces(t *testing.T, script string, env ...string) string {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "unshare", "-mnpu", "--mount-proc", "--fork", "--kill-child", "sh", script)
	cmd.Dir = "testdata"
	cmd.Env = append(os.Environ(), env...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", script, env, err, errs.String())
	}
	return string(out)
}

// Tool and daemon, of either kind, say the same.
func TestMixtures(t *testing.T) {
	golden, err := os.ReadFile("testdata/golden.txt")
	if err != nil {
		t.Fatal(err)
	}
	dir := programs(t)
	for _, mix := range []struct{ daemon, tool string }{
		{"corosync", "corosync-cmapctl"},
		{"corosync", dir + "/corosync-cmapctl"},
		{dir + "/corosync", "corosync-cmapctl"},
		{dir + "/corosync", dir + "/corosync-cmapctl"},
	} {
		out := inNamespaces(t, "refresh.sh", "COROSYNC="+mix.daemon, "CMAPCTL="+mix.tool)
		// getopt's complaints begin with the name as it was called.
		got := strings.Split(strings.ReplaceAll(out, dir+"/", ""), "\n== ")
		want := strings.Split(string(golden), "\n== ")
		if len(got) != len(want) {
			t.Errorf("%s and %s: %d answers, want %d", mix.daemon, mix.tool, len(got), len(want))
			continue
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%s and %s: got\n%s\nwant\n%s", mix.daemon, mix.tool, got[i], want[i])
			}
		}
	}
}

// Changes are seen alike, by either tool, from either daemon.
func TestTrackingMixtures(t *testing.T) {
	dir := programs(t)
	conf := filepath.Join(t.TempDir(), "corosync.conf")
	local := strings.Replace(twoNodes, "10.0.0.1", "127.0.0.1", 1)
	if err := os.WriteFile(conf, []byte(local), 0o644); err != nil {
		t.Fatal(err)
	}
	want := ""
	for _, mix := range []struct{ daemon, tool string }{
		{"corosync", "corosync-cmapctl"},
		{"corosync", dir + "/corosync-cmapctl"},
		{dir + "/corosync", "corosync-cmapctl"},
		{dir + "/corosync", dir + "/corosync-cmapctl"},
	} {
		got := inNamespaces(t, "track.sh", "COROSYNC="+mix.daemon, "CMAPCTL="+mix.tool, "CONF="+conf)
		if want == "" {
			want = got
			t.Log(want)
		} else if got != want {
			t.Errorf("%s and %s: got\n%s\nwant\n%s", mix.daemon, mix.tool, got, want)
		}
	}
}

const twoNodes = `totem {
	version: 2
	transport: udpu
	cluster_name: test
}
nodelist {
	node {
		ring0_addr: 10.0.0.1
		nodeid: 1
		name: n1
	}
	node {
		ring0_addr: 10.0.0.2
		nodeid: 2
		name: n2
	}
}
quorum {
	provider: corosync_votequorum
	two_node: 1
	wait_for_all: 0
}
logging {
	to_syslog: no
}
`

// varying are keys whose value, or name, is another one each time; what must
// agree is put in their place.
var varying = []struct {
	re   *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`(?m)^(runtime\.services\..*\) = ).*`), "${1}N"},                    // messages so far
	{regexp.MustCompile(`(?m)^(stats\.(srp|pg|ipcs)\..*\) = )\d+$`), "${1}N"},               // counters
	{regexp.MustCompile(`(?m)^(stats\.ipcs\.service0)\.\d+\.0x[0-9a-f]+`), "${1}.PID.CONN"}, // the tool itself
}

// A daemon of ours has exactly the keys that the reference has, of the same
// types and, where those do not vary, with the same values.
func TestAllKeys(t *testing.T) {
	dir := programs(t)
	conf := filepath.Join(t.TempDir(), "corosync.conf")
	if err := os.WriteFile(conf, []byte(twoNodes), 0o644); err != nil {
		t.Fatal(err)
	}
	keys := func(daemon string) []string {
		out := inNamespaces(t, "keys.sh", "COROSYNC="+daemon, "CONF="+conf)
		for _, v := range varying {
			out = v.re.ReplaceAllString(out, v.with)
		}
		return strings.Split(strings.TrimSpace(out), "\n")
	}
	want, got := keys("corosync"), keys(dir+"/corosync")
	if len(want) < 150 {
		t.Fatalf("the reference has %d keys only", len(want))
	}
	for _, k := range want {
		if !slices.Contains(got, k) {
			t.Errorf("missing: %s", k)
		}
	}
	for _, k := range got {
		if !slices.Contains(want, k) {
			t.Errorf("the reference has no: %s", k)
		}
	}
}
