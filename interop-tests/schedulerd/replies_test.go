//go:build interop

package schedulerd

import (
	"bytes"
	"compress/bzip2"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc/frame"
	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

const (
	serviceData = "../../pengine/service/testdata/"
	frameData   = "../../internal/pcmk/ipc/frame/testdata/"
)

// cibs are the configurations that are put to both daemons. The first is that of the
// goldens; it comes twice in a row, and again.
func cibs(t *testing.T) []string {
	t.Helper()
	more, err := filepath.Glob("../../internal/cli/crmsimulate/testdata/*.xml")
	if err != nil || len(more) < 5 {
		t.Fatalf("%d configurations: %v", len(more), err)
	}
	const first = serviceData + "cib.xml"
	return append(append([]string{first, first}, more...), first)
}

// answers are what a daemon has made of the CIBs.
type answers struct {
	acks, replies []string
	kept          string // the files with their contents
	log           string
}

var (
	executed = regexp.MustCompile(` execution-date="\d+"`)
	logHead  = regexp.MustCompile(`(?m)^\w{3} \d\d \d\d:\d\d:\d\d\.\d{3} \S+ (pacemaker-schedulerd)\[\d+\] `)
	// What the two say of themselves, and what the scheduler here leaves out: remarks on
	// numbers, and on a bug of the reference's.
	ownLines = regexp.MustCompile(`(?m)^.*\((?:crm_log_init|crm_exit|crm_signal_dispatch|qb_ipcs_us_withdraw|scan_ll|log_assertion_as)\).*\n`)
)

// serve runs a host's scheduler as pacemakerd does, until the function returned is called.
func serve(l *lab.Lab, h *lab.Host) (stop func()) {
	p := h.Start("setpriv", "--reuid=hacluster", "--regid=haclient", "--clear-groups", daemonPath)
	l.Eventually(10*time.Second, "the scheduler serves", func() bool {
		return strings.Contains(h.ReadFile(pacemakerLog), "accepting connections")
	})
	return func() { p.Stop(10 * time.Second) }
}

func answersOf(t *testing.T, l *lab.Lab, h *lab.Host, bin string, files []string) (a answers) {
	t.Helper()
	h.MustRun("sh", "-c", "rm -rf "+inputs+"/* "+pacemakerLog+" /run/got; mkdir /run/got; chown hacluster:haclient "+inputs)
	stop := serve(l, h)
	args := []string{"ask", "/run/got"}
	for i, f := range files {
		args = append(args, h.Copy(f, fmt.Sprintf("/run/cib.%d.xml", i)))
	}
	h.MustRun(h.Copy(bin, "/run/peer"), args...)
	stop()
	for i := range files {
		for name, to := range map[string]*[]string{"response": &a.acks, "event": &a.replies} {
			raw, err := os.ReadFile(h.Path(fmt.Sprintf("/run/got/%s.%d", name, i)))
			if err != nil {
				t.Fatal(err)
			}
			m, err := frame.Decode(raw)
			if err != nil {
				t.Fatalf("%s to %s: %v", name, files[i], err)
			}
			*to = append(*to, m.Text)
		}
	}
	kept, err := filepath.Glob(h.Path(inputs + "/*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range kept {
		a.kept += filepath.Base(f) + ":\n" + executed.ReplaceAllString(contents(t, f), "") + "\n"
	}
	a.log = ownLines.ReplaceAllString(logHead.ReplaceAllString(h.ReadFile(pacemakerLog), "$1 "), "")
	return a
}

// contents are those of a file, decompressed.
func contents(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err == nil && strings.HasSuffix(name, ".bz2") {
		b, err = io.ReadAll(bzip2.NewReader(bytes.NewReader(b)))
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestReplies puts the same CIBs to the reference's scheduler and to ours, by our client:
// acknowledgements, replies, files and log are the same.
func TestReplies(t *testing.T) {
	l := lab.New(t, 1)
	l.DumpLogs(pacemakerLog)
	h := l.Host(0)
	bin := peer(t)
	files := cibs(t)
	theirs := answersOf(t, l, h, bin, files)
	if *update {
		keepGoldens(t, h)
	}
	h.Lay(daemonPath)
	ours := answersOf(t, l, h, bin, files)
	for i, f := range files {
		if ours.acks[i] != theirs.acks[i] {
			t.Errorf("%s is acknowledged by\n%s\nwith the reference by\n%s", f, ours.acks[i], theirs.acks[i])
		}
		if ours.replies[i] != theirs.replies[i] {
			t.Errorf("reply to %s\n%.2000s\nof the reference\n%.2000s", f, ours.replies[i], theirs.replies[i])
		}
	}
	if ours.kept != theirs.kept {
		t.Errorf("kept: %s", firstDifference(ours.kept, theirs.kept))
	}
	if ours.log != theirs.log {
		t.Errorf("log: %s", firstDifference(ours.log, theirs.log))
	}
}

func firstDifference(ours, theirs string) string {
	a, b := strings.Split(ours, "\n"), strings.Split(theirs, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("line %d is\n%s\nof the reference\n%s", i+1, a[i], b[i])
		}
	}
	return fmt.Sprintf("%d lines, %d of the reference", len(a), len(b))
}

// keepGoldens keeps what the reference has made of the first CIB.
func keepGoldens(t *testing.T, h *lab.Host) {
	t.Helper()
	for _, name := range []string{"response", "event"} {
		raw, err := os.ReadFile(h.Path("/run/got/" + name + ".0"))
		if err == nil {
			err = os.WriteFile(frameData+name+".bin", raw, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
		if m, err := frame.Decode(raw); name == "event" && err == nil {
			if err := os.WriteFile(serviceData+"reply.xml", []byte(m.Text+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := os.WriteFile(serviceData+"pe-input-0.xml", []byte(contents(t, h.Path(inputs+"/pe-input-0.bz2"))), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestLibrary has the reference's library ask both schedulers: it understands the same
// from both. With -update its requests become goldens.
func TestLibrary(t *testing.T) {
	l := lab.New(t, 1)
	l.DumpLogs(pacemakerLog)
	h := l.Host(0)
	script := h.Copy("testdata/ask.py", "/run/ask.py")
	cib := h.Copy(serviceData+"cib.xml", "/run/cib.xml")
	small := h.ReadFile(cib)
	// Larger than any connection, unless it is compressed.
	h.WriteFile("/run/large.xml", strings.Replace(small, `id="a" class`, `id="a" description="`+strings.Repeat("x", 5<<20)+`" class`, 1))
	if *update {
		recorder := h.Start(h.Copy(peer(t), "/run/peer"), "record", "/run", "pengine")
		l.Eventually(10*time.Second, "requests are recorded", func() bool {
			return h.Exec("python3", script, cib, "send").Code == 0
		})
		h.MustRun("python3", script, "/run/large.xml", "send")
		l.Eventually(10*time.Second, "the large request", func() bool {
			_, err := os.Stat(h.Path("/run/request.2"))
			return err == nil
		})
		recorder.Kill()
		for n, name := range map[int]string{1: "request", 2: "packed"} {
			if err := os.WriteFile(frameData+name+".bin", []byte(h.ReadFile(fmt.Sprintf("/run/request.%d", n))), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	var graphs []string
	for _, ours := range []bool{false, true} {
		if ours {
			h.Lay(daemonPath)
		}
		h.MustRun("sh", "-c", "rm -f "+pacemakerLog+"; chown hacluster:haclient "+inputs)
		stop := serve(l, h)
		graphs = append(graphs, h.MustRun("python3", script, cib)+h.MustRun("python3", script, "/run/large.xml"))
		if !ours {
			stop()
			continue
		}
		// The name is taken: a second one ends and says so.
		if r := h.Exec(daemonPath); r.Code != 100 || !strings.Contains(r.Stderr, "inhibiting respawn") {
			t.Errorf("a second scheduler: %d, %s", r.Code, r.Stderr)
		}
		stop()
	}
	if graphs[0] != graphs[1] || !strings.Contains(graphs[1], "transition_graph") {
		t.Errorf("the library has from ours\n%s\nfrom the reference's\n%s", graphs[1], graphs[0])
	}
}
