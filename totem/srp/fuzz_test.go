package srp

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/wire"
)

// FuzzReceive feeds a machine datagrams, some of them of its own ring, in
// whatever state it has got to, and lets time pass. It must neither panic nor
// keep more than its windows and lists may hold.
func FuzzReceive(f *testing.F) {
	exchange := recorded(f)
	var all []byte
	for _, b := range exchange {
		all = appendDatagram(all, b)
		f.Add(appendDatagram(nil, b), uint8(0))
	}
	f.Add(all, uint8(3))
	f.Fuzz(func(t *testing.T, in []byte, patch uint8) {
		cfg := testConfig(3)
		cfg.Pool, cfg.Source = totem.NewPool(1500, 64), &testNode{queue: [2][]string{{"a", "b"}, {"c"}}}
		m := New(cfg)
		now := totem.Instant(1)
		release := func(acts []Action) {
			for _, a := range acts {
				if a.Packet != nil {
					a.Packet.Release()
				}
			}
		}
		release(m.Start(now))
		for len(in) >= 2 {
			n := min(int(binary.LittleEndian.Uint16(in)&2047), len(in)-2)
			p := cfg.Pool.Get()
			p.Data = append(p.Data, in[2:2+n]...)
			in = in[2+n:]
			ofOurRing(p.Data, m, patch)
			release(m.Receive(now, p))
			p.Release()
			now = now.Add(time.Duration(patch) * time.Millisecond)
			for range 3 {
				if m.NextDeadline() <= now {
					release(m.Tick(now))
				}
			}
			if len(m.memb.proc) > totem.ProcessorCountMax || len(m.memb.failed) > totem.ProcessorCountMax {
				t.Fatal("lists without bound")
			}
		}
	})
}

func appendDatagram(to, b []byte) []byte {
	return append(binary.LittleEndian.AppendUint16(to, uint16(len(b))), b...)
}

// ofOurRing gives a token or a multicast the ring that the machine is on, and a
// token the next number, so that it is not dropped at the first look.
func ofOurRing(b []byte, m *Machine, patch uint8) {
	var h wire.Header
	if _, err := h.Parse(b); err != nil || patch&1 == 0 || h.Order != wire.Native {
		return
	}
	put := func(at int) {
		if len(b) >= at+12 {
			binary.NativeEndian.PutUint32(b[at:], uint32(m.ring.Rep))
			binary.NativeEndian.PutUint64(b[at+4:], m.ring.Seq)
		}
	}
	switch h.Type {
	case wire.TypeORFToken:
		put(wire.HeaderLen + 16)
		if patch&2 != 0 && len(b) > wire.HeaderLen+8 {
			binary.NativeEndian.PutUint32(b[wire.HeaderLen+4:], m.tok.seq+1)
		}
	case wire.TypeMcast:
		put(wire.HeaderLen + 12)
	case wire.TypeCommitToken:
		put(wire.HeaderLen + 4)
	}
}

// recorded are the datagrams of the recorded exchange and the goldens of wire.
func recorded(tb testing.TB) [][]byte {
	tb.Helper()
	paths, err := filepath.Glob("../wire/testdata/*.hex")
	if err != nil {
		tb.Fatal(err)
	}
	var out [][]byte
	for _, p := range append(paths, "testdata/join_c_ring.txt") {
		text, err := os.ReadFile(p)
		if err != nil {
			tb.Fatal(err)
		}
		out = append(out, hexLines(tb, string(text), filepath.Ext(p) == ".hex")...)
	}
	return out
}
