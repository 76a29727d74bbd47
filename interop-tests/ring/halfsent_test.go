package ring

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	cpgwire "github.com/ringmaster-ha/ringmaster/cpg/wire"
	"github.com/ringmaster-ha/ringmaster/internal/service"
	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/evs"
	"github.com/ringmaster-ha/ringmaster/totem/pg"
	"github.com/ringmaster-ha/ringmaster/totem/wire"
)

func logOf(t *testing.T, text string) []evs.Event {
	t.Helper()
	log, err := evs.ReadLog(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return log
}

// cpgMessage is message n of node 3's process, as totempg packs it.
func cpgMessage(n int) []byte {
	body := make([]byte, 40)
	order := binary.NativeEndian
	order.PutUint32(body, 3)
	order.PutUint32(body[8:], 1)
	order.PutUint64(body[16:], uint64(n))
	m := cpgwire.Mcast{Group: []byte("load"), PID: 1, Message: body}
	return m.AppendTo(pg.AppendGroups(nil, "a"), service.Order)
}

// payload packs parts of messages.
func payload(fragmented, continuation uint8, parts ...[]byte) []byte {
	b := []byte{0, 0, 0, 0, fragmented, continuation}
	b = service.Order.AppendUint16(b, uint16(len(parts)))
	for _, p := range parts {
		b = service.Order.AppendUint16(b, uint16(len(p)))
	}
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

// network replays what the wire carried: node 3 sends its message 2 in two packets,
// one in its ring with node 2, one in that which node 1 joins; message 3 goes with
// the second.
func network(lose int) *witness {
	w := newWitness()
	old, now := totem.RingID{Rep: 2, Seq: 0x10}, totem.RingID{Rep: 1, Seq: 0x14}
	token := wire.CommitToken{
		Header: wire.Header{Type: wire.TypeCommitToken, Order: wire.Native},
		Ring:   now, Addrs: []totem.NodeID{1, 2, 3},
		Memb: []wire.MembEntry{{Ring: totem.RingID{Rep: 1, Seq: 8}}, {Ring: old}, {Ring: old}},
	}
	w.datagram(token.AppendTo(nil))
	said := append(pg.AppendGroups(nil, groupSync), "the services are in step"...)
	two := cpgMessage(2)
	for i, p := range []struct {
		ring    totem.RingID
		seq     uint32
		payload []byte
	}{
		{old, 1, payload(0, 0, said)},
		{old, 2, payload(0, 0, cpgMessage(1))},
		{old, 3, payload(1, 0, two[:100])},
		{now, 1, payload(0, 0, said)},
		{now, 2, payload(0, 1, two[100:], cpgMessage(3))},
		{now, 3, payload(0, 0, cpgMessage(4), cpgMessage(5))},
	} {
		if i == lose {
			continue
		}
		head := wire.Mcast{
			Header:     wire.Header{Type: wire.TypeMcast, Encapsulated: wire.NotEncapsulated, Order: wire.Native},
			SystemFrom: 3, Seq: p.seq, Ring: p.ring,
		}
		w.datagram(append(head.AppendTo(nil), p.payload...))
	}
	return w
}

func TestUnseen(t *testing.T) {
	if !newWitness().blind() || network(-1).blind() {
		t.Error("a witness of nothing sees, or one of something does not")
	}
	if got := network(-1).unseen(); len(got) != 0 {
		t.Errorf("%q is missing of what is whole", got)
	}
	if got := fmt.Sprint(network(3).unseen()); got != "[ring 1.14: 1 of 3, first 1]" {
		t.Errorf("%s, want the first of the new ring", got)
	}
}

func TestMendHalfSent(t *testing.T) {
	const three = `{"proc":"3/1","ev":"config","ring":"2.10","members":[2,3],"left":[]}
{"proc":"3/1","ev":"send","msg":"3/1/1"}
{"proc":"3/1","ev":"deliver","msg":"3/1/1"}
{"proc":"3/1","ev":"send","msg":"3/1/2"}
{"proc":"3/1","ev":"send","msg":"3/1/3"}
{"proc":"3/1","ev":"config","ring":"1.14","members":[1,2,3],"left":[]}
{"proc":"3/1","ev":"deliver","msg":"3/1/2"}
{"proc":"3/1","ev":"send","msg":"3/1/4"}
{"proc":"3/1","ev":"deliver","msg":"3/1/3"}
{"proc":"3/1","ev":"send","msg":"3/1/5"}
{"proc":"3/1","ev":"deliver","msg":"3/1/4"}
{"proc":"3/1","ev":"deliver","msg":"3/1/5"}
`
	node := func(n int, before, delivers string) string {
		text := fmt.Sprintf(`{"proc":"%d/1","ev":"config","ring":%s,"left":[]}`+"\n", n, before)
		if n == 2 {
			text += `{"proc":"2/1","ev":"deliver","msg":"3/1/1"}` + "\n"
		}
		text += fmt.Sprintf(`{"proc":"%d/1","ev":"config","ring":"1.14","members":[1,2,3],"left":[]}`+"\n", n)
		for _, m := range strings.Fields(delivers) {
			text += fmt.Sprintf(`{"proc":"%d/1","ev":"deliver","msg":"3/1/%s"}`+"\n", n, m)
		}
		return text
	}
	for _, tt := range []struct {
		name     string
		one, two string
		byC      bool
		lose     int // index of a packet that was not seen
		mended   int
		ok       bool
	}{
		{"nothing is missed", "2 3 4 5", "2 3 4 5", true, -1, 0, true},
		{"the half sent one is missed, and what came with it", "4 5", "2 3 4 5", true, -1, 2, true},
		{"it alone", "3 4 5", "2 3 4 5", true, -1, 1, true},
		{"ours must not", "4 5", "2 3 4 5", false, -1, 0, false},
		{"one is missed that was sent whole", "5", "2 3 4 5", true, -1, 2, false},
		{"and another", "4", "2 3 4 5", true, -1, 2, false},
		{"by one who has the beginning", "2 3 4 5", "3 4 5", true, -1, 0, false},
		{"some packets were not seen", "4 5", "2 3 4 5", true, 3, 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			logs := [][]evs.Event{
				logOf(t, node(1, `"1.8","members":[1]`, tt.one)),
				logOf(t, node(2, `"2.10","members":[2,3]`, tt.two)),
				logOf(t, three),
			}
			if n := network(tt.lose).mendHalfSent(logs, func(p evs.Proc) bool { return tt.byC && p.Node == 3 }); n != tt.mended {
				t.Errorf("mended %d, want %d", n, tt.mended)
			}
			c, err := evs.CheckLogs(logs...)
			if err == nil {
				var live []evs.Proc
				for _, log := range logs {
					live = append(live, log[0].Proc)
				}
				err = c.Quiescent(live)
			}
			if (err == nil) != tt.ok {
				t.Errorf("after mending: %v", err)
			}
		})
	}
}
