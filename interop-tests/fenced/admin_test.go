//go:build interop

package fenced

import (
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
	"github.com/ringmaster-ha/ringmaster/stonithd/fencertest"
)

var (
	update   = flag.Bool("update", false, "make the goldens anew: those of internal/cli/stonithadmin, and the course of a cluster of the reference's fencers")
	mixtures = flag.String("mixtures", "", "the clusters that TestSwap forms, of c, g and G")
)

func TestMain(m *testing.M) {
	lab.Init()
	os.Exit(m.Run())
}

// commands are asked of the reference's tool and then of ours. The nodes that are fenced
// are none of the cluster.
var commands = []string{
	"-L", "-R one -a fence_dummy -o pcmk_host_list=x1;x2 -o type=file", "-R bad -a nosuch_agent", "-R two -a external/ssh -o hostlist=x2",
	"-R three -a fence_dummy -o pcmk_host_list=x3,x4 -o type=fail -o type=file -VVV", "-R three", "-L", "-L --output-as=xml", "-L --output-as=html",
	"-L --output-as=none", "-L --text-fancy", "-D bad", "-D bad", "-D bad --output-as=xml", "-l x1", "-l x9", "-l x1 --output-as=xml", "-l x1 -t 5",
	"-s one", "-s two", "-s nobody", "-s nobody --output-as=xml", "-s three --output-as=xml", "-s three --text-fancy",
	"-Q one", "-Q nobody", "-Q nobody --output-as=xml",
	"-r x1 -i 1 -v one -v three", "-r @x. -i 2 -v one", "-r site=east -i 3 -v one", "-r x1 -i 0 -v one", "-r x1 -i 17 -v one --output-as=xml",
	"-r x1 -i 2", "-r site=east -i 99 -v one", "-d x1 -i 1", "-d @x. -i 2", "-d site=east -i 3", "-d site=east -i 77", "-d x1 -i 0",
	"-H *", "-H * --output-as=xml", "-h x1", "-h x1 --output-as=xml", "-h x1 --output-as=html", "-h x1 --output-as=none",
	"-F x1 -t 20", "-F x1 -t 20 --tolerance 60s -T drbd", "-B x3 -t 20 -y 1", "-U x1 -t 20", "-B x1 -t 20 --output-as=xml", "-F x9 -t 5", "-F x9 -t 5 --output-as=xml",
	"-U x9 -t 5 --output-as=html", "-F x1 -t 20 -VVV -q", "-C x7", "-C x8 --output-as=xml",
	"-H *", "-H * -V", "-H * -q", "-H x1", "-H x1 -q --output-as=xml", "-H x1 --output-as=xml", "-H * -V --output-as=xml", "-H * -V --output-as=html", "-H * -V --text-fancy", "-H x9 -V",
	"-H x9", "-H x7 -V", "-H * --broadcast", "-H * -V --broadcast -q", "-H nobody", "-h x1", "-h x1 --output-as=xml", "-h x1 --output-as=html", "-h x9", "-h x3 --output-as=none",
	"-h 1 -n", "-h node1", "-h nonsense -n", "--last=x1 --output-as=xml",
	"-H x1 --cleanup", "-H * -V", "-H * --cleanup -q", "-H * --cleanup --broadcast --output-as=xml", "-H *",
	"-D one", "-D two", "-D three", "-L",
}

// compares are what is not the same twice: tokens, process ids, and times of history.
var compares = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}`)

func TestAdmin(t *testing.T) {
	dir := t.TempDir()
	build := func(name, pkg string) string {
		bin := filepath.Join(dir, name)
		cmd := exec.Command("go", "build", "-o", bin, pkg)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("go build: %v\n%s", err, out)
		}
		return bin
	}
	l := lab.New(t, 2)
	l.DumpLogs("/var/log/pacemaker/pacemaker.log")
	l.WriteFile("/etc/corosync/corosync.conf", lab.Ring{Transport: "udpu"}.Conf(l.Hosts()))
	for _, h := range l.Hosts() {
		h.Use(lab.C)
		h.StartCorosync()
	}
	l.Form(l.Hosts()...)
	for _, h := range l.Hosts() {
		h.StartPacemaker()
	}
	a := l.Host(0)
	l.Eventually(90*time.Second, "two nodes online", func() bool {
		return strings.Contains(a.Exec("crm_mon", "-1").Stdout, "Online: [ node1 node2 ]")
	})
	relay := a.Copy(build("relay", "./relay"), "/run/relay")
	programs := []string{"/usr/sbin/stonith_admin", a.Copy(build("ours", "../../cmd/ringmaster"), "/run/ours")}
	var goldens []byte
	for i, c := range commands {
		var runs [2]fencertest.Run
		for j, p := range programs {
			const file = "/run/said"
			args := append([]string{file, p, "stonith_admin"}, strings.Fields(c)...)
			if r := a.Exec(relay, args...); r.Code != 0 {
				t.Fatalf("%s: status %d %s", c, r.Code, r.Stderr)
			}
			raw, err := os.ReadFile(a.Path(file))
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(raw, &runs[j]); err != nil {
				t.Fatal(err)
			}
			if err := os.Remove(a.Path(file)); err != nil {
				t.Fatal(err)
			}
			if j == 0 {
				goldens = append(goldens, raw...)
			}
		}
		runs[1].Command.Compare(t, runs[0].Command)
		if got, want := requests(&runs[1]), requests(&runs[0]); got != want {
			t.Errorf("%s: asks the fencer\ngot\n%s\nwant\n%s", c, got, want)
		}
		if t.Failed() && testing.Verbose() {
			t.Logf("command %d of %d: %s", i, len(commands), c)
		}
	}
	if *update {
		if err := os.WriteFile("../../internal/cli/stonithadmin/testdata/cluster.jsonl", goldens, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d commands", len(commands))
}

// requests is what a run asked, without the tokens that differ.
func requests(r *fencertest.Run) string {
	var b strings.Builder
	for _, e := range r.Talk {
		b.WriteString(compares.ReplaceAllString(e.Request, "TOKEN") + "\n")
	}
	return b.String()
}
