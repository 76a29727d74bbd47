//go:build interop

package ring

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

// droppedKeys begin what a node of ours counts of packets received for nothing.
const droppedKeys = "stats.knet.handle.rx_dropped_"

// asSeenBy makes what one of two nodes says comparable with what the other does:
// ids and addresses become self and other.
func asSeenBy(h *lab.Host, text string) string {
	self, other := h.Index+1, 2-h.Index
	for n := range 2 {
		text = strings.ReplaceAll(text, fmt.Sprintf("10.77.%d.%d", n, self), fmt.Sprintf("self%d", n))
		text = strings.ReplaceAll(text, fmt.Sprintf("10.77.%d.%d", n, other), fmt.Sprintf("other%d", n))
	}
	for id, name := range map[int]string{self: "self", other: "other"} {
		text = strings.ReplaceAll(text, fmt.Sprintf("stats.knet.node%d.", id), "stats.knet."+name+".")
		text = strings.ReplaceAll(text, fmt.Sprintf("Local node ID %d,", id), "Local node ID "+name+",")
		text = regexp.MustCompile(fmt.Sprintf(`nodeid:( +)%d\b`, id)).ReplaceAllString(text, "nodeid: "+name)
	}
	return text
}

// keys are the sorted names and types in a map's dump, what belongs to single
// clients and positions apart, and what only ours counts.
func keys(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		name, _, _ := strings.Cut(line, " = ")
		if !strings.HasPrefix(name, "stats.ipcs.service") && !strings.HasPrefix(name, "stats.schedmiss") && !strings.HasPrefix(name, droppedKeys) &&
			!strings.HasPrefix(name, "stats.knet.handle.tx_dropped") {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// TestKnetTools holds what a node of ours tells of knet against what the
// reference tells in the same ring: keys, their types, and the tools' texts.
func TestKnetTools(t *testing.T) {
	for _, crypto := range []string{"", "aes256/sha256"} {
		t.Run("crypto "+crypto, func(t *testing.T) {
			l := lab.New(t, 2, lab.Networks(2))
			l.DumpLogs("/var/log/corosync/corosync.log", "/var/log/corosync.out")
			conf := lab.Ring{Transport: "knet", Links: 2, Crypto: crypto, Quorum: "  two_node: 1\n"}
			l.WriteFile("/etc/corosync/corosync.conf", conf.Conf(l.Hosts()))
			ours, theirs := l.Host(0), l.Host(1)
			ours.Use(lab.Go)
			ours.StartCorosync()
			theirs.StartCorosync()
			l.Form(ours, theirs)
			want := map[string]string{"": "1446", "aes256/sha256": "1397"}[crypto]
			for _, h := range l.Hosts() {
				l.Eventually(20*time.Second, h.Name+" has found the links' MTU", func() bool { return connected(h, 2, 1, -1) && mtus(h) == want })
			}
			for _, dump := range [][]string{{}, {"-m", "stats"}} {
				g := keys(asSeenBy(ours, ours.MustRun("corosync-cmapctl", dump...)))
				c := keys(asSeenBy(theirs, theirs.MustRun("corosync-cmapctl", dump...)))
				for _, k := range g {
					if !slices.Contains(c, k) {
						t.Errorf("corosync-cmapctl %q: only ours has %s", dump, k)
					}
				}
				for _, k := range c {
					if !slices.Contains(g, k) {
						t.Errorf("corosync-cmapctl %q: only the reference has %s", dump, k)
					}
				}
			}
			for _, args := range [][]string{{"-s"}, {"-s", "-b"}, {"-n"}} {
				g := asSeenBy(ours, ours.MustRun("corosync-cfgtool", args...))
				c := asSeenBy(theirs, theirs.MustRun("corosync-cfgtool", args...))
				if sorted(g) != sorted(c) {
					t.Errorf("corosync-cfgtool %q: ours says\n%s\nthe reference\n%s", args, g, c)
				}
			}
		})
	}
}

// sorted puts a text's lines in order and the nodes in a row of states, too:
// which node comes first depends on who asks.
func sorted(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if states, ok := strings.CutPrefix(line, "\tstatus\t= "); ok {
			b := []byte(states)
			slices.Sort(b)
			lines[i] = "\tstatus\t= " + string(b)
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
