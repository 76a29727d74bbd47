package pg

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/mar"
	"github.com/ringmaster-ha/ringmaster/internal/service"
	"github.com/ringmaster-ha/ringmaster/totem"
)

func message(order mar.ByteOrder, body []byte) *Message {
	return &Message{Data: append(appendGroups(nil, order, GroupServices), body...)}
}

// body makes n bytes that tell where they belong.
func body(seed, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(seed*31 + i + i>>8)
	}
	return b
}

func TestRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, order := range []mar.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		for _, mtu := range []int{64, 1410, 8900, 65446} {
			adm := NewAdmission(1410)
			p := NewPacker(mtu, adm)
			p.order = order
			var sent, got [][]byte
			a := NewAssembler(func(d Delivery) { got = append(got, bytes.Clone(d.Payload)) }, nil)
			a.TransAck()
			sizes := []int{0, 1, 2, mtu - 20, mtu - 15, mtu - 14, mtu - 13, mtu - 12, mtu - 11, mtu, 2 * mtu, min(300*mtu, totem.MessageSizeMax)}
			for i := range 200 {
				size := r.IntN(3 * mtu)
				if i < len(sizes) {
					size = sizes[i]
				}
				b := body(i, size)
				sent = append(sent, b)
				m := message(order, b)
				adm.add(normal, len(m.Data))
				p.Add(false, m)
				for visits := r.IntN(4); visits > 0; visits-- {
					pump(t, p, a, mtu, order)
				}
			}
			for pump(t, p, a, mtu, order) {
			}
			if !slices.EqualFunc(sent, got, bytes.Equal) {
				t.Fatalf("order %v mtu %d: sent %d messages, got %d", order, mtu, len(sent), len(got))
			}
			if st := a.Stats(); st != (AssemblerStats{Messages: uint64(len(sent))}) {
				t.Errorf("order %v mtu %d: %+v", order, mtu, st)
			}
			if n := adm.bytes[normal].Load(); n != 0 {
				t.Errorf("order %v mtu %d: %d bytes left on the books", order, mtu, n)
			}
		}
	}
}

// pump moves one payload; false when none waits.
func pump(t *testing.T, p *Packer, a *Assembler, mtu int, order mar.ByteOrder) bool {
	t.Helper()
	waits := p.Backlog(false)
	b, ok := p.Next(false, nil)
	if ok != (waits > 0) {
		t.Fatalf("backlog %d, next %v", waits, ok)
	}
	if len(b) > mtu {
		t.Fatalf("payload of %d bytes, mtu %d", len(b), mtu)
	}
	if ok {
		a.Receive(1, b, order.Uint16([]byte{1, 0}) != service.Order.Uint16([]byte{1, 0}))
	}
	return ok
}

// Where a payload is closed, and how fragments are numbered.
func TestClosingRule(t *testing.T) {
	const mtu = 108 // 100 bytes for lengths and messages
	for _, tt := range []struct {
		why   string
		sizes []int
		want  string // fragmented/continuation[lengths] of each payload
	}{
		{"what leaves room for a length and a byte stays open", []int{95, 1}, "0/0[95 1]"},
		{"two bytes less than a length and a byte closes", []int{96, 1}, "0/0[96] 0/0[1]"},
		{"exactly full closes", []int{98, 1}, "0/0[98] 0/0[1]"},
		{"one byte too large is cut", []int{99, 1}, "1/0[98] 0/1[1 1]"},
		{"fragments count up, the tail shares its payload", []int{300, 5}, "1/0[98] 2/1[98] 3/2[98] 0/3[6 5]"},
		{"a fragment behind a whole message is number 1", []int{10, 200}, "1/0[10 86] 2/1[98] 0/2[16]"},
		{"a message that begins behind a tail is number 1", []int{150, 150}, "1/0[98] 1/1[52 44] 2/1[98] 0/2[8]"},
	} {
		p := NewPacker(mtu, nil)
		for i, n := range tt.sizes {
			p.Add(false, &Message{Data: body(i, n)})
		}
		got := ""
		for {
			b, ok := p.Next(false, nil)
			if !ok {
				break
			}
			pl, err := ParsePayload(b, service.Order)
			if err != nil {
				t.Fatal(err)
			}
			var lens []int
			for i := range pl.Count() {
				lens = append(lens, pl.length(i))
			}
			got += fmt.Sprintf(" %d/%d%v", pl.Fragmented, pl.Continuation, lens)
		}
		if got = got[1:]; got != tt.want {
			t.Errorf("%s: %s, want %s", tt.why, got, tt.want)
		}
	}
}

func TestFragmentNumbersSkipZero(t *testing.T) {
	p := NewPacker(108, nil)
	p.Add(false, &Message{Data: body(0, 98*600)})
	last := uint8(0)
	for i := range 599 {
		b, _ := p.Next(false, nil)
		if b[5] != last || b[4] == 0 {
			t.Fatalf("payload %d: continuation %d after %d, fragmented %d", i, b[5], last, b[4])
		}
		if last == 255 && b[4] != 1 {
			t.Fatalf("after 255 comes %d", b[4])
		}
		last = b[4]
	}
}

// A configuration change in the middle of a message: who was there before and
// who has just come deliver the same.
func TestConfigurationChangeWithinMessage(t *testing.T) {
	for cutAt := 1; cutAt < 5; cutAt++ {
		p := NewPacker(108, nil)
		var old, fresh []string
		was := NewAssembler(func(d Delivery) { old = append(old, string(d.Payload)) }, nil)
		is := NewAssembler(func(d Delivery) { fresh = append(fresh, string(d.Payload)) }, nil)
		was.TransAck()
		long, sync, short := body(1, 400), []byte("barrier"), []byte("after")
		p.Add(false, message(service.Order, long), message(service.Order, short))
		for range cutAt {
			b, _ := p.Next(false, nil)
			was.Receive(7, b, false)
		}
		p.NewConfiguration()
		was.WaitTransAck()
		p.Add(true, message(service.Order, sync))
		drain := func(t bool) {
			for {
				b, ok := p.Next(t, nil)
				if !ok {
					return
				}
				was.Receive(7, b, false)
				is.Receive(7, b, false)
			}
		}
		drain(true)
		was.TransAck()
		is.TransAck()
		drain(false)
		want := []string{string(sync), string(long), string(short)}
		if !slices.Equal(old, want) || !slices.Equal(fresh, want) {
			t.Errorf("cut after %d payloads: old member got %d messages, new one %d, want 3", cutAt, len(old), len(fresh))
		}
	}
}

// A synchronisation interrupted by the next one, in the middle of its message.
func TestConfigurationChangeWithinTrans(t *testing.T) {
	p := NewPacker(108, nil)
	var got []string
	a := NewAssembler(func(d Delivery) { got = append(got, string(d.Payload)) }, nil)
	long, late := body(1, 400), body(2, 300)
	p.Add(true, message(service.Order, long), message(service.Order, late))
	send := func(t bool) bool {
		b, ok := p.Next(t, nil)
		if ok {
			a.Receive(7, b, false)
		}
		return ok
	}
	send(true)
	send(true)
	p.NewConfiguration()
	for len(got) == 0 {
		send(true)
	}
	// The second is half sent when the synchronisation ends for us, and reaches
	// the receiver on both sides of its own end.
	send(true)
	a.TransAck()
	send(true)
	p.Add(false, message(service.Order, []byte("normal")))
	for send(false) {
	}
	if want := []string{string(long), string(late), "normal"}; !slices.Equal(got, want) {
		t.Errorf("got %d messages, want 3; %+v", len(got), a.Stats())
	}
}

// A message of the synchronisation that its sender sends after the last barrier,
// whose delivery it has not seen yet: receivers with half of an older message
// in the normal set must deliver it.
func TestLateTransMessage(t *testing.T) {
	p := NewPacker(108, nil)
	var got []string
	a := NewAssembler(func(d Delivery) { got = append(got, string(d.Payload)) }, nil)
	a.TransAck()
	long := body(1, 300)
	send := func(t bool) bool {
		b, ok := p.Next(t, nil)
		if ok {
			a.Receive(7, b, false)
		}
		return ok
	}
	p.Add(false, message(service.Order, long))
	send(false)
	p.NewConfiguration()
	a.WaitTransAck()
	p.Add(true, message(service.Order, []byte("barrier")))
	for send(true) {
	}
	a.TransAck()
	p.Add(true, message(service.Order, []byte("late")), message(service.Order, body(2, 90)))
	for send(true) {
	}
	for send(false) {
	}
	if want := []string{"barrier", "late", string(body(2, 90)), string(long)}; !slices.Equal(got, want) {
		t.Errorf("got %d messages, want 4; %+v", len(got), a.Stats())
	}
}

func TestBooksAfterRestart(t *testing.T) {
	adm := NewAdmission(108)
	p := NewPacker(108, adm)
	adm.SetTrans(false)
	m := message(service.Order, body(0, 500))
	if !adm.Take(len(m.Data)) {
		t.Fatal("no room in an empty queue")
	}
	p.Add(false, m)
	p.Next(false, nil)
	p.NewConfiguration()
	if n := adm.bytes[normal].Load(); n != 505 {
		t.Errorf("%d bytes on the books after the restart, want 505", n)
	}
	for {
		if _, ok := p.Next(false, nil); !ok {
			break
		}
	}
	if n := adm.bytes[normal].Load(); n != 0 {
		t.Errorf("%d bytes on the books at the end", n)
	}
}

func TestNextAllocatesNothing(t *testing.T) {
	s := NewStore()
	p := NewPacker(1410, NewAdmission(1410))
	buf := make([]byte, 0, 1500)
	visit := func() {
		for range 20 {
			m := s.Get(300)
			m.Data = AppendGroups(m.Data, GroupServices)
			m.Data = m.Data[:300]
			p.Add(false, m)
		}
		for {
			if _, ok := p.Next(false, buf); !ok {
				break
			}
		}
	}
	visit()
	if n := testing.AllocsPerRun(100, visit); n > 0 {
		t.Errorf("%v allocations for 20 messages", n)
	}
}

func FuzzPackAssemble(f *testing.F) {
	f.Add([]byte{0, 10, 0, 250, 255, 3, 9, 9}, uint16(1410))
	f.Add([]byte{200, 200, 2, 200, 1, 1, 2, 3, 200, 2}, uint16(64))
	f.Fuzz(func(t *testing.T, script []byte, mtu uint16) {
		if mtu < 32 {
			mtu += 32
		}
		p := NewPacker(int(mtu), nil)
		var want, got []string
		a := NewAssembler(func(d Delivery) { got = append(got, string(d.Payload)) }, nil)
		a.TransAck()
		visit := func() bool {
			b, ok := p.Next(false, nil)
			if ok {
				a.Receive(1, b, false)
			}
			return ok
		}
		for i, c := range script {
			switch c {
			case 0:
				visit()
			case 1: // a whole synchronisation
				p.NewConfiguration()
				a.WaitTransAck()
				a.TransAck()
			default:
				b := body(i, int(c)*int(c)/8)
				want = append(want, string(b))
				p.Add(false, message(service.Order, b))
			}
		}
		for visit() {
		}
		if !slices.Equal(want, got) {
			t.Fatalf("sent %d, got %d", len(want), len(got))
		}
	})
}

func BenchmarkPack(b *testing.B) {
	for _, size := range []int{64, 1024, 65536, 1 << 20} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			s := NewStore()
			p := NewPacker(1410, NewAdmission(1410))
			buf := make([]byte, 0, 1500)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				m := s.Get(size)
				m.Data = m.Data[:size]
				p.Add(false, m)
				for {
					if _, ok := p.Next(false, buf); !ok {
						break
					}
				}
			}
		})
	}
}
