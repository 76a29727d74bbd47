package logsys

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/icmap"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

func TestMain(m *testing.M) {
	time.Local = time.UTC // the goldens' zone
	os.Exit(m.Run())
}

// noon is the goldens' day.
var noon = time.Date(2026, 11, 22, 12, 0, 0, 7e6, time.UTC)

func testSystem(t *testing.T, o Options) *System {
	t.Helper()
	o.Now = func() time.Time { return noon }
	o.PID, o.Host = 58, "cfghost"
	if o.Stderr == nil {
		o.Stderr = io.Discard
	}
	if o.DevLog == "" {
		o.DevLog = filepath.Join(t.TempDir(), "none")
	}
	s := New(o)
	t.Cleanup(s.Close)
	return s
}

// TestLayoutGolden lays out the line that corosync -t logs, for every
// combination of timestamp, fileline and function_name.
func TestLayoutGolden(t *testing.T) {
	f, err := os.Open("testdata/lines.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	stamp := regexp.MustCompile(`^Nov 22 \d\d:\d\d:\d\d(\.\d\d\d)?`)
	pid := regexp.MustCompile(`\[\d+\]`)
	var c Config
	n := 0
	for sc := bufio.NewScanner(f); sc.Scan(); {
		target, line, _ := strings.Cut(sc.Text(), ":")
		if strings.HasPrefix(target, "timestamp=") {
			c = Config{
				FileLine:     strings.Contains(target, "fileline=on"),
				FunctionName: strings.Contains(target, "function_name=on"),
				Timestamp: map[string]Timestamp{"off": TimestampOff, "on": TimestampOn, "hires": TimestampHires}[strings.Fields(
					strings.TrimPrefix(target, "timestamp="))[0]],
			}
			continue
		}
		l := c.layouts(58, "host1")
		r := &record{
			at: noon, level: loglevel.Notice, subsys: &subsystem{name: "MAIN"},
			file: "util.c", line: 132, fn: "_corosync_exit_error",
			text: "Corosync Cluster Engine exiting normally",
		}
		form := l.stderr
		if target == "file" {
			form = l.file
			line = pid.ReplaceAllString(line, "[58]")
		}
		line = stamp.ReplaceAllStringFunc(line, func(s string) string {
			return "Nov 22 12:00:00" + strings.Repeat(".007", strings.Count(s, "."))
		})
		if got := string(form.append(nil, r)); got != line {
			t.Errorf("%+v %s:\n got %q\nwant %q", c, target, got, line)
		}
		n++
	}
	if n != 24 {
		t.Errorf("%d lines, want 24", n)
	}
}

// TestSyslogLine has a line as syslogd received it from the C corosync.
func TestSyslogLine(t *testing.T) {
	c := Config{Timestamp: TimestampOn, FileLine: true, FunctionName: true}
	r := &record{
		at: noon, subsys: &subsystem{name: "MAIN"}, file: "main.c", line: 1397, fn: "main",
		text: "Corosync Cluster Engine 3.1.7 starting up",
	}
	line := c.layouts(58, "h").syslog.append(nil, r)
	const want = "  [MAIN  ] main.c:main:1397 Corosync Cluster Engine 3.1.7 starting up"
	got := string(line)
	if got != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func TestLineIsCut(t *testing.T) {
	c := Config{Timestamp: TimestampOff}
	r := &record{subsys: &subsystem{name: "LONGNAME"}, text: strings.Repeat("x", 600)}
	got := string(c.layouts(1, "h").stderr.append([]byte("before"), r))
	if len(got) != len("before")+maxLine {
		t.Errorf("%d bytes, want %d", len(got)-len("before"), maxLine)
	}
	if !strings.HasPrefix(got, "beforeemerg   [LONGNA] x") {
		t.Errorf("got %.40q", got)
	}
}

func TestLevels(t *testing.T) {
	notice, yes, no, own := loglevel.Notice, true, false, "/log/own"
	base := Default()
	base.File, base.Logfile, base.Blackbox = true, "/log/main", false
	debugged := base
	debugged.Debug = DebugOn
	for _, tt := range []struct {
		name              string
		c                 Config
		sub               *Subsys
		syslog, err, file loglevel.Level
		to                string
	}{
		{"main", base, nil, 6, 6, 6, "/log/main"},
		{"debug of main", debugged, nil, 7, 7, 7, "/log/main"},
		{"a section without debug turns it off", debugged, &Subsys{}, 6, 6, 6, "/log/main"},
		{"trace", base, &Subsys{Debug: DebugTrace}, 8, 8, 8, "/log/main"},
		{"own priorities", base, &Subsys{SyslogPriority: &notice}, 5, 6, 6, "/log/main"},
		{"stderr goes with the file", base, &Subsys{LogfilePriority: &notice}, 6, 5, 5, "/log/main"},
		{"own file", base, &Subsys{Logfile: &own, File: &yes}, 6, 6, 6, own},
		{"own file, off", base, &Subsys{Logfile: &own, File: &no}, 6, 6, none, ""},
		{"the shared file is main's", base, &Subsys{File: &no}, 6, 6, 6, "/log/main"},
	} {
		c := tt.c
		if tt.sub != nil {
			c.Subsys = map[string]Subsys{"X": *tt.sub}
		}
		l := c.levelsOf("X")
		if l.syslog != tt.syslog || l.stderr != tt.err || l.file != tt.file || c.fileOf("X") != tt.to {
			t.Errorf("%s: got %+v to %q", tt.name, l, c.fileOf("X"))
		}
	}
}

func TestFromMap(t *testing.T) {
	for _, tt := range []struct {
		name string
		keys []string
		err  string
		is   func(Config) bool
	}{
		{"nothing", nil, "", func(c Config) bool { d := Default(); return fmt.Sprint(c) == fmt.Sprint(d) }},
		{"file", []string{"to_logfile", "yes", "logfile", "/x"}, "", func(c Config) bool { return c.File && c.Logfile == "/x" }},
		{"to_file alone is not enough", []string{"to_file", "yes", "logfile", "/x"}, "", func(c Config) bool { return !c.File }},
		{"stderr off", []string{"to_stderr", "no"}, "", func(c Config) bool { return !c.Stderr && c.Syslog }},
		{"priority in capitals", []string{"syslog_priority", "ERR"}, "", func(c Config) bool { return c.SyslogPriority == loglevel.Error }},
		{"old priority alone", []string{"syslog_level", "err"}, "", func(c Config) bool { return c.SyslogPriority == loglevel.Info }},
		{"subsystem", []string{"logger_subsys.TOTEM.subsys", "TOTEM", "logger_subsys.TOTEM.debug", "trace"}, "",
			func(c Config) bool { return c.Subsys["TOTEM"].Debug == DebugTrace }},
		{"a subsystem resets the facility", []string{"syslog_facility", "local3", "logger_subsys.A.subsys", "A"}, "",
			func(c Config) bool { return c.Facility == DefaultFacility }},
		{"facility", []string{"syslog_facility", "local3"}, "", func(c Config) bool { return c.Facility == 19<<3 }},
		{"bad facility", []string{"syslog_facility", "x"}, "unknown syslog facility specified", nil},
		{"bad priority", []string{"syslog_priority", "trace"}, "unknown syslog priority specified", nil},
		{"bad level", []string{"syslog_level", "x"}, "unknown syslog level specified", nil},
		{"bad file priority", []string{"logfile_priority", "x"}, "unknown logfile priority specified", nil},
		{"bad debug", []string{"debug", "maybe"}, "unknown value for debug", nil},
		{"bad flag", []string{"to_syslog", "maybe"}, "unknown value for to_syslog", nil},
		{"bad timestamp", []string{"timestamp", "maybe"}, "unknown value for timestamp", nil},
		{"bad fileline", []string{"fileline", "yes"}, "unknown value for fileline", nil},
		{"bad function_name", []string{"function_name", "yes"}, "unknown value for function_name", nil},
		{"bad blackbox", []string{"blackbox", "yes"}, "unknown value for blackbox", nil},
	} {
		m := icmap.New()
		for i := 0; i < len(tt.keys); i += 2 {
			if err := m.SetString("logging."+tt.keys[i], tt.keys[i+1]); err != nil {
				t.Fatal(err)
			}
		}
		c, _, err := FromMap(m)
		if got := fmt.Sprint(err); tt.err != "" && got != tt.err || tt.err == "" && err != nil {
			t.Errorf("%s: error %v, want %q", tt.name, err, tt.err)
		}
		if tt.is != nil && !tt.is(c) {
			t.Errorf("%s: got %+v", tt.name, c)
		}
	}
}

func TestTargets(t *testing.T) {
	dir := t.TempDir()
	sock, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(dir, "log"), Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer sock.Close()
	var stderr bytes.Buffer
	s := testSystem(t, Options{Stderr: &stderr, DevLog: filepath.Join(dir, "log")})
	log := s.Logger("QUORUM")
	log.Logf(loglevel.Error, "before the configuration")
	c := Default()
	c.File, c.Logfile, c.Timestamp = true, filepath.Join(dir, "a.log"), TimestampOn
	if err := s.Configure(c); err != nil {
		t.Fatal(err)
	}
	log.Logf(loglevel.Notice, "Members[%d]: %s\n", 1, "7")
	log.Logf(loglevel.Debug, "not asked for")
	s.Flush()
	if got, want := stderr.String(), "Nov 22 12:00:00 notice  [QUORUM] Members[1]: 7\n"; got != want {
		t.Errorf("stderr %q, want %q", got, want)
	}
	b := make([]byte, 1024)
	n, err := sock.Read(b)
	if got, want := string(b[:n]), "<29>Nov 22 12:00:00 corosync[58]:   [QUORUM] Members[1]: 7"; got != want || err != nil {
		t.Errorf("syslog %q, %v, want %q", got, err, want)
	}
	const line = "Nov 22 12:00:00 [58] cfghost corosync notice  [QUORUM] "
	if got, want := read(t, c.Logfile), line+"Members[1]: 7\n"; got != want {
		t.Errorf("file %q, want %q", got, want)
	}

	// logrotate: the old name goes, Reopen makes it anew.
	if err := os.Rename(c.Logfile, c.Logfile+".1"); err != nil {
		t.Fatal(err)
	}
	log.Logf(loglevel.Notice, "to the old one")
	if err := s.Reopen(); err != nil {
		t.Fatal(err)
	}
	log.Logf(loglevel.Notice, "to the new one")
	s.Flush()
	if got, want := read(t, c.Logfile), line+"to the new one\n"; got != want {
		t.Errorf("file %q, want %q", got, want)
	}
	if got := read(t, c.Logfile+".1"); !strings.HasSuffix(got, line+"to the old one\n") {
		t.Errorf("old file %q", got)
	}

	// What cannot be opened changes nothing.
	bad := c
	bad.Logfile = filepath.Join(dir, "no", "where")
	err = s.Configure(bad)
	if want := "Can't open logfile '" + bad.Logfile + "' for reason: No such file or directory (2)"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	log.Logf(loglevel.Notice, "still here")

	// A subsystem gets its own file at run time.
	own := filepath.Join(dir, "own.log")
	c.Subsys = map[string]Subsys{"QUORUM": {Logfile: &own, Debug: DebugOn}}
	if err := s.Configure(c); err != nil {
		t.Fatal(err)
	}
	log.Logf(loglevel.Debug, "mine")
	s.Close()
	if got := read(t, c.Logfile); !strings.HasSuffix(got, "still here\n") {
		t.Errorf("file %q", got)
	}
	if got, want := read(t, own), "Nov 22 12:00:00 [58] cfghost corosync debug   [QUORUM] mine\n"; got != want {
		t.Errorf("own file %q, want %q", got, want)
	}
	log.Logf(loglevel.Notice, "after the end")
	if err := s.Configure(c); !errors.Is(err, os.ErrClosed) {
		t.Errorf("configured a closed one: %v", err)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// stuck is a standard error that nobody reads, until it is let go.
type stuck struct {
	bytes.Buffer
	in, go_ chan struct{}
	once    sync.Once
}

func (s *stuck) Write(b []byte) (int, error) {
	s.once.Do(func() { close(s.in) })
	<-s.go_
	return s.Buffer.Write(b)
}

func TestCallerNeverWaits(t *testing.T) {
	st := &stuck{in: make(chan struct{}), go_: make(chan struct{})}
	s := testSystem(t, Options{Stderr: st})
	c := Config{Stderr: true, LogfilePriority: loglevel.Info, Timestamp: TimestampOff}
	if err := s.Configure(c); err != nil {
		t.Fatal(err)
	}
	log := s.Logger("TOTEM")
	log.Logf(loglevel.Info, "first")
	<-st.in
	for range queueLen + 10 {
		log.Logf(loglevel.Info, "more")
	}
	if got := s.Lost(); got != 10 {
		t.Errorf("lost %d lines, want 10", got)
	}
	close(st.go_)
	s.Flush()
	if got := st.String(); !strings.Contains(got, "warning [TOTEM ] 10 messages lost\n") {
		t.Error("nothing is said of the lost lines")
	}
}

func TestQueueManyProducers(t *testing.T) {
	q := newQueue(8)
	const producers, each = 4, 1000
	var wg sync.WaitGroup
	for p := range producers {
		wg.Go(func() {
			for i := 0; i < each; {
				if q.put(&record{line: p*each + i}) {
					i++
				}
			}
		})
	}
	next := [producers]int{}
	for n := 0; n < producers*each; {
		r := q.get()
		if r == nil {
			<-q.wake
			continue
		}
		p := r.line / each
		if r.line%each != next[p] {
			t.Fatalf("producer %d: got %d, want %d", p, r.line%each, next[p])
		}
		next[p]++
		n++
	}
	wg.Wait()
}

func unzip(t testing.TB, name string) []byte {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestBlackboxGolden prints a flight recorder of the C corosync as libqb does,
// but for "%%", where libqb 2.0.6 leaves bytes of an earlier line standing; the
// expectation has these two lines mended.
func TestBlackboxGolden(t *testing.T) {
	entries, err := ParseBlackbox(unzip(t, "testdata/fdata.gz"))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := PrintBlackbox(&out, entries); err != nil {
		t.Fatal(err)
	}
	got, want := strings.Split(out.String(), "\n"), strings.Split(string(unzip(t, "testdata/fdata.txt.gz")), "\n")
	if len(got) != len(want) {
		t.Errorf("%d lines, want %d", len(got), len(want))
	}
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Fatalf("line %d:\n got %s\nwant %s", i, got[i], want[i])
		}
	}
}

func TestDump(t *testing.T) {
	s := testSystem(t, Options{})
	dir := t.TempDir()
	if err := s.Dump(dir); err == nil {
		t.Error("dumped a recorder that is off")
	}
	if err := s.Configure(Config{Blackbox: true}); err != nil {
		t.Fatal(err)
	}
	s.Logger("A").Logf(loglevel.Debug, "one %d%%", 1)
	s.Logger("B").Logf(loglevel.Trace, "not traced")
	s.Logger("B").Logf(loglevel.Crit, "two")
	if err := s.Dump(dir); err != nil {
		t.Fatal(err)
	}
	to, err := os.Readlink(filepath.Join(dir, "fdata"))
	if want := filepath.Join(dir, "fdata-2026-11-22T12:00:00-58"); err != nil || to != want {
		t.Errorf("symlink to %s, %v, want %s", to, err, want)
	}
	entries, err := ParseBlackbox([]byte(read(t, to)))
	if err != nil {
		t.Fatal(err)
	}
	// MAIN is number 0: it complained of the first Dump.
	want := []Entry{
		{At: noon, Level: loglevel.Debug, Tag: 1, Func: "TestDump", Text: "one 1%"},
		{At: noon, Level: loglevel.Crit, Tag: 2, Func: "TestDump", Text: "two"},
	}
	if len(entries) != len(want) {
		t.Fatalf("got %v", entries)
	}
	for i, e := range entries {
		if e.Line == 0 {
			t.Error("no line number")
		}
		e.Line = 0
		if e.At = e.At.UTC(); e != want[i] {
			t.Errorf("got %+v, want %+v", e, want[i])
		}
	}
}

func TestRecorderForgetsTheOldest(t *testing.T) {
	var b recorder
	sub := &subsystem{}
	const n = 40000
	for i := range n {
		b.add(&record{at: noon, subsys: sub, text: fmt.Sprintf("%400d", i)})
	}
	all := b.snapshot()
	if len(all) > recorderSize {
		t.Errorf("%d bytes, at most %d", len(all), recorderSize)
	}
	got, err := ParseBlackbox(blackboxFile(all))
	if err != nil {
		t.Fatal(err)
	}
	if len(got) < 10000 || strings.TrimSpace(got[len(got)-1].Text) != fmt.Sprint(n-1) {
		t.Errorf("%d entries, the last %q", len(got), got[len(got)-1].Text)
	}
}

func sampleBlackbox() []byte {
	chunks := appendChunk(nil, Entry{At: noon, Level: 5, Tag: 3, Line: 9, Func: "f", Text: "hello"})
	raw := Entry{At: noon, Level: 5, Func: "g"}.appendTo(nil)
	raw = append(raw[:len(raw)-4-4], 0, 0, 0, 0) // replace "%s" and "" by arguments of all kinds
	args := append([]byte("%5d %-3lu %s %x%% %c %p %f %*d %.2s\x00"), make([]byte, 4+8)...)
	args = append(append(args, "str\x00"...), make([]byte, 4+1+8+8+4+4)...)
	args = append(args, "abc\x00"...)
	native.PutUint32(raw[len(raw)-4:], uint32(len(args)))
	raw = append(raw, args...)
	chunks = native.AppendUint32(chunks, uint32(len(raw)))
	chunks = native.AppendUint32(chunks, chunkMagic)
	chunks = append(chunks, raw...)
	return blackboxFile(append(chunks, make([]byte, -len(chunks)&3)...))
}

func TestBlackboxArguments(t *testing.T) {
	got, err := ParseBlackbox(sampleBlackbox())
	if err != nil || len(got) != 2 {
		t.Fatalf("got %v, %v", got, err)
	}
	if want := "    0 0   str 0% \x00 (nil) 0.000000 0 ab"; got[1].Text != want {
		t.Errorf("got %q, want %q", got[1].Text, want)
	}
}

func TestBlackboxPrefixesFail(t *testing.T) {
	b := sampleBlackbox()
	for n := range len(b) {
		if _, err := ParseBlackbox(b[:n]); err == nil {
			t.Fatalf("%d of %d bytes pass", n, len(b))
		}
	}
}

func FuzzParseBlackbox(f *testing.F) {
	f.Add(sampleBlackbox())
	f.Add(append([]byte(nil), unzip(f, "testdata/fdata.gz")[:512]...)) // its ring does not fit; the header is real
	f.Fuzz(func(t *testing.T, b []byte) {
		entries, err := ParseBlackbox(b)
		if err == nil {
			PrintBlackbox(io.Discard, entries)
		}
	})
}

func BenchmarkLogfDisabled(b *testing.B) {
	s := New(Options{Stderr: io.Discard})
	defer s.Close()
	log := s.Logger("TOTEM")
	b.ReportAllocs()
	for b.Loop() {
		if log.Enabled(loglevel.Trace) {
			log.Logf(loglevel.Trace, "x %d", 1)
		}
	}
}

// BenchmarkLogfRecorder is a debug line that only the flight recorder takes:
// what a line costs its caller in the default configuration.
func BenchmarkLogfRecorder(b *testing.B) {
	s := New(Options{Stderr: io.Discard})
	defer s.Close()
	if err := s.Configure(Config{Blackbox: true}); err != nil {
		b.Fatal(err)
	}
	log := s.Logger("TOTEM")
	b.ReportAllocs()
	for b.Loop() {
		log.Logf(loglevel.Debug, "x %d", 1)
	}
	b.ReportMetric(float64(s.Lost())/float64(b.N), "lost/op")
}
