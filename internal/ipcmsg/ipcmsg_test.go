package ipcmsg

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/cserr"
)

// le gives the golden bytes of a little-endian machine the order of this one.
func le(t *testing.T, b string) []byte {
	t.Helper()
	out := []byte(b)
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		for i := 0; i+4 <= len(out); i += 4 {
			binary.BigEndian.PutUint32(out[i:], binary.LittleEndian.Uint32(out[i:]))
		}
	}
	return out
}

func TestHeaders(t *testing.T) {
	request := le(t, "\x05\x00\x00\x00\x00\x00\x00\x00\x18\x00\x00\x00\x00\x00\x00\x00\x07\x00\x00\x00\x00\x00\x00\x00")
	if got := Finish(NewRequest(nil, 5).U32(7)); !bytes.Equal(got, request) {
		t.Errorf("request % x, want % x", got, request)
	}
	if v := ReadRequest(request).U32("value"); v != 7 {
		t.Errorf("value %d behind the header, want 7", v)
	}
	response := le(t, "\x05\x00\x00\x00\x00\x00\x00\x00\x1c\x00\x00\x00\x00\x00\x00\x00\x0c\x00\x00\x00\x00\x00\x00\x00\x07\x00\x00\x00")
	// The size counts from where the message begins, not the buffer.
	if got := Sized(NewResponse([]byte("before"), 5, cserr.NotExist).U32(7)); !bytes.Equal(got, append([]byte("before"), response...)) {
		t.Errorf("response % x, want % x", got, response)
	}
	r, h := ReadResponse(response)
	if want := (ResponseHeader{ID: 5, Size: 28, Error: cserr.NotExist}); r.Err() != nil || h != want {
		t.Errorf("header %+v, %v, want %+v", h, r.Err(), want)
	}
	if a, b := r.U32("value"), Body(response).U32("value"); a != 7 || b != 7 {
		t.Errorf("values %d and %d behind the header, want 7", a, b)
	}
	for n := range response {
		if _, err := ParseResponseHeader(response[:n]); err == nil {
			t.Errorf("%d of %d bytes were taken", n, len(response))
		}
	}
	short := bytes.Clone(response)
	native.PutUint32(short[sizeAt:], ResponseHeaderSize-1)
	if _, err := ParseResponseHeader(short); err == nil || !strings.Contains(err.Error(), "header.size") {
		t.Errorf("a size that does not cover the header: %v", err)
	}
}
