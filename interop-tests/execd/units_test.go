//go:build interop

package execd

import (
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

// better is the one step of fakesystemd's story in which ours does more: it looks again for a
// bus that was not there.
const better = "with the bus back"

// TestUnits puts a systemd that is not one, whose units do all kinds of things, below the
// reference's executor and crm_resource on one host, and below ours on another: the same
// operations have to end alike, and to ask the same of systemd.
func TestUnits(t *testing.T) {
	l := lab.New(t, 2)
	l.DumpLogs(pacemakerLog)
	fake := build(t, "fakesystemd")
	l.Host(1).Lay(daemonPath)
	l.Host(1).Lay("/usr/sbin/crm_resource")
	var told []*lab.Process
	for _, h := range l.Hosts() {
		told = append(told, h.Start(h.Copy(fake, "/run/fakesystemd"), daemonPath))
	}
	var stories []map[string]string
	var titles []string
	for i, h := range l.Hosts() {
		select {
		case <-told[i].Done():
		case <-time.After(time.Minute):
			t.Fatalf("%s: the story has no end", h.Name)
		}
		said := h.ReadFile("/var/log/fakesystemd.out")
		if told[i].ExitCode() != 0 {
			t.Fatalf("%s: %s", h.Name, said)
		}
		var parts map[string]string
		parts, titles = chapters(said)
		stories = append(stories, parts)
	}
	theirs, ours := stories[0], stories[1]
	for _, title := range titles {
		switch {
		case strings.HasPrefix(title, better):
			if !strings.Contains(ours[title], `exec_rc="0"`) {
				t.Errorf("%s: %s", title, ours[title])
			}
		case ours[title] != theirs[title]:
			t.Errorf("%s\ngot\n%s\nwant\n%s", title, ours[title], theirs[title])
		}
	}
	if len(titles) != len(theirs) || len(titles) < 50 {
		t.Errorf("%d chapters by the reference, %d by ours", len(theirs), len(titles))
	}
	t.Logf("%d chapters", len(titles))
}

// chapters are the parts of a story by their titles, and those in order.
func chapters(said string) (parts map[string]string, titles []string) {
	parts = map[string]string{}
	title := ""
	for line := range strings.Lines(said) {
		if rest, ok := strings.CutPrefix(line, "== "); ok {
			title = strings.TrimSpace(rest)
			titles = append(titles, title)
			parts[title] = ""
			continue
		}
		if title != "" { // before the first is what the bus says
			parts[title] += line
		}
	}
	// The reference asks again of which class a service is.
	for title, part := range parts {
		if strings.Contains(title, ": service ") {
			const asked = " LoadState of one.service\n"
			first, rest, _ := strings.Cut(part, asked)
			parts[title] = first + asked + strings.ReplaceAll(strings.ReplaceAll(rest, "  asked Get org.freedesktop.systemd1.Unit"+asked, ""), "  asked LoadUnit one.service\n", "")
		}
	}
	return parts, titles
}
