package xmlproc

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var at = time.Date(2026, 11, 22, 13, 39, 37, 0, time.UTC)

func TestGoldens(t *testing.T) {
	t.Chdir("testdata")
	files, err := filepath.Glob("*.xml")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, name := range files {
		want, err := os.ReadFile(strings.TrimSuffix(name, "xml") + "conf")
		if err != nil {
			t.Fatal(err)
		}
		got, err := convertFile(name, nil, at)
		if err != nil || got != string(want) {
			t.Errorf("%s: %v\n%s\nwant\n%s", name, err, got, want)
		}
	}
}

func TestBadDocuments(t *testing.T) {
	for _, tt := range []struct{ doc, want string }{
		{"", "in.xml:1: no root element"},
		{"\n<corosync>\n", "in.xml:3: element corosync has no end"},
		{"<corosync>\n</totem>", "in.xml:2: end of element totem"},
		{"<corosync/><corosync/>", "in.xml:1: a second root element"},
		{"<corosync/>text", "in.xml:1: text outside"},
		{"<corosync a='&mine;'/>", "in.xml:1: XML syntax error"},
		{"<?xml version='1.0' encoding='ebcdic'?><corosync/>", "encoding ebcdic is not known"},
	} {
		if _, err := convert(strings.NewReader(tt.doc), "in.xml", at); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: %v, want %q", tt.doc, err, tt.want)
		}
	}
}

func TestStatus(t *testing.T) {
	out := filepath.Join(t.TempDir(), "corosync.conf")
	for _, tt := range []struct {
		args   string
		status int
		stdout string
	}{
		{"", 1, "corosync-xmlproc input_config [output]\n\twhere input_config is valid XML configuration file\n"},
		{"testdata/none", 6, ""},
		{"testdata/stranger.xml", 0, ""},
		{"- -", 0, "# Corosync configuration file generated from - at "},
		{"testdata/sections.xml " + out, 0, ""},
		{"testdata/sections.xml /dev/full", 11, ""},
	} {
		var stdout, stderr bytes.Buffer
		status := Main(append([]string{"corosync-xmlproc"}, strings.Fields(tt.args)...), strings.NewReader("<corosync/>"), &stdout, &stderr)
		if status != tt.status || !strings.HasPrefix(stdout.String(), tt.stdout) || (stderr.Len() > 0) != (status > 1) {
			t.Errorf("%q: status %d, %q, %q", tt.args, status, stdout.String(), stderr.String())
		}
	}
	if b, err := os.ReadFile(out); err != nil || !bytes.Contains(b, []byte("secauth: on")) {
		t.Errorf("%v: %s", err, b)
	}
}

func FuzzConvert(f *testing.F) {
	b, err := os.ReadFile("testdata/sections.xml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(b))
	f.Fuzz(func(t *testing.T, doc string) {
		if out, err := convert(strings.NewReader(doc), "in.xml", at); err != nil && out != "" {
			t.Fatal("both an error and a result")
		}
	})
}
