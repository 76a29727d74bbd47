package pg

import (
	"fmt"
	"slices"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/service"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// payload builds one by hand; messages starting with '+' get no group header:
// they are parts.
func payload(fragmented, continuation uint8, msgs ...string) []byte {
	b := appendHeader(nil, service.Order, fragmented, continuation, len(msgs))
	for i, s := range msgs {
		m := []byte(s[1:])
		if s[0] != '+' {
			m = AppendGroups(nil, GroupServices)
			m = append(m, s...)
		}
		service.Order.PutUint16(b[HeaderSize+2*i:], uint16(len(m)))
		b = append(b, m...)
	}
	return b
}

// What the reference does when the chain of fragments breaks, deduced from
// totempg_deliver_fn: each line is what it delivers.
func TestThrowAwayMode(t *testing.T) {
	for _, tt := range []struct {
		why  string
		in   [][]byte
		want []string
	}{
		{"a message over three payloads",
			[][]byte{payload(1, 0, "a"), payload(2, 1, "+b"), payload(0, 2, "+c", "d")},
			[]string{"abc", "d"}},
		{"who comes in the middle loses the whole payload with the end",
			[][]byte{payload(3, 2, "+b"), payload(0, 3, "+c", "d"), payload(0, 0, "e")},
			[]string{"e"}},
		{"and the message that begins in it",
			[][]byte{payload(3, 2, "+b"), payload(1, 3, "+c", "d"), payload(0, 1, "+e", "f"), payload(0, 0, "g")},
			[]string{"g"}},
		{"unless its number is the one expected before",
			[][]byte{payload(1, 0, "a"), payload(2, 2, "+x"), payload(1, 3, "+c", "d"), payload(0, 1, "+e", "f")},
			[]string{"de", "f"}},
		{"but of three messages the wrong one is kept there: nothing",
			[][]byte{payload(1, 0, "a"), payload(2, 2, "+x"), payload(1, 3, "+c", "y", "d"), payload(0, 1, "+e", "f")},
			[]string{"f"}},
		{"a fresh start while a message is begun is lost",
			[][]byte{payload(1, 0, "a"), payload(0, 0, "b", "c"), payload(0, 0, "d")},
			[]string{"d"}},
		{"a payload whose number is not the next is lost, and all up to an end",
			[][]byte{payload(1, 0, "a"), payload(5, 4, "+b"), payload(0, 5, "+c"), payload(0, 0, "d")},
			[]string{"d"}},
		{"whole messages before the part are delivered",
			[][]byte{payload(1, 0, "a", "b", "c"), payload(0, 1, "+d")},
			[]string{"a", "b", "cd"}},
		{"a malformed payload changes nothing",
			[][]byte{payload(1, 0, "a"), {1, 2, 3}, payload(0, 1, "+b")},
			[]string{"ab"}},
	} {
		var got []string
		a := NewAssembler(func(d Delivery) { got = append(got, string(d.Payload)) }, nil)
		for _, b := range tt.in {
			a.Receive(9, b, false)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.why, got, tt.want)
		}
	}
}

func TestSetsAreApart(t *testing.T) {
	var got []string
	a := NewAssembler(func(d Delivery) { got = append(got, string(d.Payload)) }, nil)
	a.TransAck()
	a.Receive(1, payload(1, 0, "x"), false)
	a.WaitTransAck()
	a.Receive(1, payload(1, 0, "s"), false)
	a.Receive(1, payload(0, 1, "+ync"), false)
	a.TransAck()
	a.Receive(1, payload(0, 1, "+y"), false)
	if want := []string{"sync", "xy"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestTransAckWithinDelivery(t *testing.T) {
	var got []string
	var a *Assembler
	a = NewAssembler(func(d Delivery) {
		got = append(got, string(d.Payload))
		a.TransAck()
	}, nil)
	a.Receive(1, payload(1, 0, "barrier", "x"), false) // x begins in the set that the payload came in
	a.WaitTransAck()
	a.Receive(1, payload(0, 1, "+y"), false)
	if want := []string{"barrier", "xy"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestLeftNodesAreForgotten(t *testing.T) {
	var got []string
	a := NewAssembler(func(d Delivery) { got = append(got, string(d.Payload)) }, nil)
	for _, wait := range []func(){a.TransAck, a.WaitTransAck} {
		wait()
		a.Receive(1, payload(1, 0, "old"), false)
		a.Receive(2, payload(1, 0, "keep"), false)
	}
	a.Change(&totem.ConfigChange{Type: totem.Transitional, Left: []totem.NodeID{1, 3}})
	for _, wait := range []func(){a.TransAck, a.WaitTransAck} {
		wait()
		a.Receive(1, payload(0, 0, "new"), false)
		a.Receive(2, payload(0, 1, "+s"), false)
	}
	if want := []string{"new", "keeps", "new", "keeps"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if n := len(a.sets[0]) + len(a.sets[1]); n != 0 {
		t.Errorf("%d assemblies left", n)
	}
}

func TestMessageWithoutEnd(t *testing.T) {
	a := NewAssembler(func(Delivery) { t.Error("delivered") }, nil)
	part := "+" + string(make([]byte, 60000))
	last := uint8(0)
	for i := range 100 {
		a.Receive(1, payload(uint8(i%200+1), last, part), false)
		last = uint8(i%200 + 1)
		for _, as := range a.sets[trans] {
			if cap(as.buf) > 2*AssemblyMax {
				t.Fatalf("holds %d bytes", cap(as.buf))
			}
		}
	}
	if st := a.Stats(); st.Oversize != 1 {
		t.Errorf("%+v", st)
	}
}

func TestMoreSendersThanARingHas(t *testing.T) {
	a := NewAssembler(func(Delivery) {}, nil)
	for i := range 1000 {
		a.Receive(totem.NodeID(i+1), payload(1, 0, "x"), false)
	}
	if len(a.sets[trans]) != totem.ProcessorCountMax || a.Stats().Crowded != 1000-totem.ProcessorCountMax {
		t.Errorf("%d assemblies, %+v", len(a.sets[trans]), a.Stats())
	}
}

func TestWholeMessagesAreNotCopied(t *testing.T) {
	in := payload(0, 0, "alias")
	a := NewAssembler(func(d Delivery) {
		if &d.Payload[0] != &in[len(in)-5] {
			t.Error("copied")
		}
	}, nil)
	a.Receive(1, in, false)
	if n := testing.AllocsPerRun(100, func() { a.Receive(1, in, false) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
	if a.Stats().Messages == 0 {
		t.Error("nothing delivered")
	}
}

func TestGroupHeaderThatLies(t *testing.T) {
	a := NewAssembler(func(d Delivery) { t.Errorf("delivered %q", d.Payload) }, nil)
	for _, m := range []string{"+", "+\x01", "+\x01\x00", "+\x01\x00\x05\x00a", "+\xff\xff\x00\x00"} {
		a.Receive(1, payload(0, 0, m), false)
	}
	if st := a.Stats(); st.BadGroups != 5 {
		t.Errorf("%+v", st)
	}
}

// FuzzAssembler feeds hostile payloads of two senders: whatever comes, memory
// stays bounded and only what some sender's bytes contain is delivered.
func FuzzAssembler(f *testing.F) {
	var all []byte
	for _, c := range goldens(f) {
		f.Add(append([]byte{1, byte(len(c.payload)), byte(len(c.payload) >> 8)}, c.payload...))
		if len(all) < 8000 {
			all = append(all, byte(c.from), byte(len(c.payload)), byte(len(c.payload)>>8))
			all = append(all, c.payload...)
		}
	}
	f.Add(all)
	f.Fuzz(func(t *testing.T, in []byte) {
		fed, got := 0, 0
		a := NewAssembler(func(d Delivery) { got += len(d.Payload); d.Groups.Names() }, nil)
		for len(in) >= 3 {
			op, n := in[0], int(in[1])|int(in[2])<<8
			in = in[3:]
			n = min(n, len(in))
			switch op >> 4 {
			case 1:
				a.WaitTransAck()
			case 2:
				a.TransAck()
			case 3:
				a.Change(&totem.ConfigChange{Left: []totem.NodeID{totem.NodeID(op & 3)}})
			}
			fed += n
			a.Receive(totem.NodeID(op&3), in[:n], op&4 != 0)
			in = in[n:]
		}
		if got > fed {
			t.Fatalf("%d bytes delivered of %d", got, fed)
		}
		held := 0
		for _, s := range a.sets {
			for _, as := range s {
				held += len(as.buf)
			}
		}
		if held > fed {
			t.Fatalf("%d bytes held of %d", held, fed)
		}
	})
}

func BenchmarkAssemble(b *testing.B) {
	for _, size := range []int{64, 1024, 65536, 1 << 20} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			p := NewPacker(1410, nil)
			for range max(1, 1400/size) {
				p.Add(false, message(service.Order, body(0, size)))
			}
			var in [][]byte
			for {
				pl, ok := p.Next(false, nil)
				if !ok {
					break
				}
				in = append(in, pl)
			}
			a := NewAssembler(func(Delivery) {}, nil)
			b.SetBytes(int64(size * max(1, 1400/size)))
			b.ReportAllocs()
			for b.Loop() {
				for _, pl := range in {
					a.Receive(1, pl, false)
				}
			}
		})
	}
}
