//go:build interop

package above

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

// tools lays the reference's tools and ours on a host, whichever it runs, and
// returns where they are. All are called by their own names.
func tools(t *testing.T, h *lab.Host) (theirs, ours string) {
	t.Helper()
	theirs, ours = "/run/theirs/", "/run/ours/"
	stage, err := lab.Stage()
	if err != nil {
		t.Fatal(err)
	}
	for from, to := range map[string]string{"": theirs, stage: ours} {
		for _, name := range []string{"corosync-cfgtool", "corosync-quorumtool", "corosync-cmapctl", "corosync-cpgtool"} {
			path := from + "/usr/sbin/" + name
			if _, err := os.Stat(path); err != nil {
				path = from + "/usr/bin/" + name
			}
			h.Copy(path, to+name)
		}
	}
	return theirs, ours
}

// answer is all that a tool leaves.
func answer(r lab.Result) string {
	return fmt.Sprintf("status %d\n%s%s", r.Code, r.Stdout, r.Stderr)
}

// queries are what is asked of a node.
var queries = [][]string{
	{"corosync-quorumtool", "-s"}, {"corosync-quorumtool", "-l"}, {"corosync-quorumtool", "-i", "-l"},
	{"corosync-quorumtool", "-p"}, {"corosync-quorumtool", "-v", "-s"}, {"corosync-quorumtool", "-V", "7"},
	{"corosync-cfgtool", "-s"}, {"corosync-cfgtool", "-n"}, {"corosync-cfgtool", "-b"}, {"corosync-cfgtool", "-i"},
	{"corosync-cfgtool", "-a", "2"}, {"corosync-cfgtool", "-a", "9"}, {"corosync-cfgtool", "-Z"},
	{"corosync-cmapctl", "totem."}, {"corosync-cmapctl", "nodelist."}, {"corosync-cmapctl", "quorum."},
	{"corosync-cmapctl", "runtime.votequorum."}, {"corosync-cmapctl", "runtime.members."}, {"corosync-cmapctl", "runtime.config."},
	{"corosync-cmapctl", "-b", "totem."}, {"corosync-cmapctl", "-g", "no.such.key"}, {"corosync-cmapctl", "-g", "totem.token"},
	{"corosync-cmapctl", "-x"}, {"corosync-cmapctl", "-m", "stats", "-g", "stats.srp.operational_entered"},
	{"corosync-cpgtool"}, {"corosync-cpgtool", "-e"}, {"corosync-cpgtool", "-n"},
}

// TestTools asks a node of ours and one of the reference's in one ring, each
// through the reference's tools and ours: the tools agree to the byte, the
// nodes but for who they are.
func TestTools(t *testing.T) {
	l := lab.New(t, 3)
	l.DumpLogs("/var/log/corosync/corosync.log")
	l.WriteFile("/etc/corosync/corosync.conf", lab.Ring{Transport: "udpu"}.Conf(l.Hosts()))
	var theirs, ours string
	for i, h := range l.Hosts() {
		h.Use([]lab.Kind{lab.Go, lab.C, lab.C}[i])
		h.StartCorosync()
		theirs, ours = tools(t, h)
	}
	l.Form(l.Hosts()...)
	// A group that both know, with a member each.
	for _, h := range l.Hosts()[:2] {
		h.Start(h.Copy(clientDir+"/cpgnode", "/run/cpgnode"), "g", "/var/log/g.jsonl", "0", "64", "64")
	}
	for _, h := range l.Hosts()[:2] {
		l.Eventually(10*time.Second, h.Name+" knows both members", func() bool {
			return strings.Count(h.Exec(theirs+"corosync-cpgtool").Stdout, "10.77.0.") == 2
		})
	}
	for _, q := range queries {
		t.Run(strings.Join(q, " "), func(t *testing.T) {
			nodes := l.Hosts()[:2]
			asked := func(h *lab.Host, dir string) string {
				return strings.ReplaceAll(answer(h.Exec(dir+q[0], q[1:]...)), dir, "")
			}
			var seen []string
			for _, h := range nodes {
				a, b := steady(asked(h, theirs)), steady(asked(h, ours))
				if a != b {
					t.Errorf("of the %v node %s, the reference's tool:\n%s\nours:\n%s", h.Kind(), h.Name, a, b)
				}
				seen = append(seen, masked(h, a))
			}
			if seen[0] != seen[1] {
				t.Errorf("our node:\n%s\nthe reference's node:\n%s", seen[0], seen[1])
			}
		})
	}
}

var (
	clock  = regexp.MustCompile(`(?m)^Date: .*$`)
	figure = regexp.MustCompile(`(stats\.srp\.operational_entered|last_updated) \(u64\) = \d+`)
)

// steady leaves out what changes from one call to the next.
func steady(s string) string {
	return figure.ReplaceAllString(clock.ReplaceAllString(s, "Date:"), "$1")
}

// masked leaves out which node it is that answers.
func masked(h *lab.Host, s string) string {
	id := fmt.Sprint(h.Index + 1)
	for _, r := range [][2]string{
		{`(?m)^Node ID:.*$`, "Node ID: me"},
		{`Local node ID ` + id + `\b`, "Local node ID me"},
		{` \(local\)`, ""},
		{`(?m)^(\s+nodeid:\s+)(?:` + id + `:\tlocalhost|[^` + id + `]:\tconnected)$`, "${1}as it should be"},
		{`(?m)^status 0\n\d\n$`, "status 0\nmy id\n"}, // crm_node -i
		// cfgtool tells of the others, or of itself in the first place.
		{`(?m)^(nodeid:|\s+addr\s+=|   LINK: 0  \()\s*[0-9.]+`, "$1 somebody"},
		{`(?m)^(nodelist\.local_node_pos|runtime\.votequorum\.this_node_id|totem\.interface\.0\.bindnetaddr) .*$`, "$1"},
	} {
		s = regexp.MustCompile(r[0]).ReplaceAllString(s, r[1])
	}
	return s
}
