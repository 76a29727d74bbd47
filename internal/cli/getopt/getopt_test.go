package getopt

import (
	"fmt"
	"strings"
	"testing"
)

var long = []Long{
	{"if", Required, 'i'}, {"status", None, 's'}, {"reload", None, 'R'}, {"reopen", None, 'L'}, {"force", None, 1}, {"opt", Optional, 'o'},
}

// The complaints are those of corosync-cfgtool with glibc 2.36.
func TestParser(t *testing.T) {
	for _, tt := range []struct{ args, want string }{
		{"", "rest []"},
		{"-s -bx", "s b invalid option -- 'x' ? rest []"},
		{"-sb file -i a", "s b i=a rest [file]"},
		{"-ia", "i=a rest []"},
		{"-i", "option requires an argument -- 'i' ? rest []"},
		{"-k -i", "k=-i rest []"},
		{"--if=a --if b", "i=a i=b rest []"},
		{"--if", "option '--if' requires an argument ? rest []"},
		{"--st", "s rest []"},
		{"--re", "option '--re' is ambiguous; possibilities: '--reload' '--reopen' ? rest []"},
		{"--status=1", "option '--status' doesn't allow an argument ? rest []"},
		{"--foo=1", "unrecognized option '--foo=1' ? rest []"},
		{"--force", "\x01 rest []"},
		{"-s -- -b x", "s rest [-b x]"},
		{"-o x -oy --opt --opt=z --opt z", "o o=y o o=z o rest [x z]"},
		{"- -:", "invalid option -- ':' ? rest [-]"},
	} {
		var got strings.Builder
		p := New(append([]string{"tool"}, strings.Fields(tt.args)...), "i:sbk:o::", long, writer{&got})
		for {
			c, ok := p.Next()
			if !ok {
				break
			}
			fmt.Fprintf(&got, "%c", c)
			if p.Arg != "" {
				fmt.Fprintf(&got, "=%s", p.Arg)
			}
			got.WriteByte(' ')
		}
		fmt.Fprintf(&got, "rest %v", p.Rest())
		if got.String() != tt.want {
			t.Errorf("%q: got %q, want %q", tt.args, got.String(), tt.want)
		}
	}
}

// writer takes the name and the line's end off.
type writer struct{ b *strings.Builder }

func (w writer) Write(b []byte) (int, error) {
	w.b.WriteString(strings.TrimSuffix(strings.TrimPrefix(string(b), "tool: "), "\n") + " ")
	return len(b), nil
}

func FuzzParser(f *testing.F) {
	f.Add("-sb\n--if=a\n--\nx")
	f.Fuzz(func(t *testing.T, line string) {
		p := New(strings.Split("tool\n"+line, "\n"), "i:sbk:o::", long, writer{&strings.Builder{}})
		for n := 0; ; n++ {
			if _, ok := p.Next(); !ok {
				break
			}
			if n > len(line) {
				t.Fatal("does not end")
			}
		}
	})
}

// Without long options there is none, as with getopt(3).
func TestShortOnly(t *testing.T) {
	var got strings.Builder
	p := New([]string{"tool", "--h"}, "h", nil, writer{&got})
	a, _ := p.Next()
	b, _ := p.Next()
	if got.String() != "invalid option -- '-' " || a != Invalid || b != 'h' {
		t.Errorf("got %q, %c, %c", got.String(), a, b)
	}
}

// What comes next may be the argument whose options are being read.
func TestUpcoming(t *testing.T) {
	p := New(strings.Fields("tool -sb --opt= x"), "sb", long, nil)
	for _, want := range []string{"-sb", "--opt=", "x"} {
		p.Next()
		if next, ok := p.Upcoming(); !ok || next != want {
			t.Errorf("got %q, want %q", next, want)
		}
	}
	if !p.Given || !p.Long || p.Arg != "" {
		t.Errorf("--opt=: %+v", p)
	}
	p.Next()
	if next, ok := p.Upcoming(); ok {
		t.Errorf("got %q at the end", next)
	}
}
