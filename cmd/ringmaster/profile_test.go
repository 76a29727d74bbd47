package main

import (
	"compress/gzip"
	"encoding/binary"
	"io"
	"os"
	"strings"
	"testing"
)

// The profile that the compiler is given tells nothing of the machine that it was made on:
// no string in it is a path from a root.
func TestProfile(t *testing.T) {
	f, err := os.Open("default.pgo")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	unpacked, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(unpacked)
	if err != nil {
		t.Fatal(err)
	}
	// Profile of pprof's profile.proto: varints and, with their lengths, messages and strings.
	const stringTable = 6<<3 | 2
	texts := 0
	for len(b) > 0 {
		tag, n := binary.Uvarint(b)
		value, m := binary.Uvarint(b[max(n, 0):])
		if n <= 0 || m <= 0 {
			t.Fatal("no profile")
		}
		b = b[n+m:]
		if tag&7 != 2 {
			continue
		}
		if value > uint64(len(b)) {
			t.Fatal("cut off")
		}
		text := string(b[:value])
		b = b[value:]
		if tag != stringTable {
			continue
		}
		texts++
		if strings.HasPrefix(text, "/") {
			t.Errorf("a path: %s", text)
		}
	}
	if texts < 100 {
		t.Errorf("%d strings", texts)
	}
}
