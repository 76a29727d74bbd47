//go:build interop

package ring

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
	"github.com/ringmaster-ha/ringmaster/totem/evs"
)

// load is a process group with a member on each host, all sending, and what
// each of them has written down.
type load struct {
	l       *lab.Lab
	t       lab.TB
	program string // cpgnode, outside
	members map[*lab.Host]*lab.Process
	wire    *witness
}

// The client's binary and its log on each host. The log is on the part of the
// disk that survives a crash.
const (
	clientOnHost = "/run/cpgnode"
	logOnHost    = "/var/log/evs.jsonl"
)

func newLoad(t lab.TB, l *lab.Lab, clients string, ring lab.Ring) *load {
	t.Helper()
	ld := &load{l: l, t: t, program: clients + "/cpgnode", members: map[*lab.Host]*lab.Process{}, wire: newWitness()}
	sight := ld.wire.datagram
	if ring.Transport == "knet" {
		k, err := newOverKnet(ring.Crypto, ring.PrivateKey(), sight)
		if err != nil {
			t.Fatalf("read the network: %v", err)
		}
		sight = k.datagram
	}
	l.OnDatagram(sight)
	l.KeepFrames()
	return ld
}

// join starts a member on a host: rate messages a second, mostly small, some of
// several packets.
func (ld *load) join(h *lab.Host, rate int) {
	ld.t.Helper()
	h.Copy(ld.program, clientOnHost)
	before := strings.Count(h.ReadFile(logOnHost), `"ev":"config"`)
	ld.members[h] = h.Start(clientOnHost, "load", logOnHost, fmt.Sprint(rate), "40", "4000")
	ld.l.Eventually(20*time.Second, h.Name+"'s client is in the group", func() bool {
		return strings.Count(h.ReadFile(logOnHost), `"ev":"config"`) > before
	})
}

// quietTime is what the members get to deliver all that they have sent: a change
// of membership takes some seconds, and one may follow another.
const quietTime = 60 * time.Second

// quiet ends the sending and waits until every member on these hosts has got
// what all of them have sent, and says nothing for a second. What is missing when
// its time is over, check tells.
func (ld *load) quiet(hosts ...*lab.Host) {
	ld.t.Helper()
	for _, h := range hosts {
		ld.members[h].Signal(syscall.SIGUSR1)
	}
	last := ""
	still := 0
	for deadline := time.Now().Add(quietTime); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		var state strings.Builder
		for _, h := range hosts {
			if fi, err := os.Stat(h.Path(logOnHost)); err == nil {
				fmt.Fprint(&state, fi.Size(), " ")
			}
		}
		if state.String() != last {
			last, still = state.String(), 0
			continue
		}
		if still++; still >= 10 && still%10 == 0 && ld.settled(hosts) {
			return
		}
	}
}

// settled tells whether the present members on these hosts have delivered all.
func (ld *load) settled(hosts []*lab.Host) bool {
	var logs [][]evs.Event
	for _, h := range hosts {
		if all := ld.read(h); len(all) > 0 {
			logs = append(logs, all[len(all)-1])
		}
	}
	return settled(logs)
}

// read returns what the members on a host have written down, each process by
// itself.
func (ld *load) read(h *lab.Host) (logs [][]evs.Event) {
	ld.t.Helper()
	text := h.ReadFile(logOnHost)
	if i := strings.Index(text, `"ev":"damaged"`); i >= 0 {
		ld.t.Fatalf("%s (%v): a damaged message: %s", h.Name, h.Kind(), text[max(0, i-40):min(len(text), i+80)])
	}
	var kept strings.Builder
	for line := range strings.Lines(text) {
		if !strings.Contains(line, `"ev":"group"`) {
			kept.WriteString(line)
		}
	}
	log, err := evs.ReadLog(strings.NewReader(kept.String()))
	if err != nil {
		ld.t.Fatalf("%s (%v): %v", h.Name, h.Kind(), err)
	}
	for from := 0; from < len(log); {
		to := from
		for to < len(log) && log[to].Proc == log[from].Proc {
			to++
		}
		logs = append(logs, log[from:to])
		from = to
	}
	return logs
}

// check reads all logs and checks them. hosts are those whose present members
// must have delivered all that they have sent among them.
func (ld *load) check(hosts ...*lab.Host) {
	ld.t.Helper()
	var logs [][]evs.Event // of a process each
	var live []evs.Proc
	reference := map[evs.Proc]bool{}
	for _, h := range ld.l.Hosts() {
		own := ld.read(h)
		for _, log := range own {
			reference[log[0].Proc] = h.Kind() == lab.C
		}
		logs = append(logs, own...)
		if len(own) > 0 && slices.Contains(hosts, h) {
			live = append(live, own[len(own)-1][0].Proc)
		}
	}
	mended := ld.wire.mendHalfSent(logs, func(p evs.Proc) bool { return reference[p] })
	c, err := evs.CheckLogs(logs...)
	if err == nil {
		err = c.Quiescent(live)
	}
	if err != nil {
		ld.t.Fatalf("extended virtual synchrony is violated: %v; packets that were not seen: %v", err, ld.wire.unseen())
	}
	if ld.wire.blind() {
		ld.t.Fatalf("no packet of a ring was seen on the network")
	}
	if c.Messages() == 0 {
		ld.t.Fatalf("no message was sent: the load did nothing")
	}
	ld.t.Logf("%d events of %d messages checked; %d deliveries missing by the reference's half sent messages", c.Events(), c.Messages(), mended)
}
