//go:build interop

package cibschema

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

var refresh = flag.Bool("refresh", false, "write the goldens of cib/schema")

// oracle is the reference's library in a process.
type oracle struct {
	t       testing.TB
	in      io.Writer
	out     *bufio.Reader
	scratch string // the file that documents are handed over in
}

// answer is what the library makes of a document.
type answer struct {
	rc, version int
	text, said  string
}

func newOracle(t testing.TB) *oracle {
	t.Helper()
	dir := t.TempDir()
	bin := filepath.Join(dir, "oracle")
	if out, err := exec.Command("gcc", "-O1", "-o", bin, "testdata/oracle.c", "-l:libcrmcommon.so.34", "-l:libxml2.so.2").CombinedOutput(); err != nil {
		t.Fatalf("gcc: %v\n%s", err, out)
	}
	cmd := exec.Command(bin)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	return &oracle{t: t, in: in, out: bufio.NewReader(out), scratch: filepath.Join(dir, "cib.xml")}
}

// ask makes a request of oracle.c about a file.
func (o *oracle) ask(request, file string) answer {
	o.t.Helper()
	var a answer
	var text, said int
	if _, err := fmt.Fprintln(o.in, request, file); err != nil {
		o.t.Fatal(err)
	}
	if _, err := fmt.Fscanf(o.out, "%d %d %d %d\n", &a.rc, &a.version, &text, &said); err != nil {
		o.t.Fatalf("the reference died of %s %s: %v", request, file, err)
	}
	b := make([]byte, text+said)
	if _, err := io.ReadFull(o.out, b); err != nil {
		o.t.Fatal(err)
	}
	a.text, a.said = string(b[:text]), string(b[text:])
	return a
}

// about makes a request about a text.
func (o *oracle) about(request string, xml []byte) answer {
	o.t.Helper()
	if err := os.WriteFile(o.scratch, xml, 0o600); err != nil {
		o.t.Fatal(err)
	}
	return o.ask(request, o.scratch)
}
