package host

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/corosyncconf"
)

func TestResolveAddresses(t *testing.T) {
	for _, tt := range []struct {
		name   string
		family corosyncconf.Family
		want   string
	}{
		{"10.0.0.1", corosyncconf.AnyFamily, "10.0.0.1"},
		{"10.0.0.1", corosyncconf.IPv6, ""},
		{"::ffff:10.0.0.1", corosyncconf.IPv4, "10.0.0.1"},
		{"fe80::1%eth0", corosyncconf.IPv6, "fe80::1%eth0"},
		{"fd00::1", corosyncconf.IPv4, ""},
		{"", corosyncconf.AnyFamily, ""},
	} {
		got := ""
		if a := resolve(tt.name, tt.family); len(a) > 0 {
			got = a[0].String()
		}
		if got != tt.want {
			t.Errorf("resolve(%q, %d) = %q, want %q", tt.name, tt.family, got, tt.want)
		}
	}
}

func TestFilesAndAccounts(t *testing.T) {
	dir := t.TempDir()
	for _, err := range []error{
		os.WriteFile(filepath.Join(dir, "b"), nil, 0o600),
		os.Mkdir(filepath.Join(dir, "sub"), 0o700),
		os.Symlink("b", filepath.Join(dir, "a")),
		os.Symlink("nowhere", filepath.Join(dir, "c")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	env := New(dir, nil)
	if names, err := env.ReadDir(dir); !slices.Equal(names, []string{"a", "b"}) || err != nil {
		t.Errorf("ReadDir: %q, %v", names, err)
	}
	if _, err := env.ReadDir(filepath.Join(dir, "b")); err == nil {
		t.Error("a file is a directory")
	}
	if id, ok, err := env.UserID("root"); id != 0 || !ok || err != nil {
		t.Errorf("root is %d, %v, %v", id, ok, err)
	}
	if _, ok, err := env.GroupID("no such group"); ok || err != nil {
		t.Errorf("no such group: %v, %v", ok, err)
	}
}
