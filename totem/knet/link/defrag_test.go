package link

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/knet/wire"
)

// pieces cuts a message.
func pieces(msg []byte, size int) (out [][]byte) {
	for len(msg) > size {
		out, msg = append(out, msg[:size]), msg[size:]
	}
	return append(out, msg)
}

func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i * 31 >> 3)
	}
	return b
}

func TestDefragInAnyOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	pool := totem.NewPool(1<<16, 4)
	var w window
	var d defrag
	for seq := uint16(1); seq < 300; seq++ {
		msg := pattern(2 + r.IntN(60000))
		parts := pieces(msg, max(1+r.IntN(len(msg)-1), len(msg)/255+1))
		order := r.Perm(len(parts))
		order = append(order, order[0]) // one comes twice
		var got *totem.Packet
		w.admit(seq)
		for _, i := range order {
			h := wire.Data{Seq: seq, Frags: uint8(len(parts)), Frag: uint8(i + 1)}
			if p := d.add(totem.Instant(seq), &w, &h, parts[i], pool); p != nil {
				if got != nil {
					t.Fatalf("message %d: complete twice", seq)
				}
				got = p
			}
		}
		if got == nil || !bytes.Equal(got.Data, msg) {
			t.Fatalf("message %d of %d bytes in %d pieces: not what was sent", seq, len(msg), len(parts))
		}
		got.Release()
	}
	if d.used != 0 {
		t.Errorf("%d buffers are still in use", d.used)
	}
}

// What no sender of ours would send is dropped, and harms nothing.
func TestDefragRefuses(t *testing.T) {
	type frag struct {
		frags, n uint8
		size     int
	}
	for _, tt := range []struct {
		name string
		list []frag
	}{
		{"of two lengths", []frag{{4, 1, 100}, {4, 2, 90}, {4, 3, 100}, {4, 4, 5}}},
		{"beyond the end", []frag{{255, 1, 1000}, {255, 200, 1000}}},
		{"a last one that does not fit behind", []frag{{3, 3, 40000}, {3, 1, 30000}, {3, 2, 30000}}},
		{"a last one beyond the end", []frag{{2, 1, 60000}, {2, 2, 60000}}},
		{"another count of fragments", []frag{{3, 1, 100}, {2, 2, 100}, {3, 3, 1}}},
	} {
		pool := totem.NewPool(1<<16, 4)
		var w window
		var d defrag
		for _, f := range tt.list {
			h := wire.Data{Seq: 7, Frags: f.frags, Frag: f.n}
			if p := d.add(1, &w, &h, make([]byte, f.size), pool); p != nil {
				t.Errorf("%s: %d bytes came out", tt.name, len(p.Data))
			}
		}
		if d.used > 1 {
			t.Errorf("%s: %d buffers in use", tt.name, d.used)
		}
	}
}

func TestDefragMakesRoom(t *testing.T) {
	pool := totem.NewPool(1<<16, 64)
	var w window
	var d defrag
	begin := func(seq uint16) {
		w.admit(seq)
		h := wire.Data{Seq: seq, Frags: 2, Frag: 1}
		if p := d.add(totem.Instant(seq), &w, &h, []byte("one"), pool); p != nil {
			t.Fatal("half a message came out")
		}
	}
	end := func(seq uint16) bool {
		h := wire.Data{Seq: seq, Frags: 2, Frag: 2}
		p := d.add(totem.Instant(seq), &w, &h, []byte("two"), pool)
		return p != nil && string(p.Data) == "onetwo"
	}
	for seq := uint16(1); seq <= defragMax+1; seq++ {
		begin(seq)
	}
	if d.used != defragMax {
		t.Errorf("%d buffers in use, want %d", d.used, defragMax)
	}
	if end(1) {
		t.Error("the oldest was not given up")
	}
	if !end(2) || !end(defragMax+1) {
		t.Error("one that was not the oldest was given up")
	}
	w.admit(200)
	d.expire(w.last)
	if d.used != 0 {
		t.Errorf("%d buffers of long ago are in use", d.used)
	}
	begin(200)
	d.reset()
	if d.used != 0 {
		t.Error("reset leaves something")
	}
}

func FuzzDefrag(f *testing.F) {
	f.Add([]byte{1, 2, 1, 10, 1, 2, 2, 3})
	f.Add([]byte{1, 3, 3, 255, 1, 3, 1, 255, 1, 3, 2, 255})
	f.Fuzz(func(t *testing.T, in []byte) {
		pool := totem.NewPool(1<<16, 4)
		var w window
		var d defrag
		for ; len(in) >= 4; in = in[4:] {
			h := wire.Data{Seq: uint16(in[0]) + 1, Frags: in[1], Frag: in[2]}
			if h.Frags < 2 || h.Frag == 0 || h.Frag > h.Frags {
				continue
			}
			w.admit(h.Seq)
			if p := d.add(1, &w, &h, make([]byte, int(in[3])*257+1), pool); p != nil {
				if len(p.Data) > wire.MaxUserData {
					t.Fatalf("%d bytes", len(p.Data))
				}
				p.Release()
			}
		}
	})
}
