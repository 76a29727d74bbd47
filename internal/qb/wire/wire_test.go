package wire

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"os"
	"strconv"
	"strings"
	"testing"
)

func littleEndian(t testing.TB) {
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		t.Skip("the captures are of a little-endian machine")
	}
}

func readFile(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// response reads a capture whose lines are an offset and bytes; the rest is
// zero.
func response(t testing.TB, name string) []byte {
	t.Helper()
	b := make([]byte, ConnectResponseSize)
	for line := range strings.Lines(readFile(t, name)) {
		at, data, _ := strings.Cut(strings.TrimSpace(line), " ")
		off, err := strconv.Atoi(at)
		if err != nil {
			t.Fatal(err)
		}
		copy(b[off:], unhex(t, data))
	}
	return b
}

func TestConnectRequestGolden(t *testing.T) {
	littleEndian(t)
	b := unhex(t, readFile(t, "connect_request.hex"))
	r, err := ParseConnectRequest(b)
	if err != nil || r != (ConnectRequest{MaxMsgSize: 1 << 20}) {
		t.Fatalf("%+v, %v", r, err)
	}
	if got := r.AppendTo([]byte("x")); !bytes.Equal(got[1:], b) {
		t.Errorf("got  %x\nwant %x", got[1:], b)
	}
	for n := range b {
		if _, err := ParseConnectRequest(b[:n]); err == nil {
			t.Errorf("a prefix of %d bytes was taken", n)
		}
	}
}

func TestConnectResponseGolden(t *testing.T) {
	littleEndian(t)
	for _, tr := range []Transport{Shm, Socket} {
		b := response(t, "connect_response_"+tr.String()+".hex")
		r, err := ParseConnectResponse(b)
		if err != nil {
			t.Fatal(err)
		}
		if r.Error != 0 || r.Type != tr || r.MaxMsgSize != 1<<20 || r.Cookie == 0 {
			t.Errorf("%v: %+v", tr, r)
		}
		dir, file, _ := strings.Cut(strings.TrimPrefix(r.Request, "/dev/shm/"), "/")
		want := map[Transport]string{Shm: "qb-request-", Socket: "qb-control-"}[tr]
		if !strings.HasPrefix(dir, "qb-") || !strings.HasPrefix(file, want) {
			t.Errorf("%v: request %q", tr, r.Request)
		}
		if (r.Event != "") != (tr == Shm) {
			t.Errorf("%v: event %q", tr, r.Event)
		}
		if got := r.AppendTo([]byte("x")); !bytes.Equal(got[1:], b) {
			t.Errorf("%v: re-encoding changed it", tr)
		}
		for n := range b {
			if _, err := ParseConnectResponse(b[:n]); err == nil {
				t.Errorf("%v: a prefix of %d bytes was taken", tr, n)
			}
		}
	}
}

func TestConnectResponseRefusal(t *testing.T) {
	want := ConnectResponse{Error: -11}
	got, err := ParseConnectResponse(want.AppendTo(nil))
	if err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestParseRejects(t *testing.T) {
	good := ConnectResponse{Type: Shm, MaxMsgSize: 8192, Request: "/a", Response: "/b", Event: "/c"}
	spoilt := func(fn func(b []byte)) []byte {
		b := good.AppendTo(nil)
		fn(b)
		return b
	}
	for _, tt := range []struct {
		b    []byte
		want string
	}{
		{spoilt(func(b []byte) { Order.PutUint32(b, 5) }), "id"},
		{spoilt(func(b []byte) { Order.PutUint32(b[offType:], 2) }), "type"},
		{spoilt(func(b []byte) { Order.PutUint32(b[offMax:], 0) }), "max_msg_size"},
		{spoilt(func(b []byte) { Order.PutUint32(b[offMax:], 1<<31) }), "max_msg_size"},
		{spoilt(func(b []byte) { copy(b[offEvent:], bytes.Repeat([]byte{'x'}, pathMax)) }), "event"},
		{append(good.AppendTo(nil), 0), "bytes"},
	} {
		if _, err := ParseConnectResponse(tt.b); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("got %v, want something of %q", err, tt.want)
		}
	}
	if _, err := ParseConnectRequest(make([]byte, ConnectRequestSize)); err == nil || !strings.Contains(err.Error(), "id") {
		t.Errorf("connect request: %v", err)
	}
}

func TestHeaders(t *testing.T) {
	h := RequestHeader{ID: 7, Size: 16}
	b := h.AppendTo(nil)
	if got, err := ParseRequestHeader(b); got != h || err != nil || len(b) != RequestHeaderSize {
		t.Errorf("%+v, %v, %d bytes", got, err, len(b))
	}
	r := ResponseHeader{ID: -3, Size: 24, Error: 6}
	b = r.AppendTo(nil)
	if got, err := ParseResponseHeader(b); got != r || err != nil || len(b) != ResponseHeaderSize {
		t.Errorf("%+v, %v, %d bytes", got, err, len(b))
	}
	for _, size := range []int32{-1, 0, 15, 17, 1 << 30} {
		if _, err := ParseRequestHeader(RequestHeader{Size: size}.AppendTo(nil)); err == nil {
			t.Errorf("a request that claims %d bytes was taken", size)
		}
	}
	for _, size := range []int32{-1, 25, 1 << 30} {
		if _, err := ParseResponseHeader(ResponseHeader{Size: size}.AppendTo(nil)); err == nil {
			t.Errorf("a response that claims %d bytes was taken", size)
		}
	}
	for n := range RequestHeaderSize {
		if _, err := ParseRequestHeader(make([]byte, n)); err == nil {
			t.Errorf("a request of %d bytes was taken", n)
		}
	}
	for n := range ResponseHeaderSize {
		if _, err := ParseResponseHeader(make([]byte, n)); err == nil {
			t.Errorf("a response of %d bytes was taken", n)
		}
	}
}

func FuzzConnectRequest(f *testing.F) {
	f.Add(unhex(f, readFile(f, "connect_request.hex")))
	f.Fuzz(func(t *testing.T, in []byte) {
		r, err := ParseConnectRequest(in)
		if err != nil {
			return
		}
		if again, err := ParseConnectRequest(r.AppendTo(nil)); err != nil || again != r {
			t.Fatalf("%+v became %+v, %v", r, again, err)
		}
	})
}

func FuzzConnectResponse(f *testing.F) {
	f.Add(response(f, "connect_response_shm.hex"))
	f.Add(response(f, "connect_response_socket.hex"))
	f.Add(ConnectResponse{Error: -13}.AppendTo(nil))
	f.Fuzz(func(t *testing.T, in []byte) {
		r, err := ParseConnectResponse(in)
		if err != nil {
			return
		}
		if again, err := ParseConnectResponse(r.AppendTo(nil)); err != nil || again != r {
			t.Fatalf("%+v became %+v, %v", r, again, err)
		}
	})
}

func FuzzHeaders(f *testing.F) {
	f.Add(RequestHeader{ID: 1, Size: 16}.AppendTo(nil))
	f.Add(ResponseHeader{ID: 1, Size: 24}.AppendTo(nil))
	f.Fuzz(func(t *testing.T, in []byte) {
		if h, err := ParseRequestHeader(in); err == nil && (h.Size < RequestHeaderSize || int(h.Size) > len(in)) {
			t.Fatalf("%+v of %d bytes", h, len(in))
		}
		if h, err := ParseResponseHeader(in); err == nil && (h.Size < 0 || int(h.Size) > len(in)) {
			t.Fatalf("%+v of %d bytes", h, len(in))
		}
	})
}
