//go:build interop

package whole

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

const (
	shared  = "10.77.0.100" // the address under which a service is reached
	answers = "/var/log/answers"
)

// service is three nodes that fence, on which something is reached under a shared address, and a client of it on the
// last of them, which runs nothing else.
type service struct {
	t     *testing.T
	l     *lab.Lab
	power *lab.Power
	// prepare is done on each host that was booted.
	prepare func(h *lab.Host)
	kinds   []lab.Kind // whose programs each host runs
	cuts    int        // of the power, that there should have been
}

// wantsStory skips what takes long, and tells what the mixture is.
func wantsStory(t *testing.T, programs ...string) (mixture string) {
	t.Helper()
	story := os.Getenv("RINGMASTER_STORY")
	if story == "" {
		t.Skip("it takes minutes: set RINGMASTER_STORY")
	}
	for _, p := range programs {
		if !exists(p) {
			t.Fatalf("no %s: install postgresql and nginx", p)
		}
	}
	if story == "reference" {
		return "CCC"
	}
	return "GoGoGo"
}

// formService has such nodes, of the kinds that a mixture says.
func formService(t *testing.T, mixture string, prepare func(h *lab.Host)) *service {
	t.Helper()
	s := &service{t: t, l: lab.New(t, 3), prepare: prepare, kinds: lab.Kinds(mixture)}
	s.power = s.l.NewPower()
	s.l.DumpLogs("/var/log/pacemaker/pacemaker.log", "/var/log/postgresql.log", "/var/log/client.err")
	// A busy machine keeps no node from answering for so long.
	s.l.WriteFile("/etc/corosync/corosync.conf", lab.Ring{Transport: "knet", Crypto: "aes256/sha256", Token: 3000}.Conf(s.l.Hosts()))
	for _, h := range s.l.Hosts() {
		s.ring(h)
	}
	s.l.Form(s.l.Hosts()...)
	for _, h := range s.l.Hosts() {
		h.StartPacemaker()
	}
	s.online()
	first := s.l.Host(0)
	// A node that comes back is to wait for the others, not to fence them.
	first.MustRun("crm_attribute", "-n", "dc-deadtime", "-D")
	first.MustRun("pcs", "stonith", "create", "power", "fence_dummy", "outside="+s.power.Dir, "pcmk_host_list=node1 node2 node3")
	first.MustRun("pcs", "property", "set", "stonith-enabled=true")
	return s
}

// ring brings a host that was booted as far as the ring.
func (s *service) ring(h *lab.Host) {
	s.t.Helper()
	if s.kinds[h.Index] == lab.Go {
		for _, path := range programs(s.t) {
			h.Lay(path)
		}
	}
	s.power.LayAgent(h)
	s.prepare(h)
	h.StartCorosync()
}

// until serves the power switch until something is so.
func (s *service) until(d time.Duration, what string, ok func() bool) {
	s.t.Helper()
	s.l.Eventually(d, what, func() bool {
		s.power.Serve()
		return ok()
	})
}

// client is the host that uses the service.
func (s *service) client() *lab.Host { return s.l.Host(2) }

// online waits until all are there and the cluster is idle.
func (s *service) online() {
	s.t.Helper()
	s.shows("Online: [ node1 node2 node3 ]")
}

// shows waits until the client's status has a text and the cluster is idle.
func (s *service) shows(text string) {
	s.t.Helper()
	idle := 0
	s.until(90*time.Second, text, func() bool {
		out := s.client().Exec("crm_mon", "-1", "-r").Stdout
		if !strings.Contains(out, text) || strings.Contains(out, "UNCLEAN") || !strings.Contains(s.client().Exec("crmadmin", "-S", leader(out)).Stdout, "S_IDLE") {
			idle = 0
			return false
		}
		idle++
		return idle == 3
	})
}

// configure has pcs make many changes, as a shell reads them, and push them at once.
func (s *service) configure(lines ...string) {
	s.t.Helper()
	h := s.client()
	const file = "/run/configuration.xml"
	h.MustRun("pcs", "cluster", "cib", file)
	for _, line := range lines {
		h.MustRun("sh", "-c", "pcs -f "+file+" "+line)
	}
	h.MustRun("pcs", "cluster", "cib-push", file)
}

// use starts the client: for ever, the command with the number of the try as $1. Each that succeeds leaves its number and
// the time.
func (s *service) use(command string) {
	s.t.Helper()
	h := s.client()
	h.WriteFile("/run/client", `#!/bin/sh
n=0
once() { `+command+`; }
while [ ! -e /run/client.end ]; do
	n=$((n+1))
	if once $n 2>>/var/log/client.err; then echo "$n $(date +%s.%N)" >>`+answers+`; else sleep 0.05; fi
done
`)
	h.Start("sh", "/run/client")
	s.answered(10)
}

// leave ends the client.
func (s *service) leave() {
	s.t.Helper()
	s.client().WriteFile("/run/client.end", "")
	before := -1
	s.until(30*time.Second, "the client's end", func() bool {
		now := len(s.answers())
		ended := now == before && len(s.client().Pids("curl")) == 0 && len(s.client().Pids("psql")) == 0
		before = now
		return ended
	})
}

type answer struct {
	number int
	at     float64 // seconds since 1970
}

func (s *service) answers() (all []answer) {
	s.t.Helper()
	text := s.client().ReadFile(answers)
	for line := range strings.Lines(text[:strings.LastIndexByte(text, '\n')+1]) {
		var a answer
		if _, err := fmt.Sscan(line, &a.number, &a.at); err != nil {
			s.t.Fatalf("an answer %q: %v", line, err)
		}
		all = append(all, a)
	}
	return all
}

// numbers are those of the tries that have succeeded so far.
func (s *service) numbers() (all []int) {
	s.t.Helper()
	for _, a := range s.answers() {
		all = append(all, a.number)
	}
	return all
}

// answered waits for so many more answers.
func (s *service) answered(more int) {
	s.t.Helper()
	before := len(s.answers())
	s.until(120*time.Second, strconv.Itoa(more)+" more answers", func() bool { return len(s.answers()) >= before+more })
}

// holders are the running hosts that have the shared address.
func (s *service) holders() (names []string) {
	for _, h := range s.l.Hosts() {
		if h.Running() && strings.Contains(h.Exec("ip", "-4", "addr", "show", "dev", "eth0").Stdout, shared+"/") {
			names = append(names, h.Name)
		}
	}
	return names
}

// at is the host that has the shared address.
func (s *service) at() *lab.Host {
	s.t.Helper()
	names := s.holders()
	if len(names) != 1 {
		s.t.Fatalf("%s is on %q", shared, names)
	}
	for _, h := range s.l.Hosts() {
		if h.Name == names[0] {
			return h
		}
	}
	return nil
}

// fault does something to the host that has the address, and waits until the service answers again, elsewhere if that is
// what is to come of it.
func (s *service) fault(what string, moves bool, do func(h *lab.Host)) (old *lab.Host) {
	s.t.Helper()
	old = s.at()
	s.answered(5)
	start := float64(time.Now().UnixNano()) / 1e9
	do(old)
	if moves {
		s.until(120*time.Second, "the address has moved from "+old.Name, func() bool {
			names := s.holders()
			return len(names) == 1 && names[0] != old.Name
		})
	}
	s.answered(20)
	longest, last := 0.0, start
	for _, a := range s.answers() {
		if a.at > start {
			longest = max(longest, a.at-last)
			last = a.at
		}
	}
	s.t.Logf("%s: no answer for %.1f s", what, longest)
	if longest < 0.2 && moves {
		s.t.Errorf("%s: the service was never away", what)
	}
	return old
}

// crash takes the power of the host that has the address, without the switch.
func (s *service) crash() *lab.Host {
	s.t.Helper()
	s.cuts++
	return s.fault("crash of the node", true, func(h *lab.Host) { h.Crash() })
}

// kill ends all processes of a name there.
func (s *service) kill(name string, moves bool) *lab.Host {
	s.t.Helper()
	return s.fault("kill -9 of "+name, moves, func(h *lab.Host) {
		if len(h.Pids(name)) == 0 {
			s.t.Fatalf("no %s on %s", name, h.Name)
		}
		h.SignalAll(name, syscall.SIGKILL)
	})
}

// cut takes the network from that host, which is fenced.
func (s *service) cut() *lab.Host {
	s.t.Helper()
	s.cuts++
	old := s.fault("cut of the link", true, func(h *lab.Host) {
		var others []*lab.Host
		for _, o := range s.l.Hosts() {
			if o != h {
				others = append(others, o)
			}
		}
		s.l.Partition(others, []*lab.Host{h})
	})
	if old.Running() {
		s.t.Errorf("%s was not fenced", old.Name)
	}
	s.l.SetAllLinks(lab.Fault{})
	return old
}

// back starts a host that has lost its power. before is done while it has its network and no cluster.
func (s *service) back(h *lab.Host, before func()) {
	s.t.Helper()
	s.until(60*time.Second, h.Name+" is fenced", func() bool { return len(s.power.Cuts) == s.cuts })
	h.Boot()
	s.ring(h)
	s.l.Form(s.l.Hosts()...)
	before()
	h.StartPacemaker()
	s.online()
}

// end checks what the switch has done.
func (s *service) end() {
	s.t.Helper()
	if len(s.power.Cuts) != s.cuts {
		s.t.Errorf("the switch took the power of %v, want %d", s.power.Cuts, s.cuts)
	}
}
