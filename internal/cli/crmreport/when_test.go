package crmreport

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestParseTime reads what Perl's Date::Parse makes of texts: each line of the golden has the time in seconds, "-" for
// none, and the text, as they were on the day given in the first. interop-tests/report refreshes it.
func TestParseTime(t *testing.T) {
	f, err := os.Open("testdata/times.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	if !lines.Scan() {
		t.Fatal("an empty golden")
	}
	seconds, err := strconv.ParseInt(lines.Text(), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(seconds, 0).UTC()
	count := 0
	for lines.Scan() {
		want, text, _ := strings.Cut(lines.Text(), " ")
		got := "-"
		if at, ok := parseTime(text, now); ok {
			got = fmt.Sprint(at)
		}
		if got != want {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
		count++
	}
	if err := lines.Err(); err != nil || count == 0 {
		t.Fatalf("%d lines, %v", count, err)
	}
}
