package crmreport

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// analyze compares what the nodes should agree about. A file that is the same on all is kept once.
func (r *report) analyze() {
	var said strings.Builder
	for _, f := range []string{membersFile, cibFile, statusFile, sysinfoFile} {
		fmt.Fprintf(&said, "Diff %s... ", f)
		if found, err := filepath.Glob(filepath.Join(r.folder, "*", f)); err != nil || len(found) == 0 {
			fmt.Fprintf(&said, "no %s/*/%s :/\n", r.folder, f)
			continue
		}
		differences, same := r.compare(f)
		said.WriteString(differences)
		if !same {
			said.WriteString("\n")
			continue
		}
		said.WriteString("OK\n")
		if f != cibFile {
			r.consolidate(f)
		}
	}
	r.write(analysisFile, said.String())
}

// compare tells how a file differs on the other nodes from the first's.
func (r *report) compare(f string) (said string, same bool) {
	same = true
	first := ""
	for _, n := range strings.Fields(r.nodes) {
		r.last = n
		if first == "" {
			first = n
			continue
		}
		text, ok := r.differ(filepath.Join(r.folder, first, f), filepath.Join(r.folder, n, f))
		said += text
		same = same && ok
	}
	return said, same
}

func (r *report) differ(a, b string) (said string, same bool) {
	for _, f := range []string{a, b} {
		if !isFile(f) {
			return f + " does not exist\n", false
		}
	}
	if filepath.Base(a) != cibFile {
		return r.run2("diff", "-u", a, b)
	}
	for _, state := range []string{"RUNNING", "STOPPED"} {
		first, second := isFile(filepath.Join(filepath.Dir(a), state)), isFile(filepath.Join(filepath.Dir(b), state))
		if first && !second {
			return "can't compare cibs from running and stopped systems\n", true
		}
	}
	if !installed("crm_diff") {
		r.log("crm_diff(8) not found, cannot diff CIBs")
		return "", true
	}
	return r.run2("crm_diff", "-c", "-n", a, "-o", b)
}

// run2 is what a program that compares says, and whether it finds no difference.
func (r *report) run2(name string, args ...string) (string, bool) {
	out, err := r.command(name, args...).Output()
	var status *exec.ExitError
	if err != nil && !errors.As(err, &status) {
		r.missing(r.Err, name, err)
	}
	return string(out), err == nil
}

// consolidate keeps one of the nodes' equal files and links to it.
func (r *report) consolidate(f string) {
	for _, n := range strings.Fields(r.nodes) {
		r.last = n
		shared, own := filepath.Join(r.folder, f), filepath.Join(r.folder, n, f)
		var err error
		if isFile(shared) {
			err = os.Remove(own)
		} else {
			err = os.Rename(own, shared)
		}
		if err = errors.Join(err, os.Symlink("../"+f, own)); err != nil {
			fmt.Fprintf(r.Err, "%s: %s\n", r.name, err)
		}
	}
}
