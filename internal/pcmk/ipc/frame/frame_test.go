package frame

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/pcmk/packed"
)

func golden(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name+".bin"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestGolden reads messages of the reference and writes them again.
func TestGolden(t *testing.T) {
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		t.Skip("the goldens are of little-endian machines")
	}
	for _, tt := range []struct {
		name       string
		flags      Flags
		begin, end string
	}{
		{"request", ClientResponse, `<create_request_adv origin="do_schedulerd_api_call" `, `</create_request_adv>`},
		{"response", ClientResponse | Freed, `<ack function="handle_pecalc_request" `, ` status="112"/>`},
		{"event", ServerEvent | Freed, `<create_reply_adv origin="handle_pecalc_request" `, `</create_reply_adv>`},
		{"packed", Compressed, `<create_request_adv `, `</create_request_adv>`},
	} {
		raw := golden(t, tt.name)
		m, err := Decode(raw)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if m.ID != 1 || m.Flags != tt.flags || !strings.HasPrefix(m.Text, tt.begin) || !strings.HasSuffix(m.Text, tt.end) {
			t.Errorf("%s: %d, %#x, %.80q", tt.name, m.ID, m.Flags, m.Text)
		}
		again, err := Encode(nil, &m, DefaultBuffer)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
		} else if tt.flags.Has(Compressed) {
			// Two compressors need not agree on the bytes.
			if back, err := Decode(again); err != nil || back != m {
				t.Errorf("%s does not come back: %v", tt.name, err)
			}
		} else if !bytes.Equal(again, raw) {
			t.Errorf("%s: written again it differs:\n% x\n% x", tt.name, raw, again)
		}
	}
}

// A message is compressed from the limit on.
func TestLimit(t *testing.T) {
	const limit = 1000
	for size, want := range map[int]bool{limit - HeaderSize - 2: false, limit - HeaderSize - 1: true} {
		m := Message{ID: 7, Flags: Proxied, Text: strings.Repeat("x", size)}
		b, err := Encode([]byte("before"), &m, limit)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Decode(b[len("before"):])
		if err != nil || got.Text != m.Text || got.Flags.Has(Compressed) != want || got.Flags&^Compressed != Proxied {
			t.Errorf("%d bytes: %#x, %v", size, got.Flags, err)
		}
	}
	for _, size := range []int{100, packed.MaxSize} {
		if _, err := Encode(nil, &Message{Text: strings.Repeat("x", size)}, HeaderSize+10); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	good, err := Encode(nil, &Message{ID: 1, Text: "<a/>"}, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	set := func(off int, v uint32) []byte {
		b := bytes.Clone(good)
		binary.NativeEndian.PutUint32(b[off:], v)
		return b
	}
	for name, tt := range map[string]struct {
		b    []byte
		want string
	}{
		"newer":               {set(offVersion, 2), "version: "},
		"short":               {set(8, HeaderSize-1), "size: "},
		"announced too much":  {set(offSize, 6), "size: "},
		"announced too few":   {set(offSize, 4), "size: "},
		"nothing":             {good[:HeaderSize], "response size: "},
		"not compressed":      {set(offPacked, 5), "text: "},
		"compressed too much": {set(offPacked, 1<<30), "size: "},
		"zero byte":           {set(HeaderSize, 0), "text: "},
		"empty":               {bytes.Clone(set(8, HeaderSize))[:HeaderSize], "size: "},
	} {
		if _, err := Decode(tt.b); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s", name, err, tt.want)
		}
	}
	huge := set(offSize, 1<<31)
	binary.NativeEndian.PutUint32(huge[offPacked:], 5)
	if _, err := Decode(huge); err == nil || !strings.HasPrefix(err.Error(), "size_uncompressed: ") {
		t.Errorf("huge: %v", err)
	}
	for n := range len(good) {
		if _, err := Decode(good[:n]); err == nil {
			t.Errorf("the first %d bytes are taken for a message", n)
		}
	}
	// What a daemon needs to refuse a request is there all the same.
	if m, err := Decode(set(offVersion, 9)); err == nil || m.ID != 1 {
		t.Errorf("id %d of a refused message", m.ID)
	}
}

func TestBuffer(t *testing.T) {
	for value, want := range map[string]uint32{
		"": DefaultBuffer, "x": DefaultBuffer, "-1": DefaultBuffer, "0": DefaultBuffer,
		"1": minBuffer, "20000": 20000, "1048576": 1 << 20, "99999999999": 1<<32 - 1,
	} {
		if got := Buffer(value, 0); got != want {
			t.Errorf("%q: %d, want %d", value, got, want)
		}
	}
	if got := Buffer("20000", 512<<10); got != 512<<10 {
		t.Errorf("at least: %d", got)
	}
}

// FuzzDecode: what is read can be written and read again.
func FuzzDecode(f *testing.F) {
	for _, name := range []string{"request", "response", "event", "packed"} {
		f.Add(golden(f, name))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		m, err := Decode(in)
		if err != nil {
			return
		}
		b, err := Encode(nil, &m, HeaderSize+len(m.Text)+2)
		if err != nil {
			t.Fatal(err)
		}
		back, err := Decode(b)
		m.Flags &^= Compressed
		if err != nil || back != m {
			t.Fatalf("%+v comes back as %+v: %v", m, back, err)
		}
	})
}
