package schedulerd

import (
	"bytes"
	"compress/bzip2"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/pengine/service"
)

// TestOutput has what the reference prints, of which metadata.xml is a part.
func TestOutput(t *testing.T) {
	b, err := os.ReadFile("testdata/metadata.xml")
	if err != nil {
		t.Fatal(err)
	}
	document := string(b)
	const header = `<pacemaker-result api-version="2.25" request="` + name
	for _, tt := range []struct {
		args           string
		stdout, stderr string
		code           int
	}{
		{"metadata", document, "", 0},
		{"METADATA", document, "", 0},
		{"--output-as=xml metadata", header + " --output-as=xml metadata\">\n  <metadata><![CDATA[" + document + "]]></metadata>\n  <status code=\"0\" message=\"OK\"/>\n</pacemaker-result>\n", "", 0},
		{"--output-as=none metadata", "", "", 0},
		{"--version", "Pacemaker 2.1.5\nWritten by Andrew Beekhof and the Pacemaker project contributors\n", "", 0},
		{"foo", "", name + ": Unsupported extra command line parameters\n", 64},
		{"metadata foo", "", name + ": Unsupported extra command line parameters\n", 64},
		{"--foo", "", name + ": Unknown option --foo\n", 64},
		{"--output-as=bad", "", name + ": Error creating output format bad: Unknown output format\n", 100},
		{"foo --output-as=xml", header + " foo --output-as=xml\">\n  <status code=\"64\" message=\"Incorrect usage\">\n    <errors>\n      <error>" + name + ": Unsupported extra command line parameters</error>\n    </errors>\n  </status>\n</pacemaker-result>\n", "", 64},
	} {
		var stdout, stderr bytes.Buffer
		code := Main(append([]string{name}, strings.Fields(tt.args)...), nil, &stdout, &stderr)
		if code != tt.code || stdout.String() != tt.stdout || stderr.String() != tt.stderr {
			t.Errorf("%s: %d\n%s%s", tt.args, code, stdout.String(), stderr.String())
		}
	}
}

func TestStore(t *testing.T) {
	s := store{dir: t.TempDir(), log: loglevel.Discard}
	series := service.Series{Name: "pe-input"}
	if n := s.last(series); n != 0 {
		t.Errorf("last of nothing: %d", n)
	}
	in := &service.Input{Path: filepath.Join(s.dir, series.File(7)), Series: series, Next: 8, Document: []byte("<cib/>\n")}
	for range 2 { // the second replaces the first
		s.keep(in)
		f, err := os.Open(in.Path)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(bzip2.NewReader(f))
		if err != nil || string(got) != "<cib/>\n" {
			t.Errorf("kept %q, %v", got, err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if n := s.last(series); n != 8 {
			t.Errorf("last: %d", n)
		}
	}
	files, err := os.ReadDir(s.dir)
	if err != nil || len(files) != 2 {
		t.Errorf("%v, %v", files, err)
	}
	if err := os.WriteFile(filepath.Join(s.dir, series.LastFile()), []byte("odd"), 0o600); err != nil {
		t.Fatal(err)
	}
	if n := s.last(series); n != 0 {
		t.Errorf("last of something odd: %d", n)
	}
	s.keep(&service.Input{Path: "/nowhere/pe-input-1.bz2", Series: series}) // is only said
}
