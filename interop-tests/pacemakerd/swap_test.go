//go:build interop

package pacemakerd

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

func TestMain(m *testing.M) {
	lab.Init()
	os.Exit(m.Run())
}

const (
	program      = "/usr/sbin/pacemakerd"
	daemonDir    = "/usr/lib/pacemaker/"
	pacemakerLog = "/var/log/pacemaker/pacemaker.log"
)

// clusters has pacemakerd run in clusters, long everything tried that takes its time.
var (
	clusters = os.Getenv("RINGMASTER_PACEMAKERD") != ""
	long     = os.Getenv("RINGMASTER_PACEMAKERD") == "long"
)

var daemons = []string{"pacemaker-based", "pacemaker-fenced", "pacemaker-execd", "pacemaker-attrd", "pacemaker-schedulerd", "pacemaker-controld"}

// options are what is compared byte for byte, where no pacemakerd runs.
var options = []string{
	"--help", "-?", "-h", "--help-all", "--help-output", "--help-bogus", "--version", "-$", "--version --output-as=xml",
	"--features", "-F --output-as=xml", "-F --output-as=text", "-F --output-as=none", "-F --output-as=html", "--output-as= -F",
	"-F --output-to=/nonexistent/x", "-F --output-to=-", "--text-fancy -F", "--output-as", "--bogus", "-x", "-q", "-p", "--pid-file",
	"-p x -F", "-pF", "--pid-file=x -F", "-F extra", "-fF", "-F -f -s", "--foreground=yes -F", "-VVVV -F", "-S", "-V -S",
	"-S --output-as=xml", "--shutdown --output-as=none", "-S -F", "-S --version",
}

func TestOptions(t *testing.T) {
	l := lab.New(t, 1)
	h := l.Host(0)
	tried := options
	if !clusters { // each takes a third of a second on a busy machine
		tried = tried[:12]
	}
	run := func() (all []lab.Result) {
		for _, o := range tried {
			all = append(all, h.Exec(program, strings.Fields(o)...))
		}
		return all
	}
	theirs := run()
	h.Lay(program)
	for i, ours := range run() {
		if ours != theirs[i] {
			t.Errorf("pacemakerd %s:\n%+v\nwant\n%+v", options[i], ours, theirs[i])
		}
	}
}

// node is a host whose pacemakerd is ours or the reference's.
type node struct {
	*lab.Host
	l    *lab.Lab
	proc *lab.Process
	seen int // of the log, in bytes
}

// pid is the process of a daemon, as the host numbers it; empty if there is none.
func (n *node) pid(daemon string) string {
	return strings.TrimSpace(n.Exec("pgrep", "-o", "-f", "^"+daemonDir+daemon).Stdout)
}

func (n *node) pids() (all []string) {
	for _, d := range daemons {
		all = append(all, n.pid(d))
	}
	return all
}

// lines are those of pacemakerd in the log since the last call, at level notice and above,
// without what differs from run to run.
func (n *node) lines() []string {
	log := n.ReadFile(pacemakerLog)
	from := log[n.seen:]
	n.seen = len(log)
	return slices.DeleteFunc(interesting(from), func(s string) bool { return early.MatchString(s) })
}

// early is what is said of a daemon that was only just started, or is busy.
var early = regexp.MustCompile("is unresponsive to ipc after [1-4] tries|Still waiting for")

var (
	line    = regexp.MustCompile(`(?m)^.* pacemakerd +\[\d+\] \((\w+)\) +\t(notice|warning|error|crit|alert|emerg): (.*)$`)
	numbers = regexp.MustCompile(`\[\d+\]|pid=\d+|process \d+`)
)

func interesting(log string) (all []string) {
	for _, m := range line.FindAllStringSubmatch(log, -1) {
		all = append(all, m[2]+": "+numbers.ReplaceAllString(m[3], "N"))
	}
	return all
}

// awaits waits for a line of pacemakerd's since the last call of lines.
func (n *node) awaits(d time.Duration, text string) {
	n.l.Eventually(d, n.Name+" logs "+text, func() bool {
		return slices.ContainsFunc(interesting(n.ReadFile(pacemakerLog)[n.seen:]), func(s string) bool { return strings.Contains(s, text) })
	})
}

// healthy waits until all daemons run and pacemakerd and the controller say that all is
// well and at rest.
func (n *node) healthy() {
	n.l.Eventually(60*time.Second, n.Name+" is healthy", func() bool {
		return !slices.Contains(n.pids(), "") &&
			strings.Contains(n.Exec("crmadmin", "-P").Stdout, "Pacemaker is running") &&
			strings.Contains(n.Exec("crm_mon", "-1").Stdout, "Online: [ node1 node2 ]") &&
			regexp.MustCompile("S_IDLE|S_NOT_DC").MatchString(n.Exec("crmadmin", "-t", "5s", "-S", n.Name).Stdout)
	})
}

// surroundings is what the daemons got from pacemakerd, apart from numbers of processes.
func (n *node) surroundings() string {
	var b strings.Builder
	for _, d := range daemons {
		dir := "/proc/" + n.pid(d)
		out := n.MustRun("sh", "-c", "tr '\\0' '\\n' <"+dir+"/environ | LC_ALL=C sort; tr '\\0' ' ' <"+dir+"/cmdline; echo; "+
			"grep -E '^(Uid|Gid|Groups|SigBlk|SigIgn|NoNewPrivs):' "+dir+"/status; readlink "+dir+"/exe "+dir+"/cwd "+dir+"/fd/0 "+dir+"/fd/1 "+dir+"/fd/2; "+
			"grep -E 'core|open files' "+dir+"/limits; [ $(cut -d' ' -f6 "+dir+"/stat) = "+n.pid(d)+" ] && echo leads a session")
		fmt.Fprintf(&b, "%s:\n%s\n", d, out)
	}
	return b.String()
}

var updated = regexp.MustCompile(`\(last updated .*?\)|last_updated="[^"]*"|request="[^"]*"`)

// status is what tools say of pacemakerd.
func (n *node) status() string {
	s := ""
	for _, args := range [][]string{{"-P"}, {"-P", "--output-as=xml"}, {"-P", "-q"}} {
		r := n.Exec("crmadmin", args...)
		s += fmt.Sprintf("%s%s= %d\n", updated.ReplaceAllString(r.Stdout, "T"), r.Stderr, r.Code)
	}
	return s
}

// both has something done on the reference's node and on ours, and compares.
func both(t *testing.T, nodes []*node, what string, do func(n *node) string) {
	t.Helper()
	var all [2]string
	for i, n := range nodes {
		all[i] = do(n)
	}
	if all[0] != all[1] {
		t.Errorf("%s: %s\nwant\n%s", what, all[1], all[0])
	}
}

func start(t *testing.T, ours ...int) (*lab.Lab, []*node) {
	l := lab.New(t, 2)
	l.DumpLogs(pacemakerLog)
	l.WriteFile("/etc/corosync/corosync.conf", lab.Ring{Transport: "udpu"}.Conf(l.Hosts()))
	var nodes []*node
	for i, h := range l.Hosts() {
		if slices.Contains(ours, i) {
			h.Lay(program)
		}
		h.StartCorosync()
		nodes = append(nodes, &node{Host: h, l: l})
	}
	l.Form(l.Hosts()...)
	for _, n := range nodes {
		n.proc = n.StartPacemaker()
	}
	for _, n := range nodes {
		n.healthy()
	}
	return l, nodes
}

// TestSwap has the reference's pacemakerd on one node and ours on the other of a cluster,
// and compares what they do.
func TestSwap(t *testing.T) {
	if !clusters {
		t.Skip("RINGMASTER_PACEMAKERD is not set")
	}
	l, nodes := start(t, 1)
	both(t, nodes, "log of the start", func(n *node) string { return strings.Join(n.lines(), "\n") })
	both(t, nodes, "daemons", func(n *node) string { return strings.ReplaceAll(n.surroundings(), n.Name, "NODE") })
	both(t, nodes, "status", (*node).status)
	both(t, nodes, "a second one", func(n *node) string {
		r := n.Exec(program)
		return fmt.Sprintf("%s%s= %d", r.Stdout, r.Stderr, r.Code)
	})

	// Each daemon dies, and is there again. Others may have to go with it.
	for _, d := range daemons {
		if !long && d != "pacemaker-schedulerd" {
			continue
		}
		for _, n := range nodes {
			n.lines()
			before := n.pid(d)
			n.MustRun("kill", "-9", before)
			n.awaits(30*time.Second, "Respawning "+d+" subdaemon after unexpected exit")
			n.awaits(1*time.Second, d+"N terminated with signal 9 (Killed)")
			l.Eventually(30*time.Second, d+" is back", func() bool { now := n.pid(d); return now != "" && now != before })
			for _, n := range nodes {
				n.healthy()
			}
		}
	}
	both(t, nodes, "the environment of one that was started again", func(n *node) string {
		return n.MustRun("sh", "-c", "tr '\\0' '\\n' </proc/"+n.pid("pacemaker-schedulerd")+"/environ | LC_ALL=C sort")
	})

	// One hangs: it is seen, and in the end killed.
	const hangs = "pacemaker-schedulerd"
	var stopped [2]string
	for i, n := range nodes {
		n.lines()
		stopped[i] = n.pid(hangs)
		n.MustRun("kill", "-STOP", stopped[i])
	}
	for i, n := range nodes {
		n.awaits(60*time.Second, hangs+"N is unresponsive to ipc after 1 tries")
		if long {
			n.awaits(120*time.Second, "Respawning "+hangs)
			l.Eventually(10*time.Second, hangs+" is back", func() bool { now := n.pid(hangs); return now != "" && now != stopped[i] })
			continue
		}
		n.MustRun("kill", "-CONT", stopped[i])
	}
	if long {
		both(t, nodes, "log of a daemon that hangs", func(n *node) string { return strings.Join(n.lines(), "\n") })
	}

	// pacemakerd dies and comes again: the daemons are found.
	for _, n := range nodes {
		n.healthy()
		before := n.pids()
		n.proc.Kill()
		n.lines()
		n.proc = n.StartPacemaker()
		n.awaits(30*time.Second, "successfully started")
		if after := n.pids(); !slices.Equal(before, after) {
			t.Errorf("%s: daemons %v, before %v", n.Name, after, before)
		}
	}
	both(t, nodes, "log of the second start", func(n *node) string { return strings.Join(n.lines(), "\n") })
	if long { // it is seen by looking only
		for _, n := range nodes {
			before := n.pid(hangs)
			n.MustRun("kill", "-9", before)
			n.awaits(60*time.Second, "Respawning "+hangs)
			n.healthy()
		}
		both(t, nodes, "log of a daemon that was found", func(n *node) string { return strings.Join(n.lines(), "\n") })
	}
	stop(t, l, nodes)
}

// stop has both stop in order, and for reasons.
func stop(t *testing.T, l *lab.Lab, nodes []*node) {
	t.Helper()
	for _, n := range nodes {
		n.healthy()
		n.lines()
	}
	both(t, nodes, "order to stop", func(n *node) string {
		r := n.Exec(program, "--shutdown")
		code := n.proc.ExitCode()
		var order []string
		for _, s := range n.lines() {
			order = append(order, regexp.MustCompile(`IPC request \S+ from \w+`).ReplaceAllString(s, "IPC request"))
		}
		return fmt.Sprintf("%s%s= %d\n%s\n= %d\n%v", r.Stdout, r.Stderr, r.Code, strings.Join(order, "\n"), code, n.pids())
	})
	if long {
		for _, n := range nodes {
			n.proc = n.StartPacemaker()
		}
		for _, n := range nodes {
			n.healthy()
			n.lines()
		}
		both(t, nodes, "SIGTERM", func(n *node) string {
			n.MustRun("pkill", "-TERM", "-x", "pacemakerd")
			code := n.proc.ExitCode()
			return fmt.Sprintf("%s\n= %d\n%v", strings.Join(n.lines(), "\n"), code, n.pids())
		})
	}

	// A daemon that says that the node is to stay down: corosync stops as well.
	for _, n := range nodes {
		n.WriteFile("/run/fatal", "#!/bin/sh\nsleep 2\nexit 100\n")
		n.MustRun("chmod", "755", "/run/fatal")
		n.MustRun("mount", "--bind", "/run/fatal", daemonDir+"pacemaker-schedulerd")
	}
	both(t, nodes, "a fatal daemon", func(n *node) string {
		n.proc = n.StartPacemaker()
		code := n.proc.ExitCode()
		l.Eventually(30*time.Second, "corosync stops", func() bool { return len(n.Pids("corosync")) == 0 })
		return fmt.Sprintf("%s\n= %d\n%v", strings.Join(n.lines(), "\n"), code, n.pids())
	})
	if long { // it tries for some time
		both(t, nodes, "no corosync", func(n *node) string {
			code := n.StartPacemaker().ExitCode()
			return fmt.Sprintf("%s\n= %d", strings.Join(n.lines(), "\n"), code)
		})
	}
}

// TestAll has ours on all nodes.
func TestAll(t *testing.T) {
	if !long {
		t.Skip("RINGMASTER_PACEMAKERD is not long")
	}
	l, nodes := start(t, 0, 1)
	for _, d := range daemons {
		for _, n := range nodes {
			before := n.pid(d)
			n.MustRun("kill", "-9", before)
			l.Eventually(30*time.Second, d+" is back", func() bool { now := n.pid(d); return now != "" && now != before })
			for _, n := range nodes {
				n.healthy()
			}
		}
	}
	for _, n := range nodes {
		n.MustRun(program, "--shutdown")
		if code := n.proc.ExitCode(); code != 0 {
			t.Errorf("%s: status %d", n.Name, code)
		}
	}
}
