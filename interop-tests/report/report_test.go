//go:build interop

// Package report_test compares the reference's crm_report with ours, on the same cluster one after the other: what they
// print, their statuses, and what is in the reports, over a cluster whose nodes have different implementations. So each
// collects from nodes of the other's.
package report_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
	"github.com/ringmaster-ha/ringmaster/interop-tests/mix"
)

func TestMain(m *testing.M) {
	switch filepath.Base(os.Args[0]) {
	case "ssh":
		status, err := client(os.Args[1:])
		if err != nil {
			fmt.Fprintln(os.Stderr, "ssh:", err)
			status = 255
		}
		os.Exit(status)
	case "sshd":
		fmt.Fprintln(os.Stderr, server())
		os.Exit(1)
	}
	lab.Init()
	os.Exit(m.Run())
}

const (
	theirs = "/run/reference/crm_report"
	ours   = "/mnt/usr/sbin/crm_report"
)

// fixed is a log that does not grow while it is read, with a line of each kind that matters and one without a time.
func fixed(now time.Time) string {
	var b strings.Builder
	for i := -3600; i <= 0; i += 10 {
		at := now.Add(time.Duration(i) * time.Second).UTC().Format("Jan _2 15:04:05")
		text := "pacemakerd [1] (main) info: nothing"
		switch {
		case i%300 == 0:
			text = "pacemaker-controld [2] (do_state_transition) notice: State transition S_IDLE"
		case i%70 == 0:
			text = `pacemaker-based [3] (xml) info: <nvpair name="password" value="secret"/> value="open"`
		case i%110 == 0:
			text = "corosync [4] CRIT: something broke"
		case i%130 == 0:
			text = "pacemaker-execd [5] (log) ERROR: trouble with rsc:start"
		}
		fmt.Fprintf(&b, "%s node1 %s\n", at, text)
		if i%500 == 0 {
			b.WriteString("  and a line that goes on\n")
		}
	}
	return b.String()
}

// varies is what two runs differ in.
var varies = []struct {
	re   *regexp.Regexp
	with string
}{
	// The shells' own words, and find's about the machine that runs the test.
	{regexp.MustCompile(`(?m)^find: .*\n`), ""},
	{regexp.MustCompile(`(?m)^\S+: (?:line )?\d+: (\S+: command not found|cannot create .*)$`), "$1"},
	{regexp.MustCompile(`(?m)^crm_report: (\S+: command not found)$`), "$1"},
	{regexp.MustCompile(`Mark:pcmk:\d+`), "MARK"},
	{regexp.MustCompile(`\d\d:\d\d(:\d\d(\.\d+)?)?`), "TIME"},
	{regexp.MustCompile(`(?m)^Last updated.*|(Last change:|last_change=).*`), "$1"},
	{regexp.MustCompile(`LOG_END=\d+|collector \d+`), ""},
}

func masked(text string) string {
	for _, v := range varies {
		text = v.re.ReplaceAllString(text, v.with)
	}
	return text
}

// contents are the files of a report, by name. What tells of the moment is only told to be there.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		name := strings.TrimPrefix(path, dir+"/")
		if e.Type()&fs.ModeSymlink != 0 {
			target, err := os.Readlink(path)
			files[name] = "-> " + target
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		switch base := filepath.Base(name); {
		case base == "collector" || base == "corosync.dump" || base == "corosync-blackbox-live.txt" || strings.HasSuffix(base, ".blackbox"):
			text = []byte("present")
		case base == "sysstats.txt":
			var kept []string
			for _, line := range strings.Split(string(text), "\n") {
				if strings.HasPrefix(line, "+ ") || strings.Contains(line, "command not found") {
					kept = append(kept, line)
				}
			}
			text = []byte(strings.Join(kept, "\n"))
		case strings.HasSuffix(base, ".bz2"):
			if text, err = exec.Command("bzip2", "-dc", path).Output(); err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
		}
		files[name] = masked(string(text))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// run runs a crm_report on the first node, and takes its folder, if it leaves one, away.
func run(t *testing.T, h *lab.Host, program string, args []string) (said string, files map[string]string) {
	t.Helper()
	began := time.Now()
	r := h.Exec("env", append([]string{"PATH=/run/shell:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/tmp/home", program}, args...)...)
	t.Logf("%s %q: %v", program, args, time.Since(began).Round(time.Millisecond))
	said = masked(fmt.Sprintf("status %d\nstdout:\n%s\nstderr:\n%s", r.Code, r.Stdout, r.Stderr))
	if _, err := h.Run("test", "-e", "/tmp/out.tar.bz2"); err == nil {
		h.MustRun("tar", "-C", "/tmp", "-xf", "/tmp/out.tar.bz2")
	}
	if _, err := h.Run("test", "-d", "/tmp/out"); err != nil {
		return said, nil
	}
	dir := t.TempDir()
	var tar bytes.Buffer
	cmd := h.Command("tar", "-C", "/tmp", "-cf", "-", "out")
	cmd.Stdout = &tar
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	unpack := exec.Command("tar", "-C", dir, "-xf", "-")
	unpack.Stdin = &tar
	if out, err := unpack.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	h.MustRun("rm", "-rf", "/tmp/out", "/tmp/out.tar.bz2")
	return said, contents(t, filepath.Join(dir, "out"))
}

func compare(t *testing.T, h *lab.Host, args ...string) map[string]string {
	t.Helper()
	wantSaid, want := run(t, h, theirs, args)
	gotSaid, got := run(t, h, ours, args)
	if wantSaid != gotSaid {
		t.Errorf("%q differ in what they say:\n%s", args, mix.Difference(wantSaid, gotSaid))
	}
	for name := range want {
		if _, ok := got[name]; !ok {
			t.Errorf("%q: ours has no %s", args, name)
		} else if got[name] != want[name] {
			t.Errorf("%q: %s differs:\n%s", args, name, mix.Difference(want[name], got[name]))
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%q: only ours has %s:\n%s", args, name, got[name])
		}
	}
	return got
}

func form(t *testing.T, kinds []lab.Kind) *lab.Lab {
	l := lab.New(t, len(kinds))
	l.WriteFile("/etc/corosync/corosync.conf", lab.Ring{Transport: "udpu"}.Conf(l.Hosts()))
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for i, h := range l.Hosts() {
		h.MustRun("mkdir", "-p", "/run/reference", "/run/shell", "/tmp/home")
		h.MustRun("cp", "/usr/sbin/crm_report", theirs)
		if kinds[i] == lab.Go {
			h.Use(lab.Go)
			h.LayPacemaker()
		}
		ssh := h.Copy(self, "/tmp/shell/ssh")
		h.MustRun("cp", ssh, "/run/shell/ssh")
		h.MustRun("cp", ssh, "/run/shell/sshd")
		h.Start("env", "HOME=/tmp/home", "/run/shell/sshd")
		h.StartCorosync()
	}
	l.Form(l.Hosts()...)
	for _, h := range l.Hosts() {
		h.StartPacemaker()
	}
	last, same := "", 0
	l.Eventually(60*time.Second, "all are online and idle", func() bool {
		out := l.Host(0).Exec("crm_mon", "-1").Stdout
		dc := regexp.MustCompile(`Current DC: (node\d)`).FindStringSubmatch(out)
		if dc == nil || !strings.Contains(out, "Online: [ node1 node2 node3 ]") || !strings.Contains(l.Host(0).Exec("crmadmin", "-S", dc[1]).Stdout, "S_IDLE") {
			same = 0
			return false
		}
		if cib := l.Host(0).Exec("cibadmin", "-Ql").Stdout; cib != last {
			last, same = cib, 0
			return false
		}
		same++
		return same == 3
	})
	return l
}

func TestReport(t *testing.T) {
	mixtures := []string{"CGoC"}
	if os.Getenv("RINGMASTER_WHOLE") != "" {
		mixtures = []string{"CCC", "GoGoGo", "CGoC", "GoCGo"}
	}
	for _, mixture := range mixtures {
		t.Run(mixture, func(t *testing.T) { play(t, lab.Kinds(mixture)) })
	}
}

func play(t *testing.T, kinds []lab.Kind) {
	l := form(t, kinds)
	h := l.Host(0)
	now := time.Now()
	for _, o := range l.Hosts() {
		for name, text := range map[string]string{"fixed.log": fixed(now), "fixed.log.1": fixed(now.Add(-time.Hour)), "fixed.log.2": fixed(now.Add(-2 * time.Hour))} {
			o.WriteFile("/var/log/"+name, text)
		}
		o.MustRun("sh", "-c", "cd /var/log && touch -d '3 hours ago' fixed.log.2 && touch -d '2 hours ago' fixed.log.1 && bzip2 fixed.log.2 && touch -d '1 hour ago' fixed.log")
		// Of the time of the report: an input with a secret in it, and a file that looks like a core.
		o.MustRun("sh", "-c", `cd /var/lib/pacemaker && printf '%s\n' '<cib><nvpair id="a" name="passwd" value="secret"/>' '<nvpair name="other" value="seen"/></cib>' | bzip2 >pengine/pe-input-900.bz2 &&
			: >cores/core.1 && touch -d '20 minutes ago' pengine/pe-input-900.bz2 && touch -d '5 hours ago' cores/core.1`)
	}
	// All times of the report are past, so that what is in it stands still.
	at := func(d time.Duration) string { return now.Add(d).UTC().Format(time.DateTime) }
	from, to := at(-30*time.Minute), at(-10*time.Minute)
	for _, args := range [][]string{
		{}, {"-h"}, {"--version"}, {"--features"}, {"-S", "-v"}, {"--bogus"}, {"-Z", "-S"},
		{"-S"}, {"-f", "nonsense", "-S"}, {"-f", "2026-11-23", "-S"}, {"-f", "13:61:00", "-S"},
		{"-S", "-f", from, "-d", "--dest", "/tmp"},
		{"-n", "nosuch", "-f", from, "-t", to, "-d", "--dest", "/tmp/out"},
		{"-n", "nosuch", "-f", from, "-t", to, "-e", "false", "-V", "/tmp/out"},
		{"-T", "7", "-S"},
	} {
		compare(t, h, args...)
	}
	if t.Failed() {
		return
	}
	files := compare(t, h, "-V", "-M", "-l", "/var/log/fixed.log", "-f", from, "-t", to, "-L", "S_IDLE or more", "-p", "open", "/tmp/out")
	for i := range kinds {
		for _, f := range []string{"pengine/pe-input-900.bz2", "cib.xml", "cib.xml.live", "corosync.conf", "RUNNING", "fixed.log.extract.txt", "events.txt", "report.out"} {
			if name := fmt.Sprintf("node%d/%s", i+1, f); files[name] == "" {
				t.Errorf("there is no %s in what both have", name)
			}
		}
	}
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	t.Logf("%d files: %q", len(names), names)
	for name, text := range files {
		if strings.Contains(text, `"secret"`) {
			t.Errorf("a secret is left in %s", name)
		}
	}
	// Over three logs, one of them packed, by whatever the node is configured to log to.
	files = compare(t, h, "-V", "-S", "-d", "-l", "/var/log/fixed.log", "-f", at(-150*time.Minute), "-t", to, "/tmp/out")
	if log := files["node1/fixed.log.extract.txt"]; strings.Count(log, "\n") < 800 {
		t.Errorf("of three logs there is only %q", log)
	}
}
