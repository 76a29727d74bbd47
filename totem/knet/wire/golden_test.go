package wire

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/golden"
)

// goldens are packets of libknet by the names of their files.
func goldens(t testing.TB) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.hex")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no goldens: %v", err)
	}
	all := map[string][]byte{}
	for _, p := range paths {
		all[strings.TrimSuffix(filepath.Base(p), ".hex")] = golden.Hex(t, p)
	}
	return all
}

func TestGoldens(t *testing.T) {
	all := goldens(t)
	fragment := func(n uint8) *Data { return &Data{From: 1, Seq: 1, Broadcast: true, Frags: 3, Frag: n} }
	want := map[string]packet{
		"data_unicast":         &Data{From: 1, Seq: 1, Frags: 1},
		"data_broadcast":       &Data{From: 1, Seq: 2, Broadcast: true, Frags: 1},
		"data_fragment_1_of_3": fragment(1),
		"data_fragment_2_of_3": fragment(2),
		"data_fragment_3_of_3": fragment(3),
		"ping":                 &Ping{From: 1, Time: Stamp(all["ping"][7:23]), Seq: 2, Timed: true},
		"pong":                 &Ping{From: 2, Pong: true, Time: Stamp(all["ping"][7:23]), Seq: 2, Timed: true},
		"pmtud":                &PMTUd{From: 1, Size: 65535},
		"pmtud_reply":          &PMTUd{From: 2, Reply: true, Size: 65535},
	}
	payload := map[string]string{"data_unicast": "to host 2", "data_broadcast": "to all hosts"}
	for name, b := range all {
		typ, _, err := Peek(b)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		p := newPacket(typ)
		n, err := p.Parse(b)
		if err != nil || !reflect.DeepEqual(p, want[name]) {
			t.Errorf("%s: %+v, %v, want %+v", name, p, err, want[name])
			continue
		}
		if got := p.AppendTo(nil); !bytes.Equal(got, b[:n]) {
			t.Errorf("%s: written as %x, was %x", name, got, b[:n])
		}
		if text, ok := payload[name]; ok && string(b[n:]) != text {
			t.Errorf("%s: user data %q, want %q", name, b[n:], text)
		}
		if typ != TypeData && n != len(b) {
			t.Errorf("%s: %d bytes of %d read", name, n, len(b))
		}
	}
	if ns, ok := Stamp(all["ping"][7:23]).Nanoseconds(); !ok || MakeStamp(ns) != Stamp(all["ping"][7:23]) {
		t.Errorf("the time of a ping is %d ns, %v", ns, ok)
	}
	var cut []byte
	for _, n := range "123" {
		b := all["data_fragment_"+string(n)+"_of_3"][DataLen:]
		if n != '3' && len(b) != 46 {
			t.Errorf("fragment %c has %d bytes of user data, want 46", n, len(b))
		}
		cut = append(cut, b...)
	}
	if len(cut) != 100 || Fragments(100, 46) != 3 {
		t.Errorf("the fragments have %d bytes together, Fragments says %d", len(cut), Fragments(100, 46))
	}
}

// What the reference finds out about links of many MTUs.
func TestSizes(t *testing.T) {
	text, err := os.ReadFile("testdata/sizes.txt")
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for line := range strings.Lines(string(text)) {
		if line[0] == '#' {
			continue
		}
		lines++
		line = strings.TrimSpace(line)
		family, rest, _ := strings.Cut(line, " ")
		headers := IPv4Overhead + UDPOverhead
		if family == "ipv6" {
			headers = IPv6Overhead + UDPOverhead
		}
		var n []int
		for _, w := range strings.Fields(strings.ReplaceAll(rest, ":", "")) {
			v, err := strconv.Atoi(w)
			if err != nil {
				t.Fatal(err)
			}
			n = append(n, v)
		}
		s := Security{Block: n[0], Salt: n[1], Hash: n[2]}
		mtu, data, overhead, probes := min(n[3], MaxMTU), n[4], n[5], n[6:]
		if got := s.Overhead(headers); got != overhead {
			t.Errorf("%s: overhead %d", line, got)
		}
		// The largest probe that fits is the last that is answered.
		onWire, plain, ok := s.Probe(mtu, headers)
		if !ok || onWire != probes[0] || s.MaxData(onWire-headers) != data || plain != data+PingLen {
			t.Errorf("%s: the largest probe has %d bytes on the wire, %d before, and a data MTU of %d", line, onWire, plain, s.MaxData(onWire-headers))
		}
		for _, p := range probes {
			if got, _, ok := s.Probe(p, headers); !ok || got != p {
				t.Errorf("%s: the probe of %d becomes %d", line, p, got)
			}
		}
	}
	if lines < 50 {
		t.Errorf("only %d lines", lines)
	}
}

// What libknet answers before any MTU is known, by its own "mtu" notification.
func TestMinData(t *testing.T) {
	for _, tt := range []struct {
		s    Security
		want int
	}{
		{Security{}, 482},
		{Security{Hash: 20}, 462},
		{Security{Block: 16, Salt: 16, Hash: 32}, 421},
	} {
		if got := tt.s.MinData(); got != tt.want {
			t.Errorf("%+v: %d, want %d", tt.s, got, tt.want)
		}
	}
	if _, _, ok := (Security{}).Probe(36, 28); ok {
		t.Error("a probe has room in 8 bytes")
	}
}
