package wire

import (
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/election"
)

func parse(t testing.TB, s string) *etree.Element {
	t.Helper()
	doc := etree.NewDocument()
	if err := doc.ReadFromString(s); err != nil {
		t.Fatal(err)
	}
	return doc.Root()
}

// messages are what those in testdata/messages.txt mean.
var messages = map[string]Message{
	"update": {Tag: "create_attrd_op", Origin: new("pacemaker-controld"), Task: Update, Version: 4, Attribute: Attribute{
		Name: new("#feature-set"), Value: new("3.16.1"), Host: new("node2"), User: new("hacluster"), Remote: No, Private: No,
	}},
	"update-both": {Tag: "create_attrd_op", Origin: new("attrd_updater"), Task: UpdateBoth, Version: 4, Attribute: Attribute{
		Name: new("color"), Value: new("blue"), Dampening: new("5s"), Host: new("node1"), Set: new("set1"), User: new("root"), Remote: No, Private: No,
	}},
	"update-delay": {Tag: "create_attrd_op", Origin: new("attrd_updater"), Task: UpdateDelay, Version: 4, Attribute: Attribute{
		Name: new("color"), Dampening: new("0"), Host: new("node2"), HostID: 2, User: new("root"), Remote: No, Private: No,
	}},
	"peer-remove": {Tag: "tools_remove_node_cache", Origin: new("crm_node"), Task: PeerRemove, Version: 4, Attribute: Attribute{Host: new("nobody"), User: new("root")}},
	"protocol": {Tag: "attrd_broadcast_protocol", Origin: new("pacemaker-attrd"), Task: Update, Version: 4, Attribute: Attribute{
		Name: new(ProtocolName), Value: new("4"), Host: new("node1"), HostID: 1, Private: Yes,
	}},
	"sync-response": {Tag: "attrd_peer_sync", Task: SyncResponse, Version: 4, Writer: election.Won, Values: []Attribute{
		{Name: new(ProtocolName), Value: new("4"), Host: new("node1"), HostID: 1, Dampening: new("0"), Private: Yes, Force: No},
	}},
	"answer":      {Tag: "build_query_reply", Answer: true, Version: 4, Attribute: Attribute{Name: new("count")}, Values: []Attribute{{Host: new("node2"), Value: new("7")}}},
	"answer-node": {Tag: "build_query_reply", Answer: true, Version: 4, Attribute: Attribute{Name: new("count")}, Values: []Attribute{{Host: new("nobody")}}},
	"answer-none": {Tag: "build_query_reply", Answer: true, Version: 4},
}

func TestMessages(t *testing.T) {
	b, err := os.ReadFile("testdata/messages.txt")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for line := range strings.Lines(string(b)) {
		name, xml, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok || strings.HasPrefix(name, "#") {
			continue
		}
		seen++
		want, ok := messages[name]
		if !ok {
			t.Errorf("%s is not known", name)
			continue
		}
		got, err := Decode(parse(t, xml))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !reflect.DeepEqual(*got, want) {
			t.Errorf("%s: got %s\nwant %s", name, text.Line(got.Encode()), text.Line(want.Encode()))
		}
		again, err := Decode(want.Encode())
		if err != nil || !reflect.DeepEqual(*again, want) {
			t.Errorf("%s again: %v, %s", name, err, text.Line(want.Encode()))
		}
	}
	if seen != len(messages) {
		t.Errorf("%d messages, want %d", seen, len(messages))
	}
}

func TestMalformed(t *testing.T) {
	for xml, want := range map[string]string{
		`<x t="cib"/>`:                                                                     "malformed attrd message: t \"cib\", want \"attrd\"",
		`<x t="attrd" subt="sync"/>`:                                                       "malformed attrd message: subt \"sync\", want \"query\"",
		`<x t="attrd" task="update" attr_version="x"/>`:                                    "malformed attrd message: attr_version \"x\", want a number from 0 to 2147483647",
		`<x t="attrd" task="update" attr_writer="5"/>`:                                     "malformed attrd message: attr_writer 5 is no state",
		`<x t="attrd" task="update" attr_host_id="-1"/>`:                                   "malformed attrd message: attr_host_id \"-1\", want a number from 0 to 2147483647",
		`<x t="attrd" task="update" attr_is_private=""/>`:                                  "malformed attrd message: attr_is_private \"\", want a number from 0 to 2147483647",
		`<x t="attrd" task="sync-response"><a/><b attr_host_id="4294967296"/></x>`:         "malformed attrd message: attr_host_id \"4294967296\", want a number from 0 to 2147483647, in element 2",
		`<x t="attrd" task="update" attr_is_remote="true"><op attr_is_remote="true"/></x>`: "malformed attrd message: attr_is_remote \"true\", want a number from 0 to 2147483647",
	} {
		_, err := Decode(parse(t, xml))
		if !errors.Is(err, ErrMalformed) || err.Error() != want {
			t.Errorf("%s: got %v, want %s", xml, err, want)
		}
	}
}

// Several operations in one message take over what they do not say themselves.
func TestOperations(t *testing.T) {
	m, err := Decode(parse(t, `<x t="attrd" task="update" attr_host="node1" attr_host_id="1" attr_is_private="1" attr_value="v">
		<op task="update-both" attr_name="a" attr_value="1" attr_dampening="2"/><other/><op attr_name="b" attr_host="node2" attr_is_private="0"/></x>`))
	if err != nil {
		t.Fatal(err)
	}
	want := []Attribute{
		{Task: UpdateBoth, Name: new("a"), Value: new("1"), Dampening: new("2"), Host: new("node1"), HostID: 1, Private: Yes},
		{Task: Update, Name: new("b"), Value: new("v"), Host: new("node2"), HostID: 1, Private: No},
	}
	if got := m.Operations(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	m.Values = nil
	if got := m.Operations(); len(got) != 1 || got[0].Task != Update || *got[0].Host != "node1" {
		t.Errorf("of one alone: %+v", got)
	}
}

func FuzzDecode(f *testing.F) {
	b, err := os.ReadFile("testdata/messages.txt")
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		if _, xml, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			f.Add(xml)
		}
	}
	f.Fuzz(func(t *testing.T, xml string) {
		doc := etree.NewDocument()
		if doc.ReadFromString(xml) != nil || doc.Root() == nil {
			return
		}
		m, err := Decode(doc.Root())
		if err != nil {
			return
		}
		m.Operations()
		again, err := Decode(m.Encode())
		if err != nil || !reflect.DeepEqual(m, again) {
			t.Fatalf("%v: %s becomes %s", err, xml, text.Line(m.Encode()))
		}
	})
}
