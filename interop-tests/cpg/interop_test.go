//go:build interop

package cpg

import (
	"bufio"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

var bin string // where talk and gotalk are

func TestMain(m *testing.M) {
	lab.Init()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "cpginterop")
	if err != nil {
		fmt.Println(err)
		return 1
	}
	defer os.RemoveAll(dir)
	bin = dir
	gcc := exec.Command("gcc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-o", filepath.Join(dir, "talk"), "testdata/talk.c", "-lcpg")
	for _, cmd := range []*exec.Cmd{gcc, exec.Command("go", "build", "-o", filepath.Join(dir, "gotalk"), "./gotalk")} {
		if out, err := cmd.CombinedOutput(); err != nil {
			fmt.Printf("%v: %v\n%s", cmd, err, out)
			return 1
		}
	}
	return m.Run()
}

// install lays a program on a host, which has a /tmp of its own and may not see
// where it was built, and returns its path there.
func install(h *lab.Host, program string) string {
	return h.Copy(filepath.Join(bin, program), "/run/"+program)
}

// talker is a client program on a host.
type talker struct {
	t    *testing.T
	h    *lab.Host
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  chan string
	me   string // node:pid
	ring string // the last that it was told
}

func talk(t *testing.T, h *lab.Host, program string) *talker {
	t.Helper()
	c := &talker{t: t, h: h, cmd: h.Command(install(h, program)), out: make(chan string, 100)}
	var err error
	c.cmd.Stderr = os.Stderr
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(c.out)
		for s := bufio.NewScanner(out); s.Scan(); {
			c.out <- s.Text()
		}
	}()
	t.Cleanup(func() { c.in.Close(); _ = c.cmd.Wait() })
	c.me = fmt.Sprintf("%d:%s", h.Index+1, strings.TrimPrefix(c.answer(1), "pid "))
	return c
}

// answer reads what comes of a command, and checks its code.
func (c *talker) answer(code int) string {
	c.t.Helper()
	var lines []string
	for {
		select {
		case l, ok := <-c.out:
			if !ok {
				c.t.Fatalf("%s has ended after %q", c.me, lines)
			}
			if n, found := strings.CutPrefix(l, "= "); found {
				if n != fmt.Sprint(code) {
					c.t.Errorf("%s: code %s after %q, want %d", c.me, n, lines, code)
				}
				return strings.Join(lines, "\n")
			}
			lines = append(lines, l)
		case <-time.After(30 * time.Second):
			c.t.Fatalf("%s does not answer after %q", c.me, lines)
		}
	}
}

func (c *talker) do(code int, cmd string) string {
	c.t.Helper()
	fmt.Fprintln(c.in, cmd)
	return c.answer(code)
}

// expect reads events. A ring of the same nodes as before may come at any time: when a
// link heals, a node may gather alone once more before it hears the other.
func (c *talker) expect(want ...string) {
	c.t.Helper()
	for _, w := range want {
		got := c.do(1, "next")
		for got != w && got == c.ring {
			got = c.do(1, "next")
		}
		if got != w {
			c.t.Errorf("%s was told\n%s\nwant\n%s", c.me, got, w)
		}
		if strings.HasPrefix(got, "ring ") {
			c.ring = got
		}
	}
}

// knows waits until a group has just this process on the talker's node: the
// reference tells who joins of the ring with whichever change comes next.
func (c *talker) knows(l *lab.Lab, group string, only *talker) {
	c.t.Helper()
	l.Eventually(10*time.Second, c.me+" sees only "+only.me, func() bool {
		return c.do(1, "members "+group) == " members "+only.me
	})
}

// die ends the program without a word.
func (c *talker) die() {
	for _, p := range c.h.Pids(filepath.Base(c.cmd.Args[len(c.cmd.Args)-1])) {
		_ = exec.Command("kill", "-9", fmt.Sprint(p)).Run()
	}
}

func message(from *talker, text string) string {
	sum := fnv.New64a()
	io.WriteString(sum, text)
	return fmt.Sprintf("message g %s %d %016x", from.me, len(text), sum.Sum64())
}

func big(from *talker, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*7 + i/251)
	}
	return message(from, string(b))
}

// mixtures says whose daemon runs on the two hosts.
var mixtures = []struct {
	name  string
	kinds [2]lab.Kind
}{
	{"CC", [2]lab.Kind{lab.C, lab.C}},
	{"GoC", [2]lab.Kind{lab.Go, lab.C}},
	{"CGo", [2]lab.Kind{lab.C, lab.Go}},
	{"GoGo", [2]lab.Kind{lab.Go, lab.Go}},
}

// boot makes hosts with the given daemons installed; it skips what is not
// built.
func boot(t *testing.T, kinds ...lab.Kind) *lab.Lab {
	t.Helper()
	stage, err := lab.Stage()
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range kinds {
		if _, err := os.Stat(filepath.Join(stage, "usr/sbin/corosync")); k == lab.Go && err != nil {
			t.Skipf("no corosync of ours is staged: %v", err)
		}
	}
	l := lab.New(t, len(kinds))
	l.DumpLogs("/var/log/corosync/corosync.log")
	for i, h := range l.Hosts() {
		h.Use(kinds[i])
	}
	return l
}

func ring(t *testing.T, kinds ...lab.Kind) *lab.Lab {
	t.Helper()
	l := boot(t, kinds...)
	l.WriteFile("/etc/corosync/corosync.conf", lab.Ring{Transport: "udpu", Token: 3000}.Conf(l.Hosts()))
	for _, h := range l.Hosts() {
		h.StartCorosync()
	}
	for _, h := range l.Hosts() {
		serves(l, h, l.Hosts(), "")
	}
	return l
}

// serves waits until a host has synchronised with just these, after the first
// line of its log with a text.
func serves(l *lab.Lab, h *lab.Host, with []*lab.Host, since string) {
	ids := ""
	for _, o := range with {
		ids += fmt.Sprintf(" %d", o.Index+1)
	}
	l.Eventually(30*time.Second, h.Name+" serves in a ring of"+ids, func() bool {
		_, log, _ := strings.Cut(h.CorosyncLog(), since)
		_, after, ok := strings.Cut(log, fmt.Sprintf("Sync members[%d]:%s", len(with), ids))
		return ok && strings.Contains(after, "Completed service synchronization")
	})
}

// TestConversation is one story, told by libcpg on one host and our client on
// the other, over each mixture of daemons.
func TestConversation(t *testing.T) {
	for _, m := range mixtures {
		t.Run(m.name, func(t *testing.T) {
			l := ring(t, m.kinds[:]...)
			a, b := talk(t, l.Host(0), "talk"), talk(t, l.Host(1), "gotalk")
			a.do(12, "leave")
			b.do(12, "leave")
			a.do(1, "join g")
			a.expect("membership g members "+a.me+" left joined "+a.me+"/join", "ring 1 2")
			b.knows(l, "g", a)
			b.do(1, "join g")
			both := "membership g members " + a.me + " " + b.me + " left joined "
			a.expect(both + b.me + "/join")
			b.expect(both+b.me+"/join", "ring 1 2")
			a.do(14, "join g")
			b.do(14, "join g")
			for _, from := range []*talker{a, b} {
				from.do(1, "mcast hello")
				from.do(1, "zerocopy no copies")
				from.do(1, "big 100000")
				from.do(1, "big 1047552") // the longest that goes out whole
				from.do(1, "big 1048576")
				from.do(1, "big 3000001")
				for _, to := range []*talker{a, b} {
					to.expect(message(from, "hello"), message(from, "no copies"), big(from, 100000),
						big(from, 1047552), big(from, 1048576), big(from, 3000001))
				}
			}
			c := talk(t, l.Host(1), "talk")
			c.do(1, "join h")
			c.expect("membership h members "+c.me+" left joined "+c.me+"/join", "ring 1 2")
			for _, cmd := range []string{"members g", "members none", "names", "all", "group g", "group none"} {
				x, y, z := a.do(1, cmd), b.do(1, cmd), c.do(1, cmd)
				if x != y || y != z {
					t.Errorf("%s reads\n%s\nand\n%s\nand\n%s", cmd, x, y, z)
				}
			}
			if x, y := a.do(1, "local"), b.do(1, "local"); x != "1" || y != "2" {
				t.Errorf("local nodes %s and %s", x, y)
			}
			tools(t, l)

			b.die()
			a.expect("membership g members " + a.me + " left " + b.me + "/procdown joined")
			d := talk(t, l.Host(1), "gotalk")
			d.knows(l, "g", a)
			d.do(1, "join g")
			a.expect("membership g members " + a.me + " " + d.me + " left joined " + d.me + "/join")
			d.expect("membership g members "+a.me+" "+d.me+" left joined "+d.me+"/join", "ring 1 2")
			a.do(1, "leave")
			d.expect("membership g members " + d.me + " left " + a.me + "/leave joined")
			a.expect("membership g members " + d.me + " left " + a.me + "/leave joined")
			e := talk(t, l.Host(0), "gotalk")
			e.knows(l, "g", d)
			e.do(1, "join g")
			e.expect("membership g members "+e.me+" "+d.me+" left joined "+e.me+"/join", "ring 1 2")
			d.expect("membership g members " + e.me + " " + d.me + " left joined " + e.me + "/join")

			l.Cut(l.Host(0), l.Host(1))
			e.expect("membership g members "+e.me+" left "+d.me+"/nodedown joined", "ring 1")
			d.expect("membership g members "+d.me+" left "+e.me+"/nodedown joined", "ring 2")
			l.SetAllLinks(lab.Fault{})
			e.expect("membership g members "+e.me+" "+d.me+" left joined "+d.me+"/nodeup", "ring 1 2")
			d.expect("membership g members "+e.me+" "+d.me+" left joined "+e.me+"/nodeup", "ring 1 2")
		})
	}
}

// tools compares the two corosync-cpgtool.
func tools(t *testing.T, l *lab.Lab) {
	for _, h := range l.Hosts() {
		for _, args := range []string{"", "-n", "-e", "-d:", "-n -d,", "-h", "-x", "--help", "-d"} {
			ours := h.Exec(install(h, "gotalk"), strings.Fields("cpgtool "+args)...)
			theirs := h.Exec("/usr/sbin/corosync-cpgtool", strings.Fields(args)...)
			// The name that complains is the path it was called by.
			ours.Stderr = strings.ReplaceAll(ours.Stderr, "/run/", "/usr/sbin/")
			if ours.Stdout != theirs.Stdout || ours.Stderr != theirs.Stderr || ours.Code != theirs.Code {
				t.Errorf("%s: corosync-cpgtool %s gives %+v, the reference %+v", h.Name, args, ours, theirs)
			}
		}
	}
}

// TestOrder holds the orders that clients see in lists, which the engine's
// tests take from here: of iterations, and of those that join when partitions
// merge.
func TestOrder(t *testing.T) {
	for _, m := range []struct {
		name  string
		kinds []lab.Kind
	}{
		{"CCC", []lab.Kind{lab.C, lab.C, lab.C}},
		{"GoCC", []lab.Kind{lab.Go, lab.C, lab.C}},
		{"CCGo", []lab.Kind{lab.C, lab.C, lab.Go}},
		{"GoGoGo", []lab.Kind{lab.Go, lab.Go, lab.Go}},
	} {
		t.Run(m.name, func(t *testing.T) {
			l := ring(t, m.kinds...)
			var c []*talker
			for i, group := range []string{"a", "b", "a", "c", "a", "b"} {
				x := talk(t, l.Host(i/2), "talk")
				x.do(1, "join "+group)
				x.do(1, "next")
				x.do(1, "next")
				c = append(c, x)
			}
			all := fmt.Sprintf("c %s\nb %s\nb %s\na %s\na %s\na %s", c[3].me, c[1].me, c[5].me, c[0].me, c[4].me, c[2].me)
			for _, x := range c {
				l.Eventually(10*time.Second, x.me+" lists "+all, func() bool { return x.do(1, "all") == all })
				if got, want := x.do(1, "names"), "c 0:0\nb 0:0\na 0:0"; got != want {
					t.Errorf("%s lists\n%s\nwant\n%s", x.me, got, want)
				}
			}

			first, last := c[0], c[4] // of group a, on the first and the last host
			first.do(1, "next")
			first.do(1, "next")
			l.Partition(l.Hosts()[:2], l.Hosts()[2:])
			last.expect("membership a members "+last.me+" left "+first.me+"/nodedown "+c[2].me+"/nodedown joined", "ring 3")
			first.expect("membership a members "+first.me+" "+c[2].me+" left "+last.me+"/nodedown joined", "ring 1 2")
			l.SetAllLinks(lab.Fault{})
			three := " members " + first.me + " " + c[2].me + " " + last.me + " left joined "
			first.expect("membership a"+three+last.me+"/nodeup", "ring 1 2 3")
			// Whose joinlist came last is first. Alone, the last host may have formed
			// its ring more than once before the others heard it.
			x, y := c[2].me+"/nodeup", first.me+"/nodeup"
			got := last.do(1, "next")
			for got == "ring 3" {
				got = last.do(1, "next")
			}
			if got != "membership a"+three+x+" "+y && got != "membership a"+three+y+" "+x {
				t.Errorf("the last host sees %s", got)
			} else {
				t.Log(got)
			}
			last.expect("ring 1 2 3")
		})
	}
}

// TestNoGhost is what made the ghost of corosync 2ab885ab: a node that was
// away comes back with a stale configuration, may multicast its joinlist, and
// exits during the synchronisation. Its process must not be in the group
// afterwards.
func TestNoGhost(t *testing.T) {
	for _, m := range []struct {
		name  string
		kinds []lab.Kind
	}{
		{"GoGoC", []lab.Kind{lab.Go, lab.Go, lab.C}},
		{"GoGoGo", []lab.Kind{lab.Go, lab.Go, lab.Go}},
	} {
		t.Run(m.name, func(t *testing.T) {
			l := boot(t, m.kinds...)
			hosts := l.Hosts()
			pair, stale := hosts[:2], hosts[2]
			for i, h := range hosts {
				version := []string{"2", "2", "1"}[i]
				h.WriteFile("/etc/corosync/corosync.conf", lab.Ring{Transport: "udpu", Token: 3000, Totem: "  config_version: " + version + "\n"}.Conf(hosts))
			}
			l.Partition(pair, hosts[2:])
			for _, h := range hosts {
				h.StartCorosync()
			}
			serves(l, stale, hosts[2:], "")
			var c []*talker
			for _, h := range pair {
				serves(l, h, pair, "")
				c = append(c, talk(t, h, "talk"))
			}
			for _, x := range append(c, talk(t, stale, "talk")) {
				x.do(1, "join g")
			}
			members := " members " + c[0].me + " " + c[1].me
			for _, x := range c {
				l.Eventually(10*time.Second, "both have joined", func() bool { return x.do(1, "members g") == members })
			}

			l.SetAllLinks(lab.Fault{})
			select {
			case <-stale.Corosync().Done():
			case <-time.After(30 * time.Second):
				t.Fatal("the stale node does not exit")
			}
			for i, h := range pair {
				serves(l, h, pair, "Sync members[3]: 1 2 3")
				if got := c[i].do(1, "members g"); got != members {
					t.Errorf("%s has%s, want%s", h.Name, got, members)
				}
				if !strings.Contains(h.CorosyncLog(), "Sync members[3]: 1 2 3") {
					t.Errorf("%s has not seen the stale node", h.Name)
				}
			}
		})
	}
}
