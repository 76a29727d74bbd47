//go:build interop

package attrtools_test

import (
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

// step is a command on a node. "@" in it stands for who runs it, so that both have attributes of their own.
type step struct {
	node int
	line string
	// until is a command, with what it must print before the next step.
	until, prints string
}

// scenario exercises what goes through the daemons.
var scenario = []step{
	{0, "attrd_updater -n color@ -U red", "attrd_updater -n color@ -Q -A", `value="red"`},
	{1, "attrd_updater -n color@ -U blue", "attrd_updater -n color@ -Q -A", `value="blue"`},
	{2, "attrd_updater -n color@ -U green -N node1", "attrd_updater -n color@ -Q -N node1", `value="green"`},
	{0, "attrd_updater -n color@ -Q -N node2", "", ""}, {0, "attrd_updater -n color@ -Q -N node3", "", ""}, {0, "attrd_updater -n color@ -Q -N localhost --output-as=xml", "", ""},
	{0, "attrd_updater -n none@ -Q", "", ""}, {0, "attrd_updater -n none@ -Y -d 5", "", ""},
	{0, "attrd_updater -p -n secret@ -U 1", "attrd_updater -n secret@ -Q -A", `value="1"`},
	{0, "attrd_updater -n secret@ -U value++", "attrd_updater -n secret@ -Q -A", `value="2"`},
	{0, "attrd_updater -n secret@ -U value+=40", "attrd_updater -n secret@ -Q -A", `value="42"`},
	{1, "attrd_updater -n damped@ -B 7 -d 1s -s set@", "crm_attribute -t status -N node2 -n damped@ -G -q", "7"},
	{1, "attrd_updater -n damped@ -Y -d 0", "", ""}, {1, "attrd_updater -R", "", ""},
	{0, "crm_attribute -n master-r@ -v 10 -l reboot", "crm_attribute -n master-r@ -G -q -l reboot -N node1", "10"},
	{0, "crm_attribute -n master-r@ -G -l reboot", "", ""}, {0, "crm_attribute -p r@ -G -q", "", ""}, {1, "crm_attribute -p r@ -G -q -d 5", "", ""}, {1, "crm_attribute -p r@ -G", "", ""},
	{1, "crm_attribute -p r@ -v -20 -N node2", "crm_attribute -p r@ -G -q -N node2", "-20"},
	{1, "crm_attribute -n one-r@ -v 1 -l reboot", "crm_attribute -n one-r@ -G -l reboot -N node2", "value=1"},
	{1, "crm_attribute -P one-r@ -v 3 -l reboot", "crm_attribute -n one-r@ -G -l reboot -N node2", "value=3"},
	{1, "crm_attribute -P r@$ -G -l reboot", "", ""}, {1, "crm_attribute -P r@$ -G -l reboot --output-as=xml", "", ""},
	{1, "crm_attribute -P one-r@ -D -l reboot", "crm_attribute -n one-r@ -G -l reboot -N node2 -d gone", "gone"},
	{2, "crm_attribute -n site@ -v office", "crm_attribute -n site@ -G", "office"}, {2, "crm_attribute -n site@ -l forever -v office", "crm_attribute -n site@ -G -N node3", "office"},
	{2, "crm_attribute -n site@ -N node3 -G", "", ""}, {2, "crm_attribute -n site@ -N node3 -D", "crm_attribute -n site@ -N node3 -G -d gone", "gone"}, {2, "crm_attribute -n site@ -N node3 -D", "", ""},
	{2, "crm_attribute -z -n ram@ -v 4096 -N node1", "crm_attribute -z -n ram@ -G -N node1", "4096"}, {2, "crm_attribute -z -n ram@ -D -N node1", "crm_attribute -z -n ram@ -G -N node1 -d gone", "gone"},
	{0, "crm_attribute -t rsc_defaults -n default@ -v 1 -N node1", "crm_attribute -t rsc_defaults -n default@ -G", "value=1"}, {0, "crm_attribute -N nobody -n x -v 1", "", ""}, {0, "crm_attribute -n site@ -v a -s set@", "crm_attribute -n site@ -G -s set@", "value=a"},
	{0, "crm_attribute -n site@ -G", "", ""}, {0, "crm_attribute -n site@ -v c", "", ""}, {0, "crm_attribute -n site@ -v c -s set@ -!", "crm_attribute -n site@ -G -s set@", "value=c"},
	{0, "crm_attribute -n site@ -D -i set@-site@", "crm_attribute -n site@ -G", "office"}, {0, "crm_attribute -v 1", "", ""}, {0, "crm_attribute -l reboot -v 1 -P [", "", ""}, {0, "crm_attribute -l reboot -G -P [", "", ""},
	{0, "crm_ticket -t ticket@ -g --force -S owner -v -1 -S term -v 3", "crm_ticket -t ticket@ -G granted", "true"}, {0, "crm_ticket -t ticket@ -G owner", "", ""}, {0, "crm_ticket -t ticket@ -r", "", ""},
	{1, "crm_ticket -t ticket@ -s", "crm_ticket -t ticket@ -G standby", "true"}, {1, "crm_ticket -t ticket@ -D owner -D term", "", ""}, {1, "crm_ticket -t ticket@ -w", "", ""}, {1, "crm_ticket -t ticket@ -C", "", ""}, {1, "crm_ticket -t ticket@ -r --force", "", ""}, {1, "crm_ticket -t other@ -q", "", ""},
	{0, "runuser -u hacluster -- attrd_updater -n color@ -Q -N node2", "", ""}, {0, "runuser -u hacluster -- crm_attribute -n color@ -l reboot -N node2 -G", "", ""}, {0, "runuser -u nobody -- crm_attribute -n site@ -G", "", ""}, {0, "runuser -u nobody -- attrd_updater -n color@ -Q", "", ""},
}

// offline are commands before and after the cluster runs.
var offline = []string{
	"attrd_updater -n x -Q", "attrd_updater -n x -U 1", "attrd_updater -R", "attrd_updater -n x -D --output-as=xml", "crm_attribute -n x -G", "crm_attribute -n x -v 1 -l reboot", "crm_attribute -G -n x --output-as=xml", "crm_ticket -l", "crm_ticket -t x -g --force",
}

var timeOfGrant = regexp.MustCompile(`last-granted="\d+"`)

// TestLive runs the same commands by the reference's tools and by ours among three nodes of the
// reference, and compares what they print, their statuses and the CIB in the end.
func TestLive(t *testing.T) {
	l := cluster(t, 3)
	for _, h := range l.Hosts() {
		for tool := range ours {
			h.Copy(self(t), "/opt/ours/"+tool)
		}
	}
	run := func(h *lab.Host, by, line string) lab.Result {
		words := strings.Fields(strings.ReplaceAll(line, "@", by))
		for i, w := range words {
			if _, ok := ours[w]; ok && by == "ours" {
				words[i] = "/opt/ours/" + w
			}
		}
		return h.Exec(words[0], words[1:]...)
	}
	same := func(h *lab.Host, line string) {
		t.Helper()
		want, got := run(h, "ref", line), run(h, "ours", line)
		if shown(got) != shown(want) {
			t.Errorf("%s: %s\ngot  %v\nwant %v", h.Name, line, got, want)
		}
	}
	for _, line := range offline {
		same(l.Host(0), line)
	}
	online(l)
	for _, s := range scenario {
		h := l.Host(s.node)
		same(h, s.line)
		if s.until == "" {
			continue
		}
		for _, by := range []string{"ref", "ours"} {
			l.Eventually(20*time.Second, s.line+" by "+by+" takes effect", func() bool {
				until := strings.ReplaceAll(s.until, "@", by)
				return strings.Contains(h.Exec("sh", "-c", "exec "+until).Stdout, s.prints)
			})
		}
	}
	l.Eventually(20*time.Second, "both leave the same", func() bool {
		cib := l.Host(1).MustRun("cibadmin", "-Q", "-l")
		return slices.Equal(linesOf(cib, "ref"), linesOf(cib, "ours"))
	})
	cib := l.Host(1).MustRun("cibadmin", "-Q", "-l")
	if ref, own := linesOf(cib, "ref"), linesOf(cib, "ours"); !slices.Equal(ref, own) || len(ref) < 8 {
		t.Errorf("the reference's tools leave\n%s\nours\n%s", strings.Join(ref, "\n"), strings.Join(own, "\n"))
	}
	t.Log(strings.Join(linesOf(cib, "ours"), "\n"))
	last := l.Host(2)
	last.SignalAll("pacemakerd", syscall.SIGTERM)
	l.Eventually(40*time.Second, "Pacemaker stops", func() bool { return len(last.Pids("pacemakerd")) == 0 })
	for _, line := range offline {
		same(last, line)
	}
}

// shown is a result without whose it is.
func shown(r lab.Result) string {
	text := strings.NewReplacer("/opt/ours/", "", "ours", "ref").Replace(r.Stdout + "\x00" + assertion.ReplaceAllString(r.Stderr, ""))
	return text + string(rune(r.Code))
}

// linesOf are the lines of a CIB that come from one.
func linesOf(cib, by string) []string {
	var lines []string
	for line := range strings.Lines(timeOfGrant.ReplaceAllString(cib, "")) {
		if strings.Contains(line, by) {
			lines = append(lines, strings.ReplaceAll(strings.TrimSpace(line), by, "@"))
		}
	}
	slices.Sort(lines)
	return lines
}
