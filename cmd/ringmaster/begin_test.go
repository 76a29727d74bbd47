package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Every program is all of them, so that what a package does before main is done by each tool, some
// thousands of times an hour on a busy cluster. What is more than a few pieces of memory
// is made when it is first asked for, by sync.OnceValue.
const (
	ownBytes, ownAllocs = 3 << 10, 16 // of a package of ours
	foreignBytes        = 4 << 10     // of another that is not known
	allBytes            = 192 << 10   // of all
)

// known are packages of others that take more than they should, and what they are needed for.
var known = map[string]string{
	"compress/flate":                                 "cryptography and knet's compression",
	"encoding/xml":                                   "etree",
	"github.com/klauspost/compress/flate":            "knet's compression",
	"github.com/klauspost/compress/internal/snapref": "knet's compression",
	"github.com/ulikunitz/xz":                        "knet's compression",
	"golang.org/x/sys/cpu":                           "cryptography",
	"unicode":                                        "regular expressions",
	"runtime/metrics":                                "crm_simulate",
}

// TestBegin: no program does much before it knows which of all it is.
func TestBegin(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "-test.run=^$")
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	trace, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, trace)
	}
	sum, own := 0, 0
	for line := range strings.Lines(string(trace)) {
		var name string
		var at, clock float64
		var bytes, allocs int
		if _, err := fmt.Sscanf(line, "init %s @%f ms, %f ms clock, %d bytes, %d allocs", &name, &at, &clock, &bytes, &allocs); err != nil {
			continue
		}
		sum += bytes
		switch ours := strings.HasPrefix(name, "github.com/ringmaster-ha/"); {
		case ours:
			own++
			if bytes > ownBytes || allocs > ownAllocs {
				t.Errorf("%s begins with %d bytes in %d pieces, at most %d in %d", name, bytes, allocs, ownBytes, ownAllocs)
			}
		case bytes > foreignBytes && known[name] == "":
			t.Errorf("%s begins with %d bytes, at most %d", name, bytes, foreignBytes)
		}
	}
	if own == 0 || sum > allBytes {
		t.Errorf("%d packages of ours; all begin with %d bytes, at most %d:\n%s", own, sum, allBytes, trace)
	}
}
