package srp

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/wire"
)

// TestExchangeWithRealNodes replays what nodes of the reference have sent to us
// and expects the bytes that they answered to.
func TestExchangeWithRealNodes(t *testing.T) {
	f, err := os.Open("testdata/join_c_ring.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if wire.Native != wire.LittleEndian {
		t.Skip("the exchange was captured on a little-endian machine")
	}
	cfg := testConfig(3)
	cfg.Pool, cfg.Source = totem.NewPool(1500, 16), &testNode{}
	m := New(cfg)
	var sent []string
	now := totem.Instant(1)
	do := func(acts []Action) {
		for _, a := range acts {
			switch a.Kind {
			case Mcast:
				sent = append(sent, fmt.Sprintf("send all %x", a.Packet.Data))
			case Unicast:
				sent = append(sent, fmt.Sprintf("send %d %x", a.To, a.Packet.Data))
			}
		}
	}
	do(m.Start(now))
	for m.NextDeadline() <= now && m.State() != Operational {
		do(m.Tick(now))
	}
	line := 0
	for sc := bufio.NewScanner(f); sc.Scan(); {
		line++
		kind, rest, _ := strings.Cut(sc.Text(), " ")
		switch kind {
		case "recv":
			_, digits, _ := strings.Cut(rest, " ")
			b, err := hex.DecodeString(digits)
			if err != nil {
				t.Fatal(err)
			}
			do(m.Receive(now, &totem.Packet{Data: b}))
		case "send":
			if len(sent) == 0 {
				t.Fatalf("line %d: want %q, sent nothing in state %v", line, sc.Text(), m.State())
			}
			if sent[0] != sc.Text() {
				t.Fatalf("line %d:\ngot  %q\nwant %q", line, sent[0], sc.Text())
			}
			sent = sent[1:]
		}
	}
	if m.State() != Operational || m.Ring() != (totem.RingID{Rep: 1, Seq: 13}) || len(m.Members()) != 3 {
		t.Errorf("state %v ring %v members %v", m.State(), m.Ring(), m.Members())
	}
}

// hexLines reads the datagrams of a file: one, field by field, or one a line.
func hexLines(tb testing.TB, text string, one bool) [][]byte {
	var out [][]byte
	var whole []byte
	for l := range strings.Lines(text) {
		l, _, _ = strings.Cut(l, "#")
		words := strings.Fields(l)
		if len(words) == 0 {
			continue
		}
		b, err := hex.DecodeString(words[len(words)-1])
		if err != nil {
			tb.Fatal(err)
		}
		out, whole = append(out, b), append(whole, b...)
	}
	if one {
		return [][]byte{whole}
	}
	return out
}
