package crmexit

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
)

// The lists are those that the reference prints.
func TestLists(t *testing.T) {
	type entry interface {
		Name() string
		String() string
	}
	for _, c := range []struct {
		file        string
		first, last int
		of          func(int) entry
	}{
		{"legacy.txt", 0, int(Last), func(n int) entry { return Legacy(n) }},
		{"rc.txt", int(First), int(Last), func(n int) entry { return RC(n) }},
		{"exit.txt", 0, int(Max), func(n int) entry { return Code(n) }},
	} {
		want, err := os.ReadFile("testdata/" + c.file)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for n := c.first; n <= c.last; n++ {
			e := c.of(n)
			if e.Name() != "Unknown" && e.Name() != "CRM_EX_UNKNOWN" {
				fmt.Fprintf(&b, "% 5d: %-26s  %s\n", n, e.Name(), e)
			}
		}
		if b.String() != string(want) {
			t.Errorf("%s: got\n%s", c.file, b.String())
		}
	}
}

func TestTexts(t *testing.T) {
	for _, c := range []struct {
		got  fmt.Stringer
		want string
	}{
		{RC(133), "Memory page has hardware error"},
		{RC(41), "Unknown error 41"},
		{RC(10000), "Unknown error 10000"},
		{RC(-1), "Error"},
		{RC(-5000), "Error"},
		{Legacy(-1 << 31), "Error"},
		{Legacy(-203), "Update does not conform to the configured schema"},
		{Legacy(-5), "Input/output error"},
		{Code(137), "Interrupted by signal"},
		{Code(-1), "Unknown exit status"},
		{Code(255), "Error occurred"},
	} {
		if c.got.String() != c.want {
			t.Errorf("%T: got %q, want %q", c.got, c.got, c.want)
		}
	}
}

func TestExit(t *testing.T) {
	for rc, want := range map[RC]Code{
		RCOK: OK, RCWithinRange: OK, RCAfterRange: Expired, RCBeforeRange: NotYetInEffect,
		RC(syscall.ENXIO): NoSuch, RC(syscall.EOPNOTSUPP): UnimplementFeature, RCNoInput: NoInput,
		RC(syscall.EPERM): Error, RCError: Error,
	} {
		if got := rc.Exit(); got != want {
			t.Errorf("%v: got %d, want %d", rc, got, want)
		}
	}
}
