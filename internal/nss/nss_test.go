package nss

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// directory is a getent with one more user and group than the files have, which counts how often it is asked.
const directory = `#!/bin/sh
dir=$(dirname "$0")
echo "$*" >>"$dir/asked"
case "$*" in
"-- passwd dora"|"-- passwd 5000") echo "dora:*:5000:6000:Dora:/home/dora:/bin/sh" ;;
"-- passwd 5") echo "other:*:7:6000::/:/bin/sh" ;;
"-- group staff") echo "staff:*:6001:dora,anna" ;;
"-- initgroups dora") echo "dora                  6001 7" ;;
"-- passwd broken") exit 3 ;;
*) exit 2 ;;
esac
`

func made(t *testing.T, services string) (*source, *time.Time) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"passwd":        "root:x:0:0:root:/root:/bin/sh\n# odd\nanna:x:1000:105::/:\nbad:x:-1:0::/:\n",
		"group":         "root:x:0:\nhaclient:x:105:ben,anna\nops:x:7:dora\n",
		"nsswitch.conf": "# a comment\npasswd: " + services + "\ngroup:\t" + services + " # and another\n",
		"getent":        directory,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	now := time.Unix(1e9, 0)
	return &source{dir: dir, getent: filepath.Join(dir, "getent"), now: func() time.Time { return now }}, &now
}

func asked(s *source) int {
	b, _ := os.ReadFile(filepath.Join(s.dir, "asked"))
	return strings.Count(string(b), "\n")
}

func TestFiles(t *testing.T) {
	for _, services := range []string{"files", "compat", "files [NOTFOUND=return]"} {
		s, _ := made(t, services)
		if u, err := s.user("anna"); err != nil || u != (User{"anna", 1000, 105}) {
			t.Errorf("%+v, %v", u, err)
		}
		if u, err := s.userID(0); err != nil || u.Name != "root" {
			t.Errorf("%+v, %v", u, err)
		}
		if g, err := s.group("haclient"); err != nil || g.GID != 105 || !slices.Equal(g.Members, []string{"ben", "anna"}) {
			t.Errorf("%+v, %v", g, err)
		}
		if _, err := s.user("dora"); !errors.Is(err, ErrUnknown) {
			t.Error(err)
		}
		if _, err := s.user("bad"); !errors.Is(err, ErrUnknown) {
			t.Error(err)
		}
		if ids, err := s.groupIDs("dora"); err != nil || !slices.Equal(ids, []uint32{7}) {
			t.Errorf("%v, %v", ids, err)
		}
		if n := asked(s); n > 0 {
			t.Errorf("%s: getent was asked %d times", services, n)
		}
	}
}

func TestDirectory(t *testing.T) {
	s, now := made(t, "files sss")
	if u, err := s.user("anna"); err != nil || u.UID != 1000 || asked(s) != 0 {
		t.Errorf("%+v, %v", u, err)
	}
	dora := User{"dora", 5000, 6000}
	if u, err := s.user("dora"); err != nil || u != dora {
		t.Errorf("%+v, %v", u, err)
	}
	if u, err := s.userID(5000); err != nil || u != dora {
		t.Errorf("%+v, %v", u, err)
	}
	if g, err := s.group("staff"); err != nil || g.GID != 6001 || !slices.Contains(g.Members, "dora") {
		t.Errorf("%+v, %v", g, err)
	}
	if ids, err := s.groupIDs("dora"); err != nil || !slices.Equal(ids, []uint32{7, 6001}) {
		t.Errorf("%v, %v", ids, err)
	}
	if _, err := s.userID(5); !errors.Is(err, ErrUnknown) {
		t.Errorf("somebody else is taken for it: %v", err)
	}
	if _, err := s.user("broken"); err == nil || errors.Is(err, ErrUnknown) {
		t.Error(err)
	}

	// Answers hold for a while, also that there is nobody.
	for range 3 {
		if _, err := s.user("nobody's"); !errors.Is(err, ErrUnknown) {
			t.Error(err)
		}
	}
	before := asked(s)
	*now = now.Add(fresh)
	if _, err := s.user("nobody's"); !errors.Is(err, ErrUnknown) || asked(s) != before+1 {
		t.Errorf("%v, %d times asked, before %d", err, asked(s), before)
	}
	for _, name := range []string{"", "a:b", "a\nb", "a\x00"} {
		if _, err := s.user(name); !errors.Is(err, ErrUnknown) || asked(s) != before+1 {
			t.Errorf("%q: %v", name, err)
		}
	}
}
