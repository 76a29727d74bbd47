package packed

import (
	"bytes"
	"strings"
	"testing"
)

func TestRoundTrip(t *testing.T) {
	for _, data := range [][]byte{{0}, bytes.Repeat([]byte(`<op id="a"/>`), 100_000)} {
		p, err := Pack(data)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Unpack(p, len(data))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, data) {
			t.Errorf("%d bytes came back as %d others", len(data), len(got))
		}
	}
}

func TestUnpackRefuses(t *testing.T) {
	p, err := Pack([]byte("twelve bytes"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		packed []byte
		size   int
		want   string
	}{
		{"negative", p, -1, "size -1 is not within"},
		{"huge", p, MaxSize + 1, "is not within"},
		{"shorter than announced", p, 13, "12 bytes instead of 13"},
		{"longer than announced", p, 11, "more data than announced, 11 bytes"},
		{"cut", p[:len(p)-4], 12, "unexpected EOF"},
		{"no bzip2", []byte("<cib/>"), 12, "bad magic value"},
	} {
		if _, err := Unpack(c.packed, c.size); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.name, err, c.want)
		}
	}
}
