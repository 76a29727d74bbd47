package blackbox

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/logsys"
)

func TestPrint(t *testing.T) {
	dir := t.TempDir()
	s := logsys.New(logsys.Options{Stderr: io.Discard, DevLog: filepath.Join(dir, "none")})
	if err := s.Configure(logsys.Config{Blackbox: true}); err != nil {
		t.Fatal(err)
	}
	s.Logger("MAIN").Logf(loglevel.Notice, "a line of 100%%")
	if err := s.Dump(dir); err != nil {
		t.Fatal(err)
	}
	s.Close()
	file := filepath.Join(dir, "fdata")
	var out, errs bytes.Buffer
	if status := Main([]string{"corosync-blackbox", file}, nil, &out, &errs); status != 0 || errs.Len() > 0 {
		t.Errorf("status %d, %s", status, &errs)
	}
	if got := out.String(); !strings.HasPrefix(got, "Dumping the contents of "+file+"\nnotice  ") || !strings.Contains(got, ": a line of 100%") {
		t.Errorf("got %q", got)
	}
	if err := os.WriteFile(file, []byte("rubbish"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, f := range []string{file, filepath.Join(dir, "nothing")} {
		if status := Main([]string{"corosync-blackbox", f}, nil, &out, &errs); status != 1 || errs.Len() == 0 {
			t.Errorf("%s: status %d, %s", f, status, &errs)
		}
	}
}
