// Package crmreport is crm_report(8): it gathers what there is to know about a cluster's problem into one archive, from
// all nodes (the reference's tools/crm_report.in, report.collector.in and report.common.in, which are shell scripts).
//
// A run is one of two: the report on the node that it is called on, and the collector, which runs on each node and
// lays that node's files into a folder of the node's name. What is a collector's to know is its settings.
//   - The node itself is collected in this process.
//   - Another node is sent a script by ssh, in the very command that the reference uses: it stores the script and has
//     bash run it. Ours holds the settings, under the names that the reference's collector knows them by, and then
//     chooses by what is installed there: "crm_report --collector", when that node's crm_report is ours, which reads the
//     settings from its environment, or else the reference's own report.common and report.collector in
//     /usr/share/pacemaker. Either way a tar of the node's folder comes back. The reference, in its turn, sends nodes
//     of ours its whole collector, which finds there the programs that it calls, as it does on its own.
//
// Files: options.go reads the command line, report.go is the report and cts.go its form for tests of the cluster test
// suite, analyze.go compares the nodes, collect.go is the collector with config.go, system.go, cores.go and sanitize.go
// for what it collects, logs.go finds logs and cuts a period out of them with when.go, which reads times, and archive.go
// packs. Where the script's texts go through printf, or patterns through sed and grep, so they do here.
package crmreport

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/cli/pcmktool"
	"github.com/ringmaster-ha/ringmaster/internal/cli/script"
	"github.com/ringmaster-ha/ringmaster/internal/root"
)

// Names of files in a report.
const (
	eventsFile     = "events.txt"
	analysisFile   = "analysis.txt"
	clusterLog     = "cluster-log.txt"
	backtraceFile  = "backtraces.txt"
	sysinfoFile    = "sysinfo.txt"
	sysstatsFile   = "sysstats.txt"
	dlmFile        = "dlm_dump.txt"
	statusFile     = "crm_mon.txt"
	membersFile    = "members.txt"
	verifyFile     = "crm_verify.txt"
	permissionFile = "permissions.txt"
	cibFile        = "cib.xml"
	cibTextFile    = "cib.txt"
	drbdFile       = "drbd_info.txt"
	settingsFile   = ".env"
)

// errStopped ends the tool; why is said.
var errStopped = errors.New("stopped")

// node is what a report and a collector have in common: where they are, and how they tell of what they do.
type node struct {
	script.Streams
	host, short string // the name of this node, whole and up to its first dot
	verbose     int
	depth       int // how deep a search of the whole tree goes
	// record is the file that keeps what is said, empty for none.
	record func() string
	// quoted are texts whose quotes have backslashes: a collector runs by bash, whose printf takes these away, and a
	// report by dash, whose does not.
	quoted bool
	now    func() time.Time
}

// Main runs the tool and returns its exit status.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	host, err := os.Hostname()
	if err != nil {
		fmt.Fprintf(stderr, "%s: %s\n", pcmktool.Program(args), err)
		return 1
	}
	short, _, _ := strings.Cut(host, ".")
	n := node{Streams: script.Streams{In: stdin, Out: stdout, Err: stderr}, host: host, short: short, depth: 5, now: time.Now}
	if len(args) > 1 && args[1] == collectorOption {
		return n.remoteCollector(args[2:])
	}
	n.quoted = true
	r := newReport(n, pcmktool.Program(args))
	r.record = r.summary
	ended, status := r.options(args)
	if ended {
		return status
	}
	if err := r.run(); err != nil {
		if !errors.Is(err, errStopped) {
			fmt.Fprintf(stderr, "%s: %s\n", r.name, err)
		}
		return 1
	}
	return 0
}

func (n *node) log(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if !n.quoted {
		text = strings.ReplaceAll(text, `\'`, `'`)
	}
	line := fmt.Sprintf("%-10s  %s\n", n.short+":", text)
	fmt.Fprint(n.Err, line)
	n.keep(line)
}

// keep appends a line to the record; a report whose record cannot be written goes on.
func (n *node) keep(line string) {
	name := n.record()
	if name == "" {
		return
	}
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		return
	}
	defer f.Close()
	_, _ = io.WriteString(f, line)
}

func (n *node) debug(format string, args ...any) {
	if n.verbose > 0 {
		n.log("Debug: "+format, args...)
		return
	}
	quiet := *n
	quiet.Err = io.Discard
	quiet.log("Debug: "+format, args...)
}

func (n *node) warn(format string, args ...any) { n.log("WARN: "+format, args...) }

func (n *node) fatal(format string, args ...any) error {
	n.log("ERROR: "+format, args...)
	return errStopped
}

// command is a program of the system's, whose words are English whatever the user speaks.
func (n *node) command(name string, args ...string) *exec.Cmd {
	c := exec.Command(name, args...)
	c.Env = append(os.Environ(), "LC_ALL=C")
	c.Stderr = n.Err
	return c
}

// output is what a program says, without its complaints when quiet; a program that is not there says nothing.
func (n *node) output(quiet bool, name string, args ...string) string {
	c := n.command(name, args...)
	if quiet {
		c.Stderr = nil
	}
	out, err := c.Output()
	n.missing(c.Stderr, name, err)
	return string(out)
}

// both is what a program says, complaints among it.
func (n *node) both(name string, args ...string) string {
	var b strings.Builder
	c := n.command(name, args...)
	c.Stdout, c.Stderr = &b, &b
	n.missing(&b, name, c.Run())
	return b.String()
}

// missing tells that a program could not be started.
func (n *node) missing(to io.Writer, name string, err error) {
	var status *exec.ExitError
	switch {
	case err == nil || to == nil || errors.As(err, &status):
	case errors.Is(err, exec.ErrNotFound) || errors.Is(err, os.ErrNotExist):
		fmt.Fprintf(to, "crm_report: %s: command not found\n", name)
	default:
		fmt.Fprintf(to, "crm_report: %s: %s\n", name, err)
	}
}

func installed(name string) bool {
	_, err := exec.LookPath(name)
	return err == nil
}

// firstLine is a text's first line.
func firstLine(text string) string {
	line, rest, ok := strings.Cut(text, "\n")
	if ok || rest != "" || line != "" {
		return line + "\n"
	}
	return ""
}

func exists(path string) bool { _, err := os.Stat(path); return err == nil }

func isFile(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.Mode().IsRegular()
}

func isDir(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.IsDir()
}

func filled(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.Size() > 0
}

// search finds by a walk through the whole tree, to the depth that is allowed; folders are read in the order that the file system
// has them, as find(1) does, since the first hit counts.
func (n *node) search(wanted func(path string, entry os.DirEntry) bool) string {
	var walk func(dir string, depth int) string
	walk = func(dir string, depth int) string {
		if depth > n.depth {
			return ""
		}
		f, err := os.Open(dir)
		if err != nil {
			return "" // no right to, or gone: nothing to be found in it
		}
		entries, err := f.ReadDir(-1)
		_ = f.Close()
		if err != nil && len(entries) == 0 {
			return ""
		}
		for _, e := range entries {
			path := filepath.Join(dir, e.Name())
			if wanted(path, e) {
				return path
			}
			if e.IsDir() {
				if hit := walk(path, depth+1); hit != "" {
					return hit
				}
			}
		}
		return ""
	}
	return walk(root.Path("/"), 1)
}
