package packed

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// document has n different lines.
func document(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, `<primitive id="r%d" class="ocf" type="Dummy"><op id="r%[1]d-monitor" interval="%ds"/></primitive>`, i, i*7919%997)
	}
	return b.Bytes()
}

func TestText(t *testing.T) {
	for _, n := range []int{0, 1, 500, 10_000} {
		d := document(n)
		shared := NewShared(func() []byte { return d }, new(Blocks))
		// Whether it is compressed or not, it remains the same.
		for i := range 4 {
			text := Text{Head: strings.Repeat("<head/>", 7*i*i), Shared: shared, Tail: "</tail>"}
			want := text.Head + string(d) + text.Tail
			if got := text.String(); got != want || text.Len() != len(want) {
				t.Fatalf("%d lines: the text has %d bytes, said are %d, want %d", n, len(got), text.Len(), len(want))
			}
			for name, pack := range map[string]func([]byte) ([]byte, error){"Pack": text.Pack, "PackSmall": text.PackSmall} {
				b, err := pack([]byte("before"))
				if err != nil {
					t.Fatal(err)
				}
				got, err := Unpack(b[len("before"):], len(want)+1)
				if err != nil || string(got) != want+"\x00" {
					t.Fatalf("%d lines, %s: %d bytes come back as %d: %v", n, name, len(want)+1, len(got), err)
				}
			}
		}
	}
}

// Equal bytes in a row are what a block may overflow by.
func TestRuns(t *testing.T) {
	run := bytes.Repeat([]byte("aaaabbbb"), 200_000)
	text := Text{Head: string(run), Shared: NewShared(func() []byte { return run }, new(Blocks))}
	b, err := text.Pack(nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Unpack(b, 2*len(run)+1); err != nil || !bytes.Equal(got, append([]byte(text.String()), 0)) {
		t.Errorf("%d bytes come back as %d: %v", 2*len(run)+1, len(got), err)
	}
}

// A small change leaves most blocks as they were.
func TestBlocksAreUsedAgain(t *testing.T) {
	var from Blocks
	d := document(20_000)
	first, err := from.compress(d)
	if err != nil {
		t.Fatal(err)
	}
	d = bytes.Replace(d, []byte(`id="r9000"`), []byte(`id="another"`), 1)
	known := from.last
	second, err := from.compress(d)
	if err != nil {
		t.Fatal(err)
	}
	again := 0
	for sum := range from.last {
		if _, ok := known[sum]; ok {
			again++
		}
	}
	if len(first) < 8 || len(second) != len(first) || again < len(first)-2 {
		t.Errorf("%d blocks, then %d, of which %d are the same", len(first), len(second), again)
	}
}

func BenchmarkPack(b *testing.B) {
	d := document(10_000)
	b.Run("anew", func(b *testing.B) {
		b.SetBytes(int64(len(d)))
		for b.Loop() {
			if _, err := Pack(d); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("shared", func(b *testing.B) {
		b.SetBytes(int64(len(d)))
		shared := NewShared(func() []byte { return d }, new(Blocks))
		for b.Loop() {
			if _, err := (Text{Head: "<head>", Shared: shared, Tail: "</head>"}).Pack(nil); err != nil {
				b.Fatal(err)
			}
		}
	})
}
