package cpgmsg

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/pcmk/packed"
)

func goldens(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("testdata/*.bin")
	if err != nil || len(files) == 0 {
		t.Fatalf("no goldens: %v", err)
	}
	all := map[string][]byte{}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimSuffix(filepath.Base(f), ".bin")] = b
	}
	return all
}

// TestGolden reads messages of the reference's daemons and writes them again.
// They are of machines of the other byte order where this one's differs.
func TestGolden(t *testing.T) {
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		t.Skip("the goldens are of little-endian machines")
	}
	for group, raw := range goldens(t) {
		m, err := Decode(raw)
		if err != nil {
			t.Errorf("%s: %v", group, err)
			continue
		}
		if m.Sender.Service != ServiceOf(group) || m.Sender.PID == 0 || m.Sender.Node != 0 || m.Sender.Name == "" {
			t.Errorf("%s: sender %+v", group, m.Sender)
		}
		if !strings.HasPrefix(m.Text, "<") || !strings.HasSuffix(m.Text, ">") {
			t.Errorf("%s: text %q", group, m.Text)
		}
		again, err := Encode(nil, m)
		if err != nil || !bytes.Equal(again, raw) {
			t.Errorf("%s: written again it differs (%v):\n% x\n% x", group, err, raw, again)
		}
	}
}

func TestPacked(t *testing.T) {
	for _, size := range []int{packed.Threshold - 2, packed.Threshold - 1, 1 << 20} {
		m := &Message{ID: 7, Sender: Address{Service: CIB, Name: "a"}, Text: strings.Repeat("x", size)}
		b, err := Encode([]byte("before"), m)
		if err != nil {
			t.Fatal(err)
		}
		b = b[len("before"):]
		if short := len(b) < 10_000; short != (size+1 >= packed.Threshold) {
			t.Errorf("a text of %d bytes made a message of %d", size, len(b))
		}
		got, err := Decode(b)
		if err != nil || *got != *m {
			t.Errorf("a text of %d bytes does not come back: %v", size, err)
		}
	}
}

func TestEncodeRefuses(t *testing.T) {
	long := strings.Repeat("n", MaxName+1)
	for want, m := range map[string]*Message{
		"receiver: a name of 256 bytes": {Receiver: Address{Name: long}},
		"sender: a name of 256 bytes":   {Sender: Address{Name: long}},
		"text: ":                        {Text: strings.Repeat("x", packed.MaxSize)},
	} {
		if _, err := Encode(nil, m); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	plain, err := Encode(nil, &Message{Sender: Address{Name: "a"}, Text: "<x/>"})
	if err != nil {
		t.Fatal(err)
	}
	put := func(at int, v uint32) func([]byte) []byte {
		return func(b []byte) []byte {
			binary.NativeEndian.PutUint32(b[at:], v)
			return b
		}
	}
	for _, c := range []struct {
		name string
		edit func([]byte) []byte
		want string
	}{
		{"empty", func(b []byte) []byte { return nil }, "header.id"},
		{"cut frame", func(b []byte) []byte { return b[:300] }, "header.size"},
		{"cut text", func(b []byte) []byte { return b[:len(b)-1] }, "header.size"},
		{"class", put(0, 1), "header.id: unknown class 1"},
		{"smaller size", put(8, 590), "header.size"},
		{"negative size", put(8, 1<<31), "header.size"},
		{"error", put(16, 6), "header.error"},
		{"name too long", put(324, 256), "sender.size"},
		{"zero byte in a name", put(324, 2), "sender.uname"},
		{"no text", func(b []byte) []byte { return put(8, 592)(put(584, 0)(b)[:592]) }, "size: 0 bytes announced, 0 follow"},
		{"text size", put(584, 6), "size: 6 bytes announced, 5 follow"},
		{"no zero byte", func(b []byte) []byte { b[len(b)-1] = 'x'; return b }, "data: payload does not end"},
		{"zero byte within", func(b []byte) []byte { b[593] = 0; return b }, "data: payload does not end"},
		{"not packed", func(b []byte) []byte { return put(28, 1)(put(588, 5)(b)) }, "data: bzip2"},
		{"packed, huge", func(b []byte) []byte { return put(28, 1)(put(584, 1<<31)(put(588, 5)(b))) }, "size: 2147483648 bytes"},
	} {
		_, err := Decode(c.edit(bytes.Clone(plain)))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.name, err, c.want)
		}
	}
}

func TestForAndFrom(t *testing.T) {
	for _, c := range []struct {
		to   Address
		want bool
	}{
		{Address{}, true},
		{Address{Node: 2}, true},
		{Address{Node: 3}, false},
		{Address{Name: "Two"}, true},
		{Address{Name: "three"}, false},
		{Address{Node: 3, Name: "two"}, false},
	} {
		if m := (Message{Receiver: c.to}); m.For(2, "two") != c.want {
			t.Errorf("%+v is for node 2, two: %v", c.to, !c.want)
		}
	}
	m := Message{}
	if err := m.From(4); err != nil || m.Sender.Node != 4 {
		t.Errorf("from 4: %v, %+v", err, m.Sender)
	}
	if err := m.From(5); err == nil {
		t.Error("node 5 may say that it is node 4")
	}
}

func TestServiceOf(t *testing.T) {
	for name, want := range map[string]Service{
		"cib": CIB, "crmd": CRMD, "dc": CRMD, "stonith-ng": StonithNG, "attrd": Attrd,
		"4711": 4711, "9": None, "-1": None, "4294967297": None, "unknown": None, "": None, "crm_mon": None,
	} {
		if got := ServiceOf(name); got != want {
			t.Errorf("%q is %d, want %d", name, got, want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, b := range goldens(f) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Decode(b)
		if err != nil {
			return
		}
		again, err := Encode(nil, m)
		if err != nil {
			t.Fatal(err)
		}
		back, err := Decode(again)
		if err != nil || *back != *m {
			t.Errorf("%+v came back as %+v: %v", m, back, err)
		}
	})
}
