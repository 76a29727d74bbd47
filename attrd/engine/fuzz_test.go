package engine

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/attrd/wire"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/election"
	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
)

// FuzzMessages puts whatever peers and clients may say to a writer. It must keep its
// invariants: at most one write of an attribute under way, and an end once nothing comes.
func FuzzMessages(f *testing.F) {
	b, err := os.ReadFile("../wire/testdata/messages.txt")
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		if _, xml, ok := strings.Cut(line, " "); ok {
			for who := range byte(3) {
				f.Add(xml, who)
			}
		}
	}
	f.Add(`<v crm_task="vote" version="3.16.1" election-owner="2" election-id="1" election-age-sec="0" election-age-nano-sec="5"/>`, byte(1))
	f.Add(`<v crm_task="no-vote" version="3.16.1" election-owner="1" election-id="1"/>`, byte(1))
	f.Fuzz(func(t *testing.T, in string, who byte) {
		doc, err := xmltree.Parse([]byte(in), xmltree.KeepText)
		if err != nil || doc.Root() == nil {
			return
		}
		s := newStage(true)
		s.engine.log = loglevel.Discard
		e := doc.Root()
		from := []string{"node1", "node2", "stranger"}[who%3]
		if wire.IsVote(e) {
			if m, err := election.Decode(e, from); err == nil {
				s.engine.Vote(s.w.now, m)
			}
		}
		for range 2 {
			m, err := wire.Decode(e)
			if err != nil {
				return
			}
			s.engine.Deliver(s.w.now, from, m)
			if m, err = wire.Decode(e); err == nil {
				s.engine.Request(s.w.now, from, m)
			}
		}
		for range 100 {
			running := map[string]int{}
			for _, c := range s.writes {
				running[c.u.Status.FindElement("//nvpair").SelectAttrValue("name", "")]++
				if n := running[c.u.Status.FindElement("//nvpair").SelectAttrValue("name", "")]; n > 1 {
					t.Fatalf("%d writes of one attribute under way", n)
				}
			}
			for _, c := range s.writes {
				s.engine.Wrote(s.w.now, c.call, 0)
			}
			done := len(s.writes)
			s.writes = s.writes[done:]
			next := s.engine.NextDeadline()
			if done == 0 && next.IsZero() {
				return
			}
			if !next.IsZero() {
				s.w.now = s.w.now.Add(max(next.Sub(s.w.now), time.Millisecond))
				s.engine.Tick(s.w.now)
			}
		}
		t.Fatal("no end")
	})
}
