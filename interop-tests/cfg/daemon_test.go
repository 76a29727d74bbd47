//go:build interop

package cfg_test

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

// theirs copies a C program to where our own do not cover it.
func theirs(t *testing.T, h *lab.Host, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatal(err)
	}
	return h.Copy(path, "/tmp/theirs/"+name)
}

const conf = `totem {
  version: 2
  cluster_name: lab
  transport: udpu
  token: 1000
}
nodelist {
  node {
    ring0_addr: 10.77.0.1
    name: node1
    nodeid: 1
  }
  node {
    ring0_addr: 10.77.0.2
    name: node2
    nodeid: 2
  }
}
quorum {
  provider: corosync_votequorum
}
logging {
  to_stderr: no
  to_syslog: no
  to_logfile: yes
  logfile: /var/log/corosync/corosync.log
  timestamp: on
}
`

// mixed forms a ring of our daemon on host 0 and the C one on host 1.
func mixed(t *testing.T) (l *lab.Lab, ours, c *lab.Process, tool string) {
	l = lab.New(t, 2)
	l.WriteFile("/etc/corosync/corosync.conf", conf)
	for _, h := range l.Hosts() {
		tool = theirs(t, h, "corosync-cfgtool")
		theirs(t, h, "corosync-cmapctl")
	}
	l.Host(0).Use(lab.Go)
	ours, c = l.Host(0).Start("corosync", "-f"), l.Host(1).Start("corosync", "-f")
	l.Eventually(20*time.Second, "two nodes", func() bool {
		return strings.Contains(l.Host(1).Exec("corosync-quorumtool", "-s").Stdout, "Nodes:            2")
	})
	return l, ours, c, tool
}

const logFile = "/var/log/corosync/corosync.log"

// TestOurDaemon has the C tool ask our daemon what it asks the C one, and each
// have the other reload and log.
func TestOurDaemon(t *testing.T) {
	l, ours, c, tool := mixed(t)
	a, b := l.Host(0), l.Host(1)
	id := regexp.MustCompile(`(nodeid|Local node ID|10\.77\.0\.|status\t= ).*|localhost|connected`)
	for _, args := range []string{"-s", "-s -b", "-n", "-L", "-a 1", "-a 2", "-a 9", "-k 9", "-R"} {
		f := strings.Fields(args)
		fromOurs, fromC := a.Exec(tool, f...), b.Exec(tool, f...)
		// The nodes see each other, therefore mirrored.
		mask := func(r lab.Result) lab.Result { r.Stdout = id.ReplaceAllString(r.Stdout, "X"); return r }
		if mask(fromOurs) != mask(fromC) {
			t.Errorf("corosync-cfgtool %s:\nour daemon %+v\nthe C one  %+v", args, fromOurs, fromC)
		}
	}
	for _, h := range l.Hosts() {
		for _, line := range []string{
			"[CFG   ] Config reload requested by node 1", "[CFG   ] Config reload requested by node 2",
		} {
			l.Eventually(5*time.Second, h.Name+" logs "+line, func() bool { return strings.Contains(h.ReadFile(logFile), line) })
		}
	}
	// The keys are the same, those of members and counters aside.
	keys := func(h *lab.Host) map[string]bool {
		set := map[string]bool{}
		for _, l := range strings.Split(h.MustRun("/tmp/theirs/corosync-cmapctl"), "\n") {
			k, _, _ := strings.Cut(l, " = ")
			set[k] = true
		}
		return set
	}
	ka, kb := keys(a), keys(b)
	for k := range kb {
		if !ka[k] {
			t.Errorf("our daemon lacks the key %s", k)
		}
	}
	for k := range ka {
		if !kb[k] {
			t.Errorf("the C daemon does not have the key %s", k)
		}
	}
	if r := a.Exec("corosync-blackbox"); r.Code != 0 || !strings.Contains(r.Stdout, "Corosync Cluster Engine 3.1.7 starting up\n") {
		t.Errorf("corosync-blackbox: status %d, %.300s%s", r.Code, r.Stdout, r.Stderr)
	}
	// The C node ends ours by force.
	if r := b.Exec("corosync-cfgtool", "-k", "1"); r.Code != 0 {
		t.Errorf("kill: %+v", r)
	}
	if code := ours.ExitCode(); code != 255 {
		t.Errorf("our daemon ended with %d, want 255", code)
	}
	for _, line := range []string{
		"[CFG   ] Killed by node 2 : Killed by corosync-cfgtool\n",
		"Corosync Cluster Engine exiting with status -1 at cfg.c:566.\n",
	} {
		if !strings.Contains(a.ReadFile(logFile), line) {
			t.Errorf("our log lacks %q", line)
		}
	}
	c.Kill()
}

// TestOurShutdown has the C tool shut our daemon down, which leaves in order.
func TestOurShutdown(t *testing.T) {
	l, ours, c, tool := mixed(t)
	a, b := l.Host(0), l.Host(1)
	// Logging is changed at run time, and goes back.
	if strings.Contains(a.ReadFile(logFile), " debug ") {
		t.Error("debug lines without being asked for")
	}
	a.MustRun("/tmp/theirs/corosync-cmapctl", "-s", "logging.debug", "str", "on")
	a.MustRun(tool, "-L")
	l.Eventually(5*time.Second, "debug lines", func() bool {
		return strings.Contains(a.ReadFile(logFile), " debug   [CFG   ] Reopening logging files\n")
	})
	a.MustRun("/tmp/theirs/corosync-cmapctl", "-d", "logging.debug")

	// logrotate: the file is made anew under its name.
	if err := os.Rename(a.Path(logFile), a.Path(logFile+".1")); err != nil {
		t.Fatal(err)
	}
	a.MustRun(tool, "-L")
	if _, err := os.Stat(a.Path(logFile)); err != nil {
		t.Errorf("after reopening: %v", err)
	}
	if r, want := a.Exec(tool, "-H"), (lab.Result{Stdout: "Shutting down corosync\n"}); r != want {
		t.Errorf("got %+v", r)
	}
	if code := ours.ExitCode(); code != 0 {
		t.Errorf("our daemon ended with %d", code)
	}
	l.Eventually(5*time.Second, "the other logs it", func() bool {
		return strings.Contains(b.ReadFile(logFile), "[CFG   ] Node 1 was shut down by sysadmin")
	})
	log := a.ReadFile(logFile)
	line := regexp.MustCompile(`^\w{3} \d\d \d\d:\d\d:\d\d \[\d+\] node1 corosync (emerg|alert|crit|error|warning|notice|info|debug) +\[\w+ *\] `)
	for _, s := range strings.Split(strings.TrimSpace(log), "\n") {
		if !line.MatchString(s) {
			t.Errorf("line %q", s)
		}
	}
	c.Kill()
}
