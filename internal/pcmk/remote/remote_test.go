package remote

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/ringmaster-ha/ringmaster/internal/pcmk/packed"
)

func golden(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name+".hex"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := hex.DecodeString(strings.Join(strings.Fields(string(text)), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var goldens = []struct {
	name string
	id   uint64
	text string
}{
	{"login", 1, `<cib_command op="authenticate" user="hacluster" password="geheim" hidden="password"/>`},
	{"registered", 7, `<cib_result cib_op="register" cib_clientid="2513e12f-d8bf-4fdd-81b7-e8fce4bd09aa"/>`},
	{"register", 3, `<cib_command __name__="cib_command" t="cib" cib_async_id="b6504773-e88d-4a9b-a937-8d669372d51c" cib_op="register" cib_callid="0" cib_callopt="0" cib_clientname="crm_attribute"/>`},
	{"query", 4, `<cib_command __name__="cib_command" t="cib" cib_async_id="b6504773-e88d-4a9b-a937-8d669372d51c" cib_op="cib_query" cib_section="//cib/configuration/crm_config//cluster_property_set//nvpair[@name=&apos;foo&apos;]" cib_callid="2" cib_callopt="4354"/>`},
}

// stream is what a peer sends.
type stream struct{ io.Reader }

func (stream) Write(b []byte) (int, error) { return len(b), nil }

func TestGoldens(t *testing.T) {
	for _, g := range goldens {
		b := golden(t, g.name)
		if made, err := Append(nil, g.id, g.text); err != nil || !bytes.Equal(made, b) {
			t.Errorf("%s: %v\n got %x\nwant %x", g.name, err, made, b)
		}
		for _, whole := range [][]byte{b, swapped(b), compressed(t, b)} {
			got, err := NewConn(stream{iotest.OneByteReader(bytes.NewReader(whole))}).Receive(MaxLogin)
			if err != nil || got != g.text {
				t.Errorf("%s: %q, %v", g.name, got, err)
			}
		}
		for n := range b {
			if got, err := NewConn(stream{bytes.NewReader(b[:n])}).Receive(MaxLogin); err == nil {
				t.Errorf("%s, %d bytes: %q", g.name, n, got)
			}
		}
	}
}

// swapped is a message in the other byte order.
func swapped(b []byte) []byte {
	h, _ := ParseHeader(b)
	var out []byte
	order := binary.BigEndian
	for _, n := range []uint32{mark, h.Version} {
		out = order.AppendUint32(out, n)
	}
	out = order.AppendUint64(order.AppendUint64(out, h.ID), h.Flags)
	for _, n := range []uint32{h.Size, h.Payload, h.Packed, h.Unpacked} {
		out = order.AppendUint32(out, n)
	}
	return append(out, b[HeaderSize:]...)
}

// compressed is a message with its payload compressed.
func compressed(t *testing.T, b []byte) []byte {
	t.Helper()
	payload, err := packed.Pack(b[HeaderSize:])
	if err != nil {
		t.Fatal(err)
	}
	out := bytes.Clone(b[:HeaderSize])
	binary.LittleEndian.PutUint32(out[offSize:], uint32(HeaderSize+len(payload)))
	binary.LittleEndian.PutUint32(out[offPacked:], uint32(len(payload)))
	return append(out, payload...)
}

func TestMalformed(t *testing.T) {
	good := golden(t, "login")
	for _, tt := range []struct {
		name   string
		change func(b []byte) []byte
		want   string
	}{
		{"TLS", func(b []byte) []byte { b[0] = 0x16; return b }, "mark: badadbbd is neither badadb16 nor the swab'd 16dbdaba"},
		{"small", func(b []byte) []byte { binary.LittleEndian.PutUint32(b[offSize:], 39); return b }, "size: got 39, want at least 40"},
		{"large", func(b []byte) []byte {
			binary.LittleEndian.PutUint32(b[offSize:], 0xffffffff)
			binary.LittleEndian.PutUint32(b[offUnpacked:], 0xffffffff-HeaderSize)
			return b
		}, "size: message too large: 4294967295 bytes, at most 65536"},
		{"other sizes", func(b []byte) []byte { b[offUnpacked]--; return b }, "size: got 126, but 85 bytes at 40"},
		{"offset", func(b []byte) []byte { b[offPayload] = 39; return b }, "payload_offset: got 39, want at least 40"},
		{"no end", func(b []byte) []byte { b[len(b)-1] = '>'; return b }, "payload: no zero byte at its end"},
		{"bomb", func(b []byte) []byte {
			b = compressed(t, b)
			binary.LittleEndian.PutUint32(b[offUnpacked:], 1<<30)
			return b
		}, "payload_uncompressed: message too large: 1073741824 bytes, at most 65536"},
		{"not compressed", func(b []byte) []byte { b[offPacked], b[offUnpacked] = b[offUnpacked], 200; return b }, "payload: bzip2: "},
	} {
		_, err := NewConn(stream{bytes.NewReader(tt.change(bytes.Clone(good)))}).Receive(MaxLogin)
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %s", tt.name, err, tt.want)
		}
	}
	if _, err := NewConn(stream{bytes.NewReader(nil)}).Receive(MaxLogin); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
}

func FuzzReceive(f *testing.F) {
	for _, g := range goldens {
		f.Add(golden(f, g.name))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		text, err := NewConn(stream{bytes.NewReader(b)}).Receive(MaxLogin)
		if err != nil {
			return
		}
		made, err := Append(nil, 1, text)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := NewConn(stream{bytes.NewReader(made)}).Receive(MaxLogin); err != nil || again != text {
			t.Fatalf("%q became %q, %v", text, again, err)
		}
	})
}

func TestPort(t *testing.T) {
	for _, tt := range []struct {
		text    string
		port    int
		warning string
	}{
		{"5561", 5561, ""}, {" +0", 0, ""}, {"65535", 65535, ""},
		{"", -1, "No digits found"}, {"-", -1, "No digits found"}, {"abc", -1, "No digits found"},
		{"65536", -1, "not in valid range"}, {"-1", -1, "not in valid range"},
		{"99999999999999999999", -1, "too large"}, {"12x", 12, "left over after parsing '12x': 'x'"},
	} {
		if port, warning := Port(tt.text); port != tt.port || !strings.Contains(warning, tt.warning) || (warning == "") != (tt.warning == "") {
			t.Errorf("%q: %d, %s", tt.text, port, warning)
		}
	}
}
