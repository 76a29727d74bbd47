//go:build interop

// Package cfg_test has our client and tools of the configuration service talk
// to the C daemon, beside the C tools.
package cfg_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/cfg"
	"github.com/ringmaster-ha/ringmaster/internal/cli/blackbox"
	"github.com/ringmaster-ha/ringmaster/internal/cli/cfgtool"
	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

// self is where a host finds this program.
const self = "/tmp/ours"

// TestMain plays our programs on a host when told to.
func TestMain(m *testing.M) {
	lab.Init()
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "corosync-cfgtool":
			os.Exit(cfgtool.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
		case "corosync-blackbox":
			os.Exit(blackbox.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
		case "query":
			fail(query())
		case "guard":
			fail(guard(os.Args[2] == "yes"))
		}
	}
	os.Exit(m.Run())
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// query prints all that can be asked.
func query() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	c, err := cfg.Dial(ctx, cfg.Options{})
	if err != nil {
		return err
	}
	defer c.Close()
	ring, err := c.RingStatus(ctx)
	fmt.Println(ring, err)
	local, err := c.LocalNode(ctx)
	fmt.Println(local, err)
	for _, n := range []cfg.NodeID{0, 1, 2, 9} {
		a, err := c.NodeAddrs(ctx, n)
		fmt.Println(n, a, err)
	}
	for _, n := range []cfg.NodeID{1, 2, 9} {
		s, err := c.NodeStatus(ctx, n)
		if err != nil {
			return err
		}
		fmt.Println(n, s.Reachable, s.Links[0])
	}
	fmt.Println(c.KillNode(ctx, 9, "x"))
	fmt.Println(c.ReloadConfig(ctx), c.ReopenLogFiles(ctx), c.ReplyToShutdown(ctx, true))
	fmt.Println(c.TrackShutdown(ctx), c.StopTracking(ctx))
	return nil
}

// guard waits for one shutdown and answers it.
func guard(agree bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	c, err := cfg.Dial(ctx, cfg.Options{})
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.TrackShutdown(ctx); err != nil {
		return err
	}
	fmt.Println("tracking")
	how, err := c.NextShutdown(ctx)
	if err != nil {
		return err
	}
	fmt.Println("asked", how)
	return c.ReplyToShutdown(ctx, agree)
}

func install(t *testing.T, h *lab.Host) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	in, err := os.Open(exe)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.OpenFile(h.Path(self), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}

// ring starts the C daemon on two hosts and waits for them to meet.
func ring(t *testing.T, transport string) (*lab.Lab, []*lab.Process) {
	l := lab.New(t, 2)
	var nodes strings.Builder
	for i, h := range l.Hosts() {
		fmt.Fprintf(&nodes, "  node {\n    ring0_addr: %s\n    name: %s\n    nodeid: %d\n  }\n", h.Addr(), h.Name, i+1)
	}
	l.WriteFile("/etc/corosync/corosync.conf", `totem {
  version: 2
  cluster_name: lab
  transport: `+transport+`
  token: 1000
}
nodelist {
`+nodes.String()+`}
quorum {
  provider: corosync_votequorum
}
logging {
  to_stderr: no
  to_syslog: no
  to_logfile: yes
  logfile: /var/log/corosync/corosync.log
}
`)
	var procs []*lab.Process
	for _, h := range l.Hosts() {
		procs = append(procs, h.Start("corosync", "-f"))
	}
	l.Eventually(20*time.Second, "two nodes", func() bool {
		return strings.Contains(l.Host(0).Exec("corosync-quorumtool", "-s").Stdout, "Nodes:            2")
	})
	install(t, l.Host(0))
	return l, procs
}

func sameOutput(t *testing.T, h *lab.Host, calls ...string) {
	t.Helper()
	for _, args := range calls {
		theirs := h.Exec("corosync-cfgtool", strings.Fields(args)...)
		ours := h.Exec(self, append([]string{"corosync-cfgtool"}, strings.Fields(args)...)...)
		if ours != theirs {
			t.Errorf("corosync-cfgtool %s:\nours   %+v\ntheirs %+v", args, ours, theirs)
		}
	}
}

// TestOtherTransports compares what is printed of their links, also while one
// node is away.
func TestOtherTransports(t *testing.T) {
	for _, transport := range []string{"udp", "knet"} {
		t.Run(transport, func(t *testing.T) {
			l, procs := ring(t, transport)
			if transport == "knet" {
				// What fits through 1500 bytes is found out step by step.
				l.Eventually(20*time.Second, "the path's MTU", func() bool {
					return strings.Contains(l.Host(0).Exec("corosync-cfgtool", "-n").Stdout, "mtu: 1446")
				})
			}
			sameOutput(t, l.Host(0), "-s", "-s -b", "-n", "-a 2")
			procs[1].Kill()
			l.Eventually(20*time.Second, "one node", func() bool {
				return strings.Contains(l.Host(0).Exec("corosync-quorumtool", "-s").Stdout, "Nodes:            1")
			})
			sameOutput(t, l.Host(0), "-s", "-s -b", "-n")
		})
	}
}

func TestAgainstReference(t *testing.T) {
	l, procs := ring(t, "udpu")
	h := l.Host(0)
	sameOutput(t, h, "-s", "-s -b", "-n", "-L", "-R", "-a 1", "-a 2", "-a 9", "-k 9", "-k x", "-h", "--nodes", "--bogus")

	want := fmt.Sprintf(`[{0 %[1]s OK}] <nil>
1 <nil>
0 [%[1]s] <nil>
1 [%[1]s] <nil>
2 [%[2]s] <nil>
9 [] cfg: node addresses: CS_ERR_NOT_EXIST
1 true {true true false 1410 %[1]s }
2 true {true true false 1410 %[2]s }
9 false {false false false 0  }
cfg: kill node: CS_ERR_NOT_EXIST
<nil> <nil> cfg: reply to shutdown: CS_ERR_ACCESS
<nil> <nil>
`, l.Host(0).Addr(), l.Host(1).Addr())
	if got := h.MustRun(self, "query"); got != want {
		t.Errorf("query:\n%s\nwant:\n%s", got, want)
	}

	r := h.Exec(self, "corosync-blackbox")
	if r.Code != 0 || !strings.Contains(r.Stdout, "Corosync Cluster Engine 3.1.7 starting up\n") {
		t.Errorf("corosync-blackbox: status %d, %.300s%s", r.Code, r.Stdout, r.Stderr)
	}

	// A Go program refuses the C tool's shutdown, and agrees to the next.
	shutdown := func(agree string) lab.Result {
		os.Remove(h.Path("/var/log/" + filepath.Base(self) + ".out"))
		g := h.Start(self, "guard", agree)
		l.Eventually(10*time.Second, "guard", func() bool {
			return strings.Contains(h.ReadFile("/var/log/"+filepath.Base(self)+".out"), "tracking")
		})
		r := h.Exec("corosync-cfgtool", "-H")
		<-g.Done()
		if g.ExitCode() != 0 && agree == "no" {
			t.Errorf("guard: %s", h.ReadFile("/var/log/"+filepath.Base(self)+".out"))
		}
		return r
	}
	if r := shutdown("no"); r.Stderr != "Could not shutdown (error = 10)\n" {
		t.Errorf("refused: %+v", r)
	}
	if r := shutdown("yes"); r.Stderr != "" || r.Code != 0 {
		t.Errorf("agreed: %+v", r)
	}
	select {
	case <-procs[0].Done():
	case <-time.After(20 * time.Second):
		t.Error("corosync has not ended")
	}
	// And ours shuts the other node down.
	h = l.Host(1)
	install(t, h)
	if got, want := h.Exec(self, "corosync-cfgtool", "-H", "--force"), (lab.Result{Stdout: "Shutting down corosync\n"}); got != want {
		t.Errorf("our shutdown: %+v", got)
	}
	select {
	case <-procs[1].Done():
	case <-time.After(20 * time.Second):
		t.Error("corosync has not ended")
	}
}
