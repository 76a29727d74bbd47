package qb

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func socket(t *testing.T) int {
	t.Helper()
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	return fd
}

// TestAbstractNameIsPadded: /proc/net/unix shows NULs of a name as "@".
func TestAbstractNameIsPadded(t *testing.T) {
	const name = "qb-address-test"
	a, err := ServiceAddress(name, "")
	if err != nil {
		t.Fatal(err)
	}
	if a.Path() != "" {
		t.Errorf("path %q", a.Path())
	}
	fd := socket(t)
	if err := a.Bind(fd); err != nil {
		t.Fatal(err)
	}
	table, err := os.ReadFile("/proc/net/unix")
	if err != nil {
		t.Fatal(err)
	}
	if want := "@" + name + strings.Repeat("@", 107-len(name)) + "\n"; !strings.Contains(string(table), want) {
		t.Errorf("%q is not bound", want)
	}
	if err := a.Connect(socket(t)); err != nil {
		t.Error(err)
	}
}

func TestFilesystemAddress(t *testing.T) {
	dir := t.TempDir()
	a, err := ServiceAddress("cpg", dir)
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(dir, "cpg"); a.Path() != want {
		t.Errorf("path %q, want %q", a.Path(), want)
	}
	if err := a.Bind(socket(t)); err != nil {
		t.Fatal(err)
	}
	if err := a.Connect(socket(t)); err != nil {
		t.Error(err)
	}
}

func TestAddressRefuses(t *testing.T) {
	long := strings.Repeat("x", 107)
	for _, tt := range []struct{ name, dir string }{
		{"", ""}, {"a/b", ""}, {"a\x00", ""}, {long, ""}, {strings.Repeat("x", 300), ""},
		{"cpg", "/" + long}, {"../cpg", "/tmp"},
	} {
		if _, err := ServiceAddress(tt.name, tt.dir); err == nil {
			t.Errorf("%q in %q: no error", tt.name, tt.dir)
		}
	}
	if _, err := Abstract(long[:106]); err != nil {
		t.Error(err)
	}
}
