package secrets

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestValue(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Join(dir, "r"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "r", name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	fails := func(name, want string) {
		t.Helper()
		if v, err := Value(dir, "r", name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %q, %v, want an error with %q", name, v, err, want)
		}
	}
	fails("password", "not found")
	write("password", "geheim \n")
	fails("password", "cannot be read")
	write("password.sign", "00000000000000000000000000000000\n")
	fails("password", "does not match")
	fails("../r/password", "not found")
	write("password.sign", "E8636EA013E682FAF61F56CE1CB1AB5C\n") // md5sum of geheim
	if v, err := Value(dir, "r", "password"); v != "geheim" || err != nil {
		t.Errorf("%q, %v", v, err)
	}
}
