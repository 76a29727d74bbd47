package pg

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/mar"
	"github.com/ringmaster-ha/ringmaster/internal/service"
	"github.com/ringmaster-ha/ringmaster/totem"
)

type captured struct {
	from    totem.NodeID
	seq     int
	payload []byte
}

// goldens reads payloads that real nodes sent, in the ring's order.
func goldens(t testing.TB) []captured {
	t.Helper()
	f, err := os.Open("testdata/cpg_udpu.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []captured
	for sc := bufio.NewScanner(f); sc.Scan(); {
		if strings.HasPrefix(sc.Text(), "#") {
			continue
		}
		var c captured
		var h string
		if _, err := fmt.Sscan(sc.Text(), &c.from, &c.seq, &h); err != nil {
			t.Fatal(err)
		}
		if c.payload, err = hex.DecodeString(h); err != nil {
			t.Fatal(err)
		}
		out = append(out, c)
	}
	return out
}

// cpgMcast is what a CPG message has in front: group header, header of the
// executive message, group name, counters, source (exec/cpg.c).
const cpgMcast = 5 + 184

func TestGoldenMessages(t *testing.T) {
	var sizes = map[totem.NodeID][]int{}
	sync, services := 0, 0
	a := NewAssembler(func(d Delivery) {
		switch {
		case d.Groups.Has(GroupSync):
			sync++
		case d.Groups.Has(GroupServices):
			services++
		default:
			t.Errorf("message for %v", d.Groups.Names())
		}
		id := binary.LittleEndian.Uint32(d.Payload)
		if want := int(binary.LittleEndian.Uint32(d.Payload[8:])); id == 2<<16|3 && want != len(d.Payload) {
			t.Errorf("message %#x from %d: %d bytes, its header says %d", id, d.From, len(d.Payload), want)
		}
		if id == 2<<16|3 {
			sizes[d.From] = append(sizes[d.From], len(d.Payload)-cpgMcast+5)
		}
	}, nil)
	for _, c := range goldens(t) {
		if c.seq == 15 {
			a.TransAck()
		}
		a.Receive(c.from, c.payload, false)
	}
	want := map[totem.NodeID][]int{
		1: {1, 100, 100, 100, 700, 700, 1300, 1380, 1390, 1395, 1400, 3000, 5000, 20000},
		2: {1, 100, 100, 100, 700, 700, 1300, 1380, 1390, 1395, 1400, 3000},
	}
	for id, w := range want {
		if fmt.Sprint(sizes[id]) != fmt.Sprint(w) {
			t.Errorf("messages of node %d: %v, want %v", id, sizes[id], w)
		}
	}
	if st := a.Stats(); st != (AssemblerStats{Messages: uint64(sync + services)}) {
		t.Errorf("stats %+v", st)
	}
	if sync == 0 {
		t.Error("no message of the synchronisation")
	}
}

// The Packer, given the messages that real nodes had queued at each token,
// makes the same payloads, byte for byte.
func TestGoldenRepacked(t *testing.T) {
	type run struct {
		msgs     []*Message
		payloads [][]byte
	}
	for _, id := range []totem.NodeID{1, 2} {
		var runs []run
		var cur run
		var part []byte
		for _, c := range goldens(t) {
			if c.from != id {
				continue
			}
			p, err := ParsePayload(c.payload, service.Order)
			if err != nil {
				t.Fatal(err)
			}
			data := p.data
			for i := range p.Count() {
				part = append(part, data[:p.length(i)]...)
				data = data[p.length(i):]
				if i < p.Count()-1 || p.Fragmented == 0 {
					cur.msgs = append(cur.msgs, &Message{Data: part})
					part = nil
				}
			}
			cur.payloads = append(cur.payloads, c.payload)
			if p.Fragmented == 0 {
				runs = append(runs, cur)
				cur = run{}
			}
		}
		p := NewPacker(1410, nil)
		for _, r := range runs {
			p.Add(false, r.msgs...)
			for i, want := range r.payloads {
				if i == 0 && p.Backlog(false) != len(r.payloads) {
					t.Errorf("backlog %d, want %d", p.Backlog(false), len(r.payloads))
				}
				got, ok := p.Next(false, nil)
				if !ok || !bytes.Equal(got, want) {
					t.Fatalf("node %d: payload\n%.80x\nwant\n%.80x", id, got, want)
				}
			}
			if p.Backlog(false) != 0 {
				t.Errorf("backlog %d after all was sent", p.Backlog(false))
			}
		}
	}
}

func TestPrefixesFail(t *testing.T) {
	for _, c := range goldens(t) {
		for i := range c.payload {
			if _, err := ParsePayload(c.payload[:i], service.Order); err == nil {
				t.Fatalf("%d of %d bytes parsed", i, len(c.payload))
			}
		}
	}
	h := AppendGroups(nil, GroupServices, GroupSync)
	for i := range h {
		if _, _, err := ParseGroups(h[:i], service.Order); !errors.Is(err, ErrGroups) {
			t.Fatalf("%d of %d bytes of a group header: %v", i, len(h), err)
		}
	}
}

func TestGroups(t *testing.T) {
	for _, order := range []mar.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		for _, names := range [][]string{{}, {"a"}, {"sync"}, {"a", "sync"}, {"", "b"}} {
			b := append(appendGroups(nil, order, names...), "body"...)
			if len(b) != GroupsSize(names...)+4 {
				t.Errorf("%v: %d bytes, GroupsSize %d", names, len(b), GroupsSize(names...))
			}
			g, body, err := ParseGroups(b, order)
			if err != nil || string(body) != "body" || fmt.Sprint(g.Names()) != fmt.Sprint(names) || g.Len() != len(names) {
				t.Errorf("%v: %v %q %v", names, g.Names(), body, err)
			}
			for _, n := range names {
				if !g.Has(n) {
					t.Errorf("%v lacks %q", names, n)
				}
			}
			if g.Has("c") {
				t.Errorf("%v has c", names)
			}
		}
	}
	if got, want := AppendGroups(nil, "a"), []byte("\x01\x00\x01\x00a"); service.Order.Uint16(want) == 1 && !bytes.Equal(got, want) {
		t.Errorf("%x, want %x", got, want)
	}
}

func TestMalformedPayloads(t *testing.T) {
	le := binary.LittleEndian
	for _, tt := range []struct {
		name string
		hex  string
		want error
	}{
		{"empty", "", ErrShort},
		{"header cut", "00000000000001", ErrShort},
		{"no messages", "0000000000000000", ErrCount},
		{"no lengths", "0000000000000100", ErrLens},
		{"65535 messages", "000000000000ffff0000", ErrLens},
		{"a length beyond", "0000000000000100020001", ErrLength},
		{"a byte too many", "000000000000010002000102ff", ErrLength},
		{"lengths that sum up beyond 16 bits", "0000000000000200ffffffff00", ErrLength},
	} {
		b, err := hex.DecodeString(tt.hex)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParsePayload(b, le); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}
