package procstat

import (
	"os"
	"path/filepath"
	"testing"
)

func TestSource(t *testing.T) {
	dir := t.TempDir()
	put := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s := Source{Root: dir}
	if _, err := s.MemoryUsed(); err == nil {
		t.Error("no meminfo, no error")
	}
	if _, err := s.Load15(); err == nil {
		t.Error("no loadavg, no error")
	}
	put("meminfo", "MemTotal:  1000 kB\nMemFree:  200 kB\nCached: 500 kB\nSwapTotal: 1000 kB\nSwapFree: 800 kB\nHugePages:\n")
	put("loadavg", "0.10 0.20 1.75 1/100 4711\n")
	if v, err := s.MemoryUsed(); v != 50 || err != nil {
		t.Errorf("memory %d, %v, want 50", v, err)
	}
	if v, err := s.Load15(); v != 1.75 || err != nil {
		t.Errorf("load %v, %v, want 1.75", v, err)
	}
	put("meminfo", "MemFree: 200 kB\n")
	put("loadavg", "0.10\n")
	if _, err := s.MemoryUsed(); err == nil {
		t.Error("more free than there is, no error")
	}
	if _, err := s.Load15(); err == nil {
		t.Error("short loadavg, no error")
	}
}
