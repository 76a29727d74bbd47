// Package procstat measures memory and load from the kernel's /proc, for
// package mon. A read of /proc does not wait for a disk.
package procstat

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Source reads below a directory, "/proc" when empty.
type Source struct{ Root string }

func (s Source) read(name string) ([]byte, error) {
	root := s.Root
	if root == "" {
		root = "/proc"
	}
	return os.ReadFile(filepath.Join(root, name))
}

// MemoryUsed is the share of memory and swap that is not free, in percent;
// what caches hold counts as used, as libstatgrab counts.
func (s Source) MemoryUsed() (int32, error) {
	b, err := s.read("meminfo")
	if err != nil {
		return 0, err
	}
	var total, free uint64
	for sc := bufio.NewScanner(bytes.NewReader(b)); sc.Scan(); {
		f := strings.Fields(sc.Text())
		if len(f) < 2 {
			continue
		}
		v, err := strconv.ParseUint(f[1], 10, 50)
		if err != nil {
			continue
		}
		switch f[0] {
		case "MemTotal:", "SwapTotal:":
			total += v
		case "MemFree:", "SwapFree:":
			free += v
		}
	}
	if total == 0 || free > total {
		return 0, fmt.Errorf("meminfo: %d kB free of %d", free, total)
	}
	return int32((total - free) * 100 / total), nil
}

// Load15 is the load average of 15 minutes.
func (s Source) Load15() (float64, error) {
	b, err := s.read("loadavg")
	if err != nil {
		return 0, err
	}
	f := strings.Fields(string(b))
	if len(f) < 3 {
		return 0, fmt.Errorf("loadavg: %q", b)
	}
	return strconv.ParseFloat(f[2], 64)
}
