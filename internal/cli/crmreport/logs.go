package crmreport

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dsnet/compress/bzip2"
	"github.com/ringmaster-ha/ringmaster/internal/root"
	"github.com/ulikunitz/xz"
)

// basic is a basic regular expression of POSIX, as sed and grep have it, in Go's words.
func basic(pattern string) (*regexp.Regexp, error) {
	var b strings.Builder
	for i := 0; i < len(pattern); i++ {
		switch ch := pattern[i]; {
		case ch == '\\' && i+1 < len(pattern):
			i++
			switch next := pattern[i]; {
			case strings.IndexByte("|+?(){}", next) >= 0:
				b.WriteByte(next)
			case next == '<' || next == '>':
				b.WriteString(`\b`)
			default:
				b.WriteString(`\` + string(next))
			}
		case ch == '[':
			end := strings.IndexByte(pattern[min(i+2, len(pattern)):], ']')
			if end < 0 {
				return nil, errors.New("unterminated [")
			}
			if i+2 < len(pattern) && pattern[i+1] == '^' && pattern[i+2] == ']' {
				if more := strings.IndexByte(pattern[i+3:], ']'); more >= 0 {
					end = more + 1
				}
			}
			class := pattern[i : i+2+end+1]
			b.WriteString(strings.ReplaceAll(class, `\`, `\\`))
			i += len(class) - 1
		case strings.IndexByte("|+?(){}", ch) >= 0:
			b.WriteString(`\` + string(ch))
		case ch == '*' && (i == 0 || strings.HasSuffix(pattern[:i], `\(`) || strings.HasSuffix(pattern[:i], `\|`)):
			b.WriteString(`\*`)
		default:
			b.WriteByte(ch)
		}
	}
	return regexp.Compile(b.String())
}

// matching are the lines of a text that one of the patterns finds.
func matching(text []byte, patterns []*regexp.Regexp) string {
	var out strings.Builder
	for line := range bytes.Lines(text) {
		bare := bytes.TrimSuffix(line, []byte("\n"))
		if slices.ContainsFunc(patterns, func(p *regexp.Regexp) bool { return p.Match(bare) }) {
			out.Write(bare)
			out.WriteByte('\n')
		}
	}
	return out.String()
}

// open opens a log, by its name's end to be unpacked.
func open(path string) (io.Reader, func(), error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	shut := func() { _ = f.Close() }
	var in io.Reader = f
	switch {
	case strings.HasSuffix(path, "bz2"):
		in, err = bzip2.NewReader(f, nil)
	case strings.HasSuffix(path, "gz"):
		in, err = gzip.NewReader(f)
	case strings.HasSuffix(path, "xz"):
		in, err = xz.NewReader(bufio.NewReader(f))
	}
	if err != nil {
		shut()
		return nil, nil, err
	}
	return in, shut, nil
}

// content is a log as text; one that is cut off is as much as there is of it.
func content(path string) []byte {
	in, shut, err := open(path)
	if err != nil {
		return nil
	}
	defer shut()
	text, _ := io.ReadAll(in)
	return text
}

// newestFirst sorts paths as ls -t does.
func newestFirst(paths []string) []string {
	times := map[string]time.Time{}
	paths = slices.DeleteFunc(paths, func(p string) bool {
		st, err := os.Lstat(p)
		if err == nil {
			times[p] = st.ModTime()
		}
		return err != nil
	})
	slices.SortFunc(paths, func(a, b string) int { return cmp.Or(times[b].Compare(times[a]), strings.Compare(a, b)) })
	return slices.Compact(paths)
}

// logFolders may have logs.
var logFolders = []string{"/var/log/*", "/var/logs/*", "/var/syslog/*", "/var/adm/*", "/var/log/ha/*", "/var/log/cluster/*", "/var/log/pacemaker/*"}

// findLogs are up to most logs that have a pattern in them, the one last written first.
func (n *node) findLogs(most int, pattern string) (hits []string) {
	var all []string
	for _, g := range logFolders {
		found, _ := filepath.Glob(root.Path(g)) // the patterns are good
		all = append(all, slices.DeleteFunc(found, func(p string) bool { return strings.HasPrefix(filepath.Base(p), ".") })...)
	}
	all = newestFirst(all)
	if len(all) == 0 {
		n.debug(`No system logs found to search for pattern \'%s\'`, pattern)
		return nil
	}
	re, err := basic(pattern)
	if err != nil {
		return nil
	}
	for _, path := range all {
		if isFile(path) && filled(path) && holds(path, re) {
			hits = append(hits, path)
			if len(hits) >= most {
				break
			}
		}
	}
	if len(hits) == 0 {
		n.debug(`Pattern \'%s\' not found in any system logs`, pattern)
	} else {
		n.debug(`Pattern \'%s\' found in: [ %s ]`, pattern, strings.Join(hits, "\n"))
	}
	return hits
}

// holds is whether a line of a file that looks like text has a pattern in it.
func holds(path string, re *regexp.Regexp) bool {
	in, shut, err := open(path)
	if err != nil {
		return false
	}
	defer shut()
	b := bufio.NewReaderSize(in, 1<<16)
	head, _ := b.Peek(1024)
	odd := 0
	for _, ch := range head {
		if (ch < ' ' || ch > '~') && !strings.ContainsRune("\t\n\v\f\r", rune(ch)) {
			odd++
		}
	}
	if odd > 256 {
		return false
	}
	for {
		line, err := b.ReadBytes('\n')
		if re.Match(bytes.TrimSuffix(line, []byte("\n"))) {
			return true
		}
		if err != nil {
			return false
		}
	}
}

// detectLogs are the logs that the configuration names, those that the system's log goes to, and those
// that look like Pacemaker's.
func (c *collector) detectLogs(cluster string) (logs []string) {
	facility := ""
	add := func(found ...string) { logs = append(logs, found...) }
	if text, err := os.ReadFile(c.conf); cluster == "corosync" && err == nil {
		conf := string(text)
		c.debug("Reading corosync log settings from %s", c.conf)
		if !isFalse.get().MatchString(variable(conf, "to_syslog")) {
			facility = cmp.Or(variable(conf, "syslog_facility"), "daemon")
			add(c.findSyslog(facility + ".info")...)
		}
		if !c.sos && isTrue.get().MatchString(variable(conf, "to_logfile")) {
			if log := variable(conf, "logfile"); isFile(log) {
				c.debug("Log settings found for cluster type %s: %s", cluster, log)
				add(log)
			}
		}
	}
	defaults := readText("/etc/default/pacemaker")
	if f := cmp.Or(pacemakerVariable(defaults, "PCMK_logfacility"), "daemon"); f != facility && f != "none" {
		add(c.findSyslog(f + ".notice")...)
	}
	if c.sos {
		return logs
	}
	switch log := pacemakerVariable(defaults, "PCMK_logfile"); {
	case log == "none":
	case log == "":
		for _, log := range []string{"/var/log/pacemaker/pacemaker.log", "/var/log/pacemaker.log"} {
			if isFile(root.Path(log)) {
				c.debug("Log settings not found for Pacemaker, assuming %s", log)
				add(root.Path(log))
				break
			}
		}
	case isFile(log):
		c.debug("Log settings found for Pacemaker: %s", log)
		add(log)
	}
	add(c.findLogs(3, `Starting Pacemaker\|Calculated transition\|cib_perform_op\|process_lrm_event\|pacemaker[-_]remoted:`)...)
	return logs
}

// findSyslog is the log in which a message turns up that is sent to the system's log. That takes a
// moment; who asks must not wait for long if it never does.
func (c *collector) findSyslog(priority string) []string {
	mark := fmt.Sprintf("Mark:pcmk:%d", c.now().Unix())
	_ = c.command("logger", "-p", priority, mark).Run() // no log then has it
	if installed("killall") {
		hup := c.command("killall", "-HUP", "rsyslogd") // has it write what it holds back
		hup.Stderr = nil
		_ = hup.Run()
	}
	quiet := c.node
	quiet.Err, quiet.record = io.Discard, func() string { return "" }
	for end := time.Now().Add(2 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if len(quiet.findLogs(1, mark)) > 0 {
			break
		}
	}
	return c.findLogs(1, mark)
}

// form is how the lines of a log begin: with a time as syslog has it, as ISO 8601, or as an older cluster did.
type form string

func (f form) text(line string) string {
	w := strings.Fields(line)
	switch {
	case f == "syslog":
		return strings.Join(w[:min(3, len(w))], " ")
	case f == "iso8601" && len(w) > 0:
		return w[0]
	case f == "legacy" && len(w) > 1:
		return strings.Replace(w[1], "_", " ", 1)
	}
	return ""
}

func (n *node) formOf(line string) form {
	for _, f := range []form{"syslog", "iso8601", "legacy"} {
		if _, ok := parseTime(f.text(line), n.now()); ok {
			return f
		}
	}
	return ""
}

// timeOf is a line's time, in the form of its log, or any if that is empty.
func (n *node) timeOf(f form, line string) (int64, bool) {
	if f == "" {
		f = n.formOf(line)
	}
	if f == "" {
		n.warn("Unknown time format in: %s", strings.TrimSpace(line))
		return 0, false
	}
	return parseTime(f.text(line), n.now())
}

// period is how a log relates to a span of time.
type period int

const (
	apart  period = iota // has nothing of it, or no times
	within               // has some of it, and an older log may have more
	before               // ends before it, as all older ones do
	covers               // has its beginning
)

// relates compares the first and the last time of a log with a span.
func (n *node) relates(path string, text []byte, from, to int64) period {
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	if len(text) == 0 {
		lines = nil
	}
	var f form
	for _, line := range lines[:min(10, len(lines))] {
		if f = n.formOf(line); f != "" {
			break
		}
	}
	first, known := int64(0), false
	for _, line := range lines[:min(10, len(lines))] {
		if first, known = n.timeOf(f, line); known {
			break
		}
	}
	last := n.now().Unix()
	for _, line := range lines[max(0, len(lines)-10):] {
		if at, ok := n.timeOf(f, line); ok {
			last = at
		}
	}
	switch {
	case !known:
		n.warn("Skipping bad logfile '%s': Could not determine log dates", path)
		return apart
	case from > last:
		return before
	case from >= first:
		return covers
	case to >= first:
		return within
	}
	return apart
}

// rotated are a log and its forerunners that have a part of a span of time, the newest first.
func (n *node) rotated(path string, from, to int64) (logs []string) {
	older, err := filepath.Glob(path + "*[0-9z]")
	if err != nil {
		older = nil
	}
	for _, log := range newestFirst(append([]string{path}, older...)) {
		where := n.relates(log, content(log), from, to)
		if where == before {
			break
		}
		if where == within || where == covers {
			logs = append(logs, log)
			n.debug("Found log %s", log)
		}
		if where == covers {
			break
		}
	}
	return logs
}

// logPeriod is what a log and its forerunners have of a span of time.
func (n *node) logPeriod(path string, from, to int64) string {
	logs := n.rotated(path, from, to)
	switch len(logs) {
	case 0:
		return ""
	case 1:
		return n.segment(logs[0], from, to)
	}
	var all strings.Builder
	last := len(logs) - 1
	all.WriteString(n.segment(logs[last], from, 0))
	for i := last - 1; i > 0; i-- {
		all.Write(content(logs[i]))
		n.debug("including complete %s logfile", logs[i])
	}
	all.WriteString(n.segment(logs[0], 0, to))
	return all.String()
}

// giga is the size from which on a log is left out, as ls would write it.
const giga = 1 << 30

// segment is the lines of one log from a time to another, where 0 is its beginning or end.
func (n *node) segment(path string, from, to int64) string {
	text := content(path)
	log := &indexed{node: n, path: path}
	for line := range strings.Lines(string(text)) {
		log.lines = append(log.lines, line)
	}
	log.newlines = bytes.Count(text, []byte("\n"))
	if st, err := os.Stat(path); err == nil && st.Size() >= giga {
		size := strconv.FormatFloat(float64(st.Size())/giga, 'f', 1, 64) + "G"
		n.warn("%s is %s in size and could take many hours to process. Skipping.", path, size)
		log.newlines = 0
	}
	corrupt := func(at int64) string {
		n.warn("couldn't find line for time %d; corrupt log file?", at)
		return ""
	}
	first := 1
	if from != 0 {
		var ok bool
		if first, ok = log.find(from); !ok {
			return corrupt(from)
		}
	}
	if to == 0 {
		n.log("Including all logs after line %d from %s", first, path)
		return log.cut(first, len(log.lines))
	}
	end, ok := log.find(to)
	if !ok {
		return corrupt(to)
	}
	if first >= end {
		n.debug("Empty segment [%d-%d] from %s", first, end, path)
		return ""
	}
	n.log("Including segment [%d-%d] from %s", first, end, path)
	return log.cut(first, end)
}

// indexed is a log by its lines.
type indexed struct {
	*node
	path     string
	lines    []string
	newlines int
}

func (l *indexed) cut(first, last int) string {
	first, last = max(first, 1), min(last, len(l.lines))
	if first > last {
		return ""
	}
	return strings.Join(l.lines[first-1:last], "")
}

var clock = pattern{text: func() string { return `:[0-5][0-9]:` }}

// at is the time of the first line with one from a line on.
func (l *indexed) at(line int) (int64, bool) {
	for i := max(line, 1) - 1; i < len(l.lines); i++ {
		if clock.get().MatchString(l.lines[i]) {
			return l.timeOf("", l.lines[i])
		}
	}
	return l.timeOf("", "")
}

// find is the line of a time, or one next to where it would be.
func (l *indexed) find(at int64) (middle int, ok bool) {
	for first, last := 1, l.newlines; first <= last; {
		middle = (first + last) / 2
		moment, known := l.at(middle)
		for tries := 10; !known && tries > 0; tries-- {
			l.warn("cannot extract time: %s:%d; will try the next one", l.path, middle)
			first, last = first-1, last-1
			middle = (first + last) / 2
			if tries > 1 {
				moment, known = l.at(middle)
			}
		}
		switch {
		case !known:
			l.warn("giving up on log...")
			return 0, false
		case moment > at:
			last = middle - 1
		case moment < at:
			first = middle + 1
		default:
			return middle, true
		}
		ok = true
	}
	return middle, ok
}

// collectLogs cuts the report's time out of all logs, and finds in them what looks like trouble.
func (c *collector) collectLogs() {
	journal := installed("journalctl")
	names := strings.Join(c.logs, " ")
	if journal {
		names = strings.TrimSpace(names + " journalctl")
	}
	if names == "" {
		return
	}
	from, to := time.Unix(c.start, 0).Format(time.DateTime), time.Unix(c.end, 0).Format(time.DateTime)
	c.debug("Gathering logs from %s to %s:", from, to)
	c.debug("   %s", names)
	var patterns []*regexp.Regexp
	for _, p := range strings.Fields(c.patterns) {
		re, err := basic(p)
		if err != nil {
			fmt.Fprintf(c.Err, "grep: %s: %s\n", p, err)
			continue
		}
		patterns = append(patterns, re)
	}
	found := fmt.Sprintf("Log pattern matches from %s:\n", c.target)
	for _, log := range c.logs {
		extract := filepath.Base(log) + ".extract.txt"
		if !isFile(log) || isFile(c.path(extract)) {
			continue
		}
		c.put(extract, c.logPeriod(log, c.start, c.end))
		c.sanitizeFile(c.path(extract))
		found += matching(content(c.path(extract)), patterns)
	}
	if journal {
		text := c.output(false, "journalctl", "--since", from, "--until", to)
		c.put("journal.log", text)
		found += matching([]byte(text), patterns)
	}
	c.put(analysisFile, found)
}
