package crmreport

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/cli/blackbox"
)

// backtraces packs the core files of the report's time, and is what gdb makes of them.
func (c *collector) backtraces() string {
	c.debug("Looking for backtraces: %d %d", c.start, c.end)
	var cores []string
	for _, dir := range c.cores {
		cores = append(cores, slices.DeleteFunc(c.between(dir), func(f string) bool { return !strings.HasPrefix(filepath.Base(f), "core") })...)
	}
	if len(cores) == 0 {
		return ""
	}
	for _, f := range cores {
		c.log("Found core file: %s", strings.TrimSuffix(c.output(false, "ls", "-al", f), "\n"))
	}
	var said strings.Builder
	dir := c.path("cores")
	err := os.Mkdir(dir, 0o777)
	for _, f := range cores {
		err = errors.Join(err, copyAll(f, filepath.Join(dir, filepath.Base(f))))
	}
	if err != nil {
		fmt.Fprintf(c.Err, "cp: %s\n", err)
	}
	if archive, err := c.shrink(dir); err == nil {
		said.WriteString(filepath.Base(archive) + "\n")
	}
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintf(c.Err, "rm: %s\n", err)
	}
	for _, f := range cores {
		said.WriteString(c.backtrace(f))
	}
	return said.String()
}

func (c *collector) backtrace(core string) string {
	if !installed("gdb") {
		c.warn("Please install gdb to get backtraces")
		return ""
	}
	program := c.programOf(core)
	if program == "" {
		return ""
	}
	threads := func(instead string) string {
		return c.output(true, "gdb", "-batch", "-n", "-quiet", "-ex", cmp.Or(os.Getenv("BT_OPTS"), instead), "-ex", "quit", program, core)
	}
	return "====================== start backtrace ======================\n" + c.output(false, "ls", "-l", core) +
		threads("thread apply all bt") +
		"====================== start detail ======================\n" +
		threads("thread apply all bt full") +
		"======================= end backtrace =======================\n"
}

// programOf is the path of the program that left a core file.
func (c *collector) programOf(core string) string {
	name := ""
	for line := range strings.Lines(c.output(true, "gdb", "/bin/cat", core)) {
		if f := strings.Fields(line); strings.Contains(line, "Core was generated") && len(f) > 4 {
			name = strings.TrimRight(f[4][1:], ".':")
			break
		}
	}
	if name == "" {
		c.debug("Could not detect the program name for core %s from the gdb output; will try with file(1)", core)
		words := strings.Fields(c.output(true, "file", core))
		if i := slices.Index(words, "from"); i >= 0 && i+1 < len(words) {
			name = strings.NewReplacer("'", "", "`", "", ",", "").Replace(words[i+1])
		}
	}
	for _, path := range []string{name, c.daemons + "/" + name} {
		if name != "" && installed(path) {
			if found := c.output(true, "which", path); found != "" {
				path = strings.TrimSpace(found)
			}
			c.debug("Found the program at %s for core %s", path, core)
			return path
		}
	}
	c.warn("Could not find the program path for core %s", core)
	return ""
}

// blackboxes prints the flight recorders' files of the report's time, by libqb's program or, without it, by our own.
func (c *collector) blackboxes() {
	for _, f := range c.between(c.boxes) {
		name := filepath.Base(f)
		if installed("qb-blackbox") {
			c.put(name+".blackbox", c.both("qb-blackbox", f))
		} else {
			var b bytes.Buffer
			blackbox.Main([]string{"corosync-blackbox", f}, nil, &b, &b)
			c.put(name+".blackbox", b.String())
		}
		c.log("Extracting contents of blackbox: %s", name)
	}
}
