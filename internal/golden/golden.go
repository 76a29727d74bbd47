// Package golden reads captures of the reference's bytes and texts for tests, and
// compares texts line by line.
package golden

import (
	"encoding/hex"
	"os"
	"strings"
	"testing"
)

// Hex reads a file of hexadecimal digits. White space between them means
// nothing; # begins a comment that goes to the line's end.
func Hex(t testing.TB, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var b []byte
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		d, err := hex.DecodeString(strings.Join(strings.Fields(line), ""))
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		b = append(b, d...)
	}
	return b
}
