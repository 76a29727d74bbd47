package disk

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
)

const now = "Sun Nov 22 12:00:00 2026"

func cib(t testing.TB, epoch int) *etree.Element {
	t.Helper()
	doc, err := xmltree.Parse(fmt.Appendf(nil, `<cib epoch="%d" num_updates="5" admin_epoch="0"><configuration/><status><a/></status></cib>`, epoch), xmltree.DropText)
	if err != nil {
		t.Fatal(err)
	}
	return doc.Root()
}

// stored is a CIB of an epoch as it is on the disk.
func stored(epoch int) string {
	return fmt.Sprintf(`<cib epoch="%d" num_updates="0" admin_epoch="0" cib-last-written="%s"><configuration/></cib>`, epoch, now)
}

// TestFiles: what is in a real folder after two writes.
func TestFiles(t *testing.T) {
	dir := t.TempDir()
	s := Store{FS: Folder(dir), Name: Live}
	for epoch := range 3 {
		if err := s.Write(cib(t, epoch), now); err != nil {
			t.Fatal(err)
		}
	}
	modes := map[string]fs.FileMode{"cib.xml": 0o600, "cib.xml.sig": 0o600, "cib-1.raw": 0o600, "cib-1.raw.sig": 0o600, "cib-2.raw": 0o600, "cib-2.raw.sig": 0o600, "cib.last": 0o640}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != len(modes) {
		t.Errorf("%v %v", entries, err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if want, ok := modes[e.Name()]; err != nil || !ok || info.Mode() != want {
			t.Errorf("%s: %v, want %v %v", e.Name(), info.Mode(), want, err)
		}
	}
	data, err := os.ReadFile(filepath.Join(dir, "cib.xml"))
	want := "<cib epoch=\"2\" num_updates=\"0\" admin_epoch=\"0\" cib-last-written=\"" + now + "\">\n  <configuration/>\n</cib>\n"
	if err != nil || string(data) != want {
		t.Errorf("%s %v", data, err)
	}
	r, err := s.Read()
	if err != nil || text.Line(r.CIB) != stored(2) || r.From != Live {
		t.Errorf("%+v %v", r, err)
	}
}

// TestRotation: after a hundred backups the first is replaced.
func TestRotation(t *testing.T) {
	m := newMemory()
	s := Store{FS: m, Name: Live}
	for epoch := range Backups + 3 {
		if err := s.Write(cib(t, epoch), now); err != nil {
			t.Fatal(err)
		}
	}
	if got := string(m.names[counter].data); got != "3" {
		t.Errorf("the counter is %s", got)
	}
	if len(m.names) != 2*Backups+3-0 {
		t.Errorf("%d files", len(m.names))
	}
	delete(m.names, Live)
	r, err := s.Read()
	if err != nil || r.From != "cib-2.raw" || text.Line(r.CIB) != stored(Backups+1) {
		t.Errorf("%s %v", r.From, err)
	}
}

// TestDamage: what is damaged is not used, but set aside, and the newest backup
// that is whole takes its place.
func TestDamage(t *testing.T) {
	for _, tt := range []struct {
		name   string
		damage func(m *memory)
		from   string
		aside  int
		epoch  int
	}{
		{"nothing", func(*memory) {}, Live, 0, 3},
		{"the file is changed", func(m *memory) { m.edit(Live, "epoch=\"3\"", "epoch=\"9\"") }, "cib-3.raw", 2, 2},
		{"the file is empty", func(m *memory) { m.names[Live].data = nil }, "cib-3.raw", 2, 2},
		{"the file is cut", func(m *memory) { m.names[Live].data = m.names[Live].data[:20] }, "cib-3.raw", 2, 2},
		{"the file is gone", func(m *memory) { delete(m.names, Live) }, "cib-3.raw", 0, 2},
		{"the digest is gone", func(m *memory) { delete(m.names, Live+signature) }, Live, 0, 3},
		{"the digest is empty", func(m *memory) { m.names[Live+signature].data = nil }, "cib-3.raw", 2, 2},
		{"a backup as well", func(m *memory) {
			delete(m.names, Live)
			m.edit("cib-3.raw", "configuration", "konfiguration")
		}, "cib-2.raw", 0, 1},
		{"the counter", func(m *memory) {
			delete(m.names, Live)
			m.names[counter].data = []byte("x")
		}, "cib-3.raw", 0, 2},
		{"all", func(m *memory) {
			for name := range m.names {
				m.names[name] = &inode{data: []byte("<a")}
			}
		}, "", 2, 0},
	} {
		m := newMemory()
		s := Store{FS: m, Name: Live}
		for epoch := range 4 {
			if err := s.Write(cib(t, epoch), now); err != nil {
				t.Fatal(err)
			}
		}
		tt.damage(m)
		r, err := s.Read()
		if err != nil || r.From != tt.from || len(r.SetAside) != tt.aside {
			t.Errorf("%s: from %q, %q set aside, %v, %v", tt.name, r.From, r.SetAside, r.Unusable, err)
			continue
		}
		if tt.from == "" {
			if r.CIB != nil {
				t.Errorf("%s: there is a CIB", tt.name)
			}
		} else if text.Line(r.CIB) != stored(tt.epoch) {
			t.Errorf("%s: %s", tt.name, text.Line(r.CIB))
		}
		if tt.aside > 0 { // then writing goes on
			if err := s.Write(cib(t, 10), now); err != nil {
				t.Errorf("%s: %v", tt.name, err)
			}
		}
	}
}

// TestOnlyBackup: the oldest backup is one too.
func TestOnlyBackup(t *testing.T) {
	m := newMemory()
	s := Store{FS: m, Name: Live}
	for epoch := range 2 {
		if err := s.Write(cib(t, epoch), now); err != nil {
			t.Fatal(err)
		}
	}
	delete(m.names, Live)
	if r, err := s.Read(); err != nil || r.From != "cib-1.raw" {
		t.Errorf("%+v %v", r, err)
	}
}

// TestAwkward: values that escaping changes leave a file that can be read.
func TestAwkward(t *testing.T) {
	c := cib(t, 1)
	c.CreateAttr("x", "é<&\"\n\t")
	c.CreateAttr("y", "\n\t\r\u007f'")
	s := Store{FS: newMemory(), Name: Live}
	if err := s.Write(c, now); err != nil {
		t.Fatal(err)
	}
	if r, err := s.Read(); err != nil || r.From != Live {
		t.Errorf("%+v %v", r, err)
	}
}

// TestFull: an error at any call leaves the CIB that was there, and no temporary files.
func TestFull(t *testing.T) {
	for at := 0; ; at++ {
		m := newMemory()
		s := Store{FS: m, Name: Live}
		for epoch := range 2 {
			if err := s.Write(cib(t, epoch), now); err != nil {
				t.Fatal(err)
			}
		}
		m.calls, m.failAt = 0, at+1
		err := s.Write(cib(t, 2), now)
		failed := m.calls >= m.failAt
		m.failAt = 0
		for name := range m.names {
			if strings.HasPrefix(name, tempPrefix) && name != counter && !strings.HasPrefix(name, Live) && failed && m.removable {
				t.Errorf("call %d: %s is left", at, name)
			}
		}
		r, readErr := s.Read()
		if readErr != nil || r.CIB == nil {
			t.Fatalf("call %d: %+v %v", at, r, readErr)
		}
		got := text.Line(r.CIB)
		switch {
		case err == nil && got != stored(2):
			t.Errorf("call %d: written, and then %s", at, got)
		case err != nil && got != stored(1) && got != stored(2):
			t.Errorf("call %d: %v, and then %s", at, err, got)
		}
		if !failed {
			return
		}
	}
}
