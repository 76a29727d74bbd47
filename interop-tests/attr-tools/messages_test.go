//go:build interop

package attrtools_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/attrd/wire"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/cpgmsg"
	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

// cluster starts the reference's programs on as many nodes.
func cluster(t *testing.T, nodes int) *lab.Lab {
	t.Helper()
	l := lab.New(t, nodes)
	l.DumpLogs("/var/log/pacemaker/pacemaker.log")
	l.WriteFile("/etc/corosync/corosync.conf", lab.Ring{Transport: "udpu"}.Conf(l.Hosts()))
	for _, h := range l.Hosts() {
		h.Use(lab.C)
		h.StartCorosync()
	}
	l.Form(l.Hosts()...)
	return l
}

// online starts Pacemaker and waits until all nodes are online.
func online(l *lab.Lab) {
	names := ""
	for _, h := range l.Hosts() {
		h.Start("pacemakerd", "-f")
		names += " " + h.Name
	}
	l.Eventually(90*time.Second, "all nodes online", func() bool {
		return strings.Contains(l.Host(0).Exec("crm_mon", "-1").Stdout, "Online: ["+names+" ]")
	})
}

// received are the answers that attrd_updater has traced.
var received = regexp.MustCompile(`(?m)^\(call_api_dispatch\) \ttrace: ipc-received +(<.*>)$`)

// TestMessages reads all that the reference's attrds tell each other and their clients while
// values come and go, and with -refresh keeps one of each kind.
func TestMessages(t *testing.T) {
	bin := filepath.Join(t.TempDir(), "listen")
	if out, err := exec.Command("go", "build", "-o", bin, "../pcmk-cluster/listen").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	l := cluster(t, 2)
	a, b := l.Host(0), l.Host(1)
	a.MustRun("mkdir", "-p", "/run/heard")
	a.Start(a.Copy(bin, "/run/listen"), "/run/heard", wire.Service)
	l.Eventually(10*time.Second, "the group is joined", func() bool {
		_, err := os.Stat(a.Path("/run/heard/" + wire.Service))
		return err == nil
	})
	online(l)
	for _, args := range [][]string{
		{"-n", "color", "-U", "red"}, {"-n", "color", "-B", "blue", "-d", "5s", "-s", "set1", "-N", "node1"}, {"-n", "color", "-Y", "-d", "0"},
		{"-n", "lsn", "-p", "-U", "0/3000"}, {"-n", "color", "-D"}, {"-n", "count", "-U", "value++"}, {"-R"},
	} {
		b.MustRun("attrd_updater", args...)
	}
	b.Exec("crm_attribute", "-t", "status", "-P", "co.*", "-v", "7", "-N", "node2")
	b.Exec("crm_node", "--force", "-R", "nobody")
	l.Eventually(20*time.Second, "the last attribute reads back", func() bool {
		return strings.Contains(a.Exec("attrd_updater", "-n", "count", "-Q", "-A").Stdout, `"7"`)
	})

	kept := map[string]string{}
	keep := func(name, text string) {
		doc := etree.NewDocument()
		if err := doc.ReadFromString(text); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if wire.IsVote(doc.Root()) {
			return
		}
		m, err := wire.Decode(doc.Root())
		if err != nil {
			t.Errorf("%s: %v", text, err)
			return
		}
		if name == "" {
			name = string(m.Task)
		}
		if m.Name != nil && *m.Name == wire.ProtocolName {
			name = "protocol"
		}
		if len(m.Values) > len(kept) {
			kept[name] = text
		}
		if _, ok := kept[name]; !ok || m.Task == wire.SyncResponse {
			kept[name] = text
		}
	}
	files, err := filepath.Glob(a.Path("/run/heard/" + wire.Service + ".*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		m, err := cpgmsg.Decode(raw)
		if err != nil {
			t.Fatal(err)
		}
		keep("", m.Text)
	}
	for name, args := range map[string][]string{"answer": {"-A", "-n", "count"}, "answer-none": {"-n", "nothing"}, "answer-node": {"-n", "count", "-N", "nobody"}} {
		traced := b.Exec("attrd_updater", append(args, "-Q", "-VVVVVV")...).Stderr
		var lines []string
		for _, m := range received.FindAllStringSubmatch(traced, -1) {
			lines = append(lines, strings.TrimSpace(m[1]))
		}
		keep(name, strings.Join(lines, ""))
	}
	var lines []string
	for name, text := range kept {
		lines = append(lines, fmt.Sprintf("%s %s\n", name, text))
	}
	slices.Sort(lines)
	t.Log(len(files), "messages\n", strings.Join(lines, ""))
	if *refresh {
		if err := os.WriteFile("../../attrd/wire/testdata/messages.txt", []byte(strings.Join(lines, "")), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
