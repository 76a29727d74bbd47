package election

import (
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/crmmsg"
	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
)

func TestXML(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	for _, tt := range []struct {
		m    Message
		want string
	}{
		{
			Message{Op: OpVote, From: "node1", Version: "3.16.1", Owner: "1", Round: 3, Age: 2*time.Second + 31*time.Microsecond},
			`<create_request_adv origin="election_vote" t="crmd" version="3.16.1" subt="request" reference="vote-crmd-1700000000-0" crm_task="vote" crm_sys_to="crmd" crm_sys_from="crmd" election-owner="1" election-id="3" election-age-sec="2" election-age-nano-sec="31"/>`,
		},
		{
			Message{Op: OpNoVote, From: "node2", To: "node1", Version: "3.16.1", Owner: "1", Round: 3},
			`<create_request_adv origin="send_no_vote" t="crmd" version="3.16.1" subt="request" reference="no-vote-crmd-1700000000-0" crm_task="no-vote" crm_sys_to="crmd" crm_sys_from="crmd" crm_host_to="node1" election-owner="1" election-id="3"/>`,
		},
	} {
		e := tt.m.Encode(new(crmmsg.Maker), now)
		if got := text.Line(e); got != tt.want {
			t.Errorf("%s\nwant %s", got, tt.want)
		}
		if got, err := Decode(e, tt.m.From); err != nil || !reflect.DeepEqual(*got, tt.m) {
			t.Errorf("%v, %v, want %v", got, err, &tt.m)
		}
	}
}

// TestGolden reads a vote of the reference's attrd, the one that package cpgmsg has with its
// frame.
func TestGolden(t *testing.T) {
	b, err := os.ReadFile("testdata/votes.txt")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := xmltree.Parse(b, xmltree.KeepText)
	if err != nil {
		t.Fatal(err)
	}
	want := Message{Op: OpVote, From: "node2", Version: "3.16.1", Owner: "2", Round: 1, Age: 6368 * time.Microsecond}
	got, err := Decode(doc.Root(), "node2")
	if err != nil || *got != want {
		t.Errorf("%v, %v, want %v", got, err, &want)
	}
	if again := text.Line(want.Encode(new(crmmsg.Maker), time.Unix(1795366616, 0))); again != strings.TrimSpace(string(b)) {
		t.Errorf("%s\nwant %s", again, b)
	}
}

// FuzzDecode: what is accepted is the same after another round.
func FuzzDecode(f *testing.F) {
	b, err := os.ReadFile("testdata/votes.txt")
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		f.Add(line)
	}
	f.Add(`<v crm_task="vote" election-id="-1" election-age-sec="99999999999999999999"/>`)
	f.Fuzz(func(t *testing.T, in string) {
		doc, err := xmltree.Parse([]byte(in), xmltree.KeepText)
		if err != nil || doc.Root() == nil {
			return
		}
		m, err := Decode(doc.Root(), "node1")
		if err != nil || m.Op != OpVote && m.Op != OpNoVote || m.Round < 0 || m.Age < 0 {
			return
		}
		m.Version = "3.16.1"
		if m.Op == OpNoVote {
			m.Age = 0
		}
		again, err := Decode(m.Encode(new(crmmsg.Maker), time.Unix(0, 0)), "node1")
		if err != nil || !reflect.DeepEqual(again, m) {
			t.Errorf("%v, %v, want %v", again, err, m)
		}
	})
}
