package crmreport

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/cli/script"
)

func testNode(now time.Time) (*node, *bytes.Buffer) {
	var said bytes.Buffer
	return &node{Streams: script.Streams{Err: &said}, host: "node1", short: "node1", depth: 5, record: func() string { return "" }, now: func() time.Time { return now }}, &said
}

func TestBasic(t *testing.T) {
	for _, tt := range []struct {
		pattern, text string
		want          bool
	}{
		{"passw.*", "password", true},
		{`a\|b`, "b", true},
		{"a|b", "b", false},
		{"a|b", "a|b", true},
		{`a\+c`, "aac", true},
		{"a+c", "aac", false},
		{"(x)", "(x)", true},
		{`\(x\)\{2\}`, "xx", true},
		{"[0-9].* TESTS", "3 TESTS", true},
		{"[^]]x", "]x", false},
		{"*a", "*a", true},
		{`a\Wb`, "a b", true},
	} {
		re, err := basic(tt.pattern)
		if err != nil {
			t.Errorf("%q: %v", tt.pattern, err)
		} else if got := re.MatchString(tt.text); got != tt.want {
			t.Errorf("%q finds %q: %v, want %v", tt.pattern, tt.text, got, tt.want)
		}
	}
	if _, err := basic("[a"); err == nil {
		t.Error("a bracket that does not end is taken")
	}
}

func TestMask(t *testing.T) {
	const text = "<nvpair name=\"password\" value=\"a\"/> value=\"b\"\n<nvpair name=\"user\" value=\"c\"/>\n<nvpair name=\"port\" value=\"d\"/>"
	got, err := mask(text, "passw.* user")
	want := "<nvpair name=\"password\" value=\"****\"/> value=\"b\"\n<nvpair name=\"user\" value=\"****\"/>\n<nvpair name=\"port\" value=\"d\"/>"
	if err != nil || got != want {
		t.Errorf("got %q, %v", got, err)
	}
	for _, wrong := range []string{"a/b", "[a"} {
		if got, err := mask(text, wrong); err == nil || got != "" {
			t.Errorf("%q leaves %q, %v", wrong, got, err)
		}
	}
}

// TestPeriod cuts two hours out of three logs, the oldest packed.
func TestPeriod(t *testing.T) {
	now := time.Date(2026, 11, 23, 18, 0, 0, 0, time.Local)
	dir := t.TempDir()
	log := filepath.Join(dir, "x.log")
	for i, name := range []string{log, log + ".1", log + ".2.bz2"} {
		var text strings.Builder
		for minute := range 60 {
			at := now.Add(time.Duration(minute-60*(i+1)) * time.Minute)
			fmt.Fprintf(&text, "%s node1 line %d of %d\n", at.Format(time.Stamp), minute, i)
		}
		var b bytes.Buffer
		if err := pack(&b, name, text.String()); err != nil {
			t.Fatal(err)
		}
		written := now.Add(-time.Duration(i) * time.Hour)
		if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(name, written, written); err != nil {
			t.Fatal(err)
		}
	}
	n, said := testNode(now)
	got := n.logPeriod(log, now.Add(-150*time.Minute).Unix(), now.Add(-30*time.Minute).Unix())
	lines := strings.Split(strings.TrimSuffix(got, "\n"), "\n")
	if len(lines) != 121 || !strings.HasSuffix(lines[0], "line 30 of 2") || !strings.HasSuffix(lines[120], "line 30 of 0") {
		t.Errorf("%d lines, from %q to %q", len(lines), lines[0], lines[len(lines)-1])
	}
	want := "node1:      Including all logs after line 31 from " + log + ".2.bz2\nnode1:      Including segment [1-31] from " + log + "\n"
	if said.String() != want {
		t.Errorf("said %q, want %q", said, want)
	}
	if got := n.logPeriod(log, now.Unix()+100, now.Unix()+200); got != "" {
		t.Errorf("of a time to come there is %q", got)
	}
}

func TestNodeNames(t *testing.T) {
	if got := nodeNames("<nodes>\n <node id=\"1\" uname=\"a\"/>\n <node uname=\"b\" id=\"2\">\n</nodes>\n"); got != "a b " {
		t.Errorf("got %q", got)
	}
}

func TestEvents(t *testing.T) {
	log := "x\nAdo_state_transition\npacemaker-controld y crm_update_quorum\ncrm_update_quorum alone\npacemaker-execd rsc:start\n"
	if got := events([]byte(log)); got != "Ado_state_transition\npacemaker-controld y crm_update_quorum\npacemaker-execd rsc:start\n" {
		t.Errorf("got %q", got)
	}
}
