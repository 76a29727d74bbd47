//go:build interop

package demo

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

// nobody is a user without rights.
const nobody = 65534

// TestDemo: the demo shows what it is to show, and leaves nothing behind.
func TestDemo(t *testing.T) {
	stage, err := lab.Stage()
	if err != nil {
		t.Fatal(err)
	}
	binary, err := os.ReadFile(filepath.Join(stage, "usr/sbin/corosync"))
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "demo")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "ringmaster")
	if err := os.WriteFile(program, binary, 0o755); err != nil {
		t.Fatal(err)
	}
	for path, mode := range map[string]os.FileMode{dir: 0o777, program: 0o755} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(program, "demo", "-once")
	cmd.Dir, cmd.Env = dir, []string{"PATH=/usr/bin:/bin", "TMPDIR=" + dir, "HOME=" + dir}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}, Setpgid: true}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	late := time.AfterFunc(3*time.Minute, func() { _ = cmd.Process.Kill() })
	defer late.Stop()
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s\n%s", err, errs.String(), out.String())
	}
	text := out.String()
	for _, want := range []string{
		"Online: [ node1 node2 node3 ]", "The cluster is up after ", "* Resource Group: shop:", "(ocf:ringmaster:Ticker):\t Started node",
		" crashes, which runs them", "OFFLINE: [ node", "The group runs again after ", " is back after ",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q", want)
		}
	}
	if errs.Len() > 0 {
		t.Errorf("it complains: %s", errs.String())
	}
	if t.Failed() {
		t.Log(text)
	}
	left, err := filepath.Glob(filepath.Join(dir, "ringmaster[0-9]*"))
	if err != nil || len(left) > 0 {
		t.Errorf("it leaves %v (%v)", left, err)
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		environ, err := os.ReadFile(filepath.Join("/proc", e.Name(), "environ"))
		if err == nil && strings.Contains(string(environ), "RINGMASTER_ROOT="+dir) {
			t.Errorf("process %s is left over", e.Name())
		}
	}
}
