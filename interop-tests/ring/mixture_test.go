//go:build interop

package ring

import (
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/clients"
	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

var clientDir string

func TestMain(m *testing.M) {
	lab.Init()
	os.Exit(clients.With(func(dir string) int {
		clientDir = dir
		return m.Run()
	}))
}

// transports are the ways of the ring's packets.
var transports = map[string]lab.Ring{
	"udpu":        {Transport: "udpu"},
	"udpu-ipv6":   {Transport: "udpu", IPVersion: "ipv6"},
	"udp":         {Transport: "udp"},
	"udp-ipv6":    {Transport: "udp", IPVersion: "ipv6"},
	"broadcast":   {Transport: "udp", Broadcast: true},
	"knet":        {Transport: "knet"},
	"knet-ipv6":   {Transport: "knet", IPVersion: "ipv6"},
	"knet-crypto": {Transport: "knet", Crypto: "aes256/sha256"},
}

// step is one of the things that can happen to a ring, by what happens to one
// of its hosts.
type step struct {
	name string
	run  func(*lab.Lab, *load, *lab.Host)
}

var (
	whole = []step{
		{"leave and come back", leave},
		{"crash and boot", crash},
		{"pause beyond the token timeout", pause},
		{"partition and merge", partition},
		{"loss, delay and doubling", rough},
	}
	more  = append(whole[:len(whole):len(whole)], step{"a long pause", pauseLong})
	short = []step{{"crash and boot", crash}, {"partition and merge", partition}}
)

// victims are the hosts that a step happens to: the first of each kind, or only
// one of them, in turn from step to step.
func victims(all []*lab.Host, each bool, turn int) (list []*lab.Host) {
	for _, k := range []lab.Kind{lab.Go, lab.C} {
		for _, h := range all {
			if h.Kind() == k {
				list = append(list, h)
				break
			}
		}
	}
	if !each {
		list = list[turn%len(list):][:1]
	}
	return list
}

// TestMixtures takes each mixture of nodes through all that can happen to a
// ring, under load, and checks what everybody delivered.
func TestMixtures(t *testing.T) {
	for _, tt := range []struct {
		transport, mixture string
		each               bool // each step to one of each kind
		steps              []step
	}{
		{"udpu", "CCC", false, whole}, // the baseline
		{"udpu", "GoGoGo", false, whole},
		{"udpu", "GoCC", true, more},
		{"udpu", "GoGoC", true, whole},
		{"udpu", "GoCGoCC", false, whole},
		{"udp", "GoGoGo", false, whole},
		{"udp", "CGoC", false, whole},
		{"udp", "CGoGo", false, whole},
		{"udp", "CGoCGoGo", false, whole},
		{"udpu-ipv6", "GoCC", false, short},
		{"udp-ipv6", "CGoC", false, short},
		{"broadcast", "GoGoC", false, short},
		{"knet", "GoGoGo", false, whole},
		{"knet-ipv6", "GoCC", false, short},
		{"knet-crypto", "CGoC", false, whole},
		{"knet-crypto", "GoGoC", false, whole},
		{"knet", "CCC", false, whole}, // the baseline
		{"knet", "GoCC", false, more},
	} {
		t.Run(tt.transport+"/"+tt.mixture, func(t *testing.T) {
			t.Parallel() // two at a time: most of it is waiting
			mix := lab.Kinds(tt.mixture)
			l := lab.New(t, len(mix))
			l.DumpLogs("/var/log/corosync/corosync.log", "/var/log/corosync.out", "/var/log/cpgnode.out", logOnHost)
			l.WriteFile("/etc/corosync/corosync.conf", transports[tt.transport].Conf(l.Hosts()))
			ld := newLoad(t, l, clientDir, transports[tt.transport])
			all := l.Hosts()
			for i, h := range all {
				h.Use(mix[i])
				h.StartCorosync()
			}
			ld.form(all...)
			for _, h := range all {
				ld.join(h, rate)
			}
			for i, step := range tt.steps {
				for _, h := range victims(all, tt.each, i) {
					t.Logf("%s: %s (%v)", step.name, h.Name, h.Kind())
					step.run(l, ld, h)
					ld.form(all...)
				}
			}
			ld.quiet(all...)
			ld.check(all...)
		})
	}
}

// rate is how many messages a second a member sends; stopTime is what a program
// gets to end in order, waitTime what a node gets to notice a change.
const (
	rate     = 150
	stopTime = 10 * time.Second
	waitTime = 20 * time.Second
)

// expectedVotes is what a node's votequorum expects.
func expectedVotes(h *lab.Host) string {
	for line := range strings.Lines(h.Exec("corosync-quorumtool", "-s").Stdout) {
		if v, ok := strings.CutPrefix(line, "Expected votes:"); ok {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// others are all hosts but one.
func others(l *lab.Lab, h *lab.Host) (out []*lab.Host) {
	for _, o := range l.Hosts() {
		if o != h {
			out = append(out, o)
		}
	}
	return out
}

func leave(l *lab.Lab, ld *load, h *lab.Host) {
	ld.members[h].Stop(stopTime)
	h.Corosync().Stop(stopTime)
	ld.form(others(l, h)...)
	h.StartCorosync()
	ld.form(l.Hosts()...)
	ld.join(h, rate)
}

func crash(l *lab.Lab, ld *load, h *lab.Host) {
	h.Crash()
	ld.form(others(l, h)...)
	h.Boot()
	h.StartCorosync()
	ld.form(l.Hosts()...)
	ld.join(h, rate)
}

// pause stops the daemon for less than the token timeout, and then until the
// others have gone on without it.
func pause(l *lab.Lab, ld *load, h *lab.Host) {
	h.SignalAll("corosync", syscall.SIGSTOP)
	time.Sleep(300 * time.Millisecond)
	h.SignalAll("corosync", syscall.SIGCONT)
	pauseFor(l, ld, h, 0)
}

// pauseLong goes on for long after that.
func pauseLong(l *lab.Lab, ld *load, h *lab.Host) { pauseFor(l, ld, h, 5*time.Second) }

func pauseFor(l *lab.Lab, ld *load, h *lab.Host, more time.Duration) {
	h.SignalAll("corosync", syscall.SIGSTOP)
	ld.form(others(l, h)...)
	time.Sleep(more)
	h.SignalAll("corosync", syscall.SIGCONT)
}

func partition(l *lab.Lab, ld *load, h *lab.Host) {
	rest := others(l, h)
	l.Partition([]*lab.Host{h}, rest)
	ld.form(rest...)
	ld.form(h)
	l.SetAllLinks(lab.Fault{})
}

func rough(l *lab.Lab, ld *load, h *lab.Host) {
	for _, o := range others(l, h) {
		l.SetLink(h, o, lab.Fault{Loss: 0.02, Double: 0.02, Delay: 2 * time.Millisecond, Jitter: 3 * time.Millisecond})
	}
	time.Sleep(2 * time.Second) // of load over bad links
	l.SetAllLinks(lab.Fault{})
}
