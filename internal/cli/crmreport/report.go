package crmreport

import (
	"archive/tar"
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/root"
)

const bugs = "https://bugs.clusterlabs.org/enter_bug.cgi?product=Pacemaker"

// report is a run on the node that it is called on.
type report struct {
	node
	name string // of the program

	tests, testLog       string
	from, to             *int64
	nodes                string // as they are printed, with the blanks that they have
	extraLogs            string
	sanitize, patterns   string
	cluster, shell, user string
	maxDepth, dest       string
	searchLogs           bool
	sos, asFolder        bool
	folder               string // that the report is laid into
	last                 string // the last node that was looked at
}

func newReport(n node, name string) *report {
	return &report{
		node: n, name: name,
		sanitize: "passw.*", patterns: "CRIT: ERROR:", cluster: "any", shell: "ssh -T", user: "root", maxDepth: "5", searchLogs: true,
	}
}

func (r *report) summary() string {
	if r.folder == "" || !isDir(r.folder) {
		return ""
	}
	return filepath.Join(r.folder, "report.summary")
}

// stamp is a time as C's "%x %X" is.
func stamp(seconds int64) string { return time.Unix(seconds, 0).Format("01/02/06 15:04:05") }

func (r *report) run() error {
	switch {
	case r.tests != "":
		return r.runTests()
	case r.from == nil:
		return r.fatal("Not sure what to do, no tests or time ranges to extract")
	}
	if r.cluster == "" || r.cluster == "any" {
		r.cluster = r.clusterType()
	}
	if r.nodes == "" {
		r.nodes = r.knownNodes()
		if r.nodes == "" {
			return r.fatal("Cannot determine nodes; specify --nodes or --single-node")
		}
		r.log("Calculated node list: %s", r.nodes)
	}
	masterLog := ""
	if is, err := regexp.MatchString(r.host, strings.Join(strings.Fields(r.nodes), " ")); err == nil && is {
		r.debug("We are a cluster node")
	} else {
		r.debug("We are a log master")
		masterLog = strings.Join(r.findLogs(1, `pacemaker-controld\|CTS`), "\n")
	}
	if r.to == nil {
		now := r.now().Unix()
		r.to = &now
	}
	label := "pcmk-" + r.now().Format("Mon-02-Jan-2006")
	r.log("Collecting data from %s (%s to %s)", r.nodes, stamp(*r.from), stamp(*r.to))
	return r.collect(label, *r.from, *r.to, masterLog)
}

// knownNodes are the nodes of the CIB, each with a blank behind.
func (r *report) knownNodes() string {
	c := r.command("cibadmin", "-Ql", "-o", "nodes")
	c.Stderr = nil
	if out, err := c.Output(); err == nil {
		r.debug("Querying CIB for nodes")
		return nodeNames(string(out))
	}
	if cib, err := os.ReadFile(root.Path("/var/lib/pacemaker/cib/cib.xml")); err == nil {
		r.debug("Querying on-disk CIB for nodes")
		var lines strings.Builder
		for line := range strings.Lines(string(cib)) {
			if strings.Contains(line, "node ") {
				lines.WriteString(line)
			}
		}
		return nodeNames(lines.String())
	}
	return ""
}

// nodeNames are the names in lines of XML.
func nodeNames(xml string) string {
	var names strings.Builder
	for line := range strings.Lines(xml) {
		for _, field := range strings.Fields(line) {
			if value, ok := strings.CutPrefix(field, "uname="); ok && value != "" {
				name, _, _ := strings.Cut(value[1:], `"`)
				names.WriteString(name + " ")
				break
			}
		}
	}
	return names.String()
}

// collect has all nodes collected, compares them, and packs what there is.
func (r *report) collect(label string, from, to int64, masterLog string) error {
	from, to = from-10, to+10
	if r.dest != "" {
		folder := r.dest
		if !strings.HasPrefix(folder, "/") {
			wd, err := os.Getwd()
			if err != nil {
				return err
			}
			folder = wd + "/" + r.dest
		}
		r.folder = folder
		r.debug("Using custom scratch dir: %s", folder)
	} else {
		r.folder = os.Getenv("HOME") + "/" + label
	}
	if exists(r.folder) {
		return r.fatal("Output directory %s already exists, specify an alternate name with --dest", r.folder)
	}
	if err := os.MkdirAll(r.folder, 0o777); err != nil {
		fmt.Fprintln(r.Err, complaint("mkdir: cannot create directory", err))
	}
	if masterLog != "" {
		r.write(clusterLog, r.logPeriod(masterLog, from, to))
	}
	for _, name := range strings.Fields(r.nodes) {
		s := settings{
			label: label, home: filepath.Base(r.folder), master: r.host, target: name, start: from, end: to, remove: true,
			sanitize: r.sanitize, cluster: r.cluster, patterns: r.patterns, extraLogs: r.extraLogs, searchLogs: r.searchLogs, sos: r.sos,
			verbosity: r.verbose, maxDepth: r.maxDepth,
		}
		r.write(settingsFile, s.text())
		if name == r.host {
			text := s.text() + fmt.Sprintf("REPORT_HOME=\"%s\"\n", r.folder)
			s.home = r.folder
			r.write(settingsFile, text)
			r.write("collector", text+choose)
			c := newCollector(r.node, s)
			if err := c.run(); err != nil && !errors.Is(err, errStopped) {
				fmt.Fprintf(r.Err, "%s: %s\n", r.name, err)
			}
			continue
		}
		r.fetch(name, s)
	}
	r.analyze()
	r.gather()
	r.log(" ")
	if r.asFolder {
		r.log("Collected results are available in %s", r.folder)
		r.log(" ")
		return nil
	}
	archive, err := r.shrink(r.folder)
	if err == nil {
		// What could not be packed is left where it is, unlike the reference, which takes it away.
		if err := os.RemoveAll(r.folder); err != nil {
			fmt.Fprintf(r.Err, "%s: %s\n", r.name, err)
		}
	}
	r.log("Collected results are available in %s", archive)
	r.log(" ")
	r.log("Please create a bug entry at")
	r.log("    %s", bugs)
	r.log("Include a description of your problem and attach this tarball")
	r.log(" ")
	r.log("Thank you for taking time to create this report.")
	r.log(" ")
	return nil
}

// complaint is what coreutils' programs say of an error.
func complaint(what string, err error) string {
	var p *os.PathError
	if errors.As(err, &p) {
		return fmt.Sprintf("%s '%s': %s", what, p.Path, sentence(p.Err))
	}
	return fmt.Sprintf("%s: %s", what, err)
}

// sentence is an error as C's strerror has it.
func sentence(err error) string {
	text := err.Error()
	return strings.ToUpper(text[:1]) + text[1:]
}

// write lays a file of the report; a report lacks what cannot be written, and goes on.
func (r *report) write(name, text string) {
	if err := os.WriteFile(filepath.Join(r.folder, name), []byte(text), 0o666); err != nil {
		fmt.Fprintf(r.Err, "%s: %s\n", r.name, err)
	}
}

// fetch has another node collected, and lays what it sends.
func (r *report) fetch(name string, s settings) {
	words := append(strings.Fields(r.shell), "-l", r.user, name, "--",
		fmt.Sprintf("mkdir -p %[1]s; cat > %[1]s/collector; bash %[1]s/collector", s.home))
	c := r.command(words[0], words[1:]...)
	c.Stdin = strings.NewReader(s.text() + choose)
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		r.missing(r.Err, words[0], err)
		fmt.Fprint(r.Err, noArchive)
		return
	}
	if err := r.unpack(bufio.NewReader(out)); err != nil {
		fmt.Fprint(r.Err, noArchive)
	}
	// What has not been read must not hold up the program; its status is of no account, as in the reference.
	_, _ = io.Copy(io.Discard, out)
	_ = c.Wait()
}

const noArchive = "tar: This does not look like a tar archive\ntar: Exiting with failure status due to previous errors\n"

// unpack lays a tar's files into the report's folder, with the time of now, and never outside of it.
func (r *report) unpack(in io.Reader) error {
	folder, err := os.OpenRoot(r.folder)
	if err != nil {
		return err
	}
	defer folder.Close()
	t := tar.NewReader(in)
	for files := 0; ; files++ {
		h, err := t.Next()
		if errors.Is(err, io.EOF) && files > 0 {
			return nil
		}
		if err != nil {
			return err
		}
		name := filepath.Clean(h.Name)
		mode := h.FileInfo().Mode().Perm()
		switch h.Typeflag {
		case tar.TypeDir:
			err = folder.MkdirAll(name, mode|0o700)
		case tar.TypeSymlink:
			err = folder.Symlink(h.Linkname, name)
		case tar.TypeReg:
			err = unpackFile(folder, name, mode, t)
		}
		if err != nil {
			fmt.Fprintf(r.Err, "tar: %s\n", err)
		}
	}
}

func unpackFile(folder *os.Root, name string, mode os.FileMode, in io.Reader) error {
	f, err := folder.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	if _, err = io.Copy(f, in); err == nil {
		err = f.Chmod(mode)
	}
	return errors.Join(err, f.Close())
}

// gather puts what the nodes have found behind what the report has.
func (r *report) gather() {
	in := func(parts ...string) string { return filepath.Join(append([]string{r.folder}, parts...)...) }
	if log, err := os.ReadFile(in(clusterLog)); err == nil {
		r.write(eventsFile, events(log))
	}
	for _, name := range strings.Fields(r.nodes) {
		found, err := os.ReadFile(in(name, analysisFile))
		if err != nil {
			fmt.Fprintf(r.Err, "cat: %s: %s\n", in(name, analysisFile), sentence(errors.Unwrap(err)))
		}
		r.add(analysisFile, found)
		if own, err := os.ReadFile(in(name, eventsFile)); err == nil && len(own) > 0 {
			r.add(eventsFile, own)
		} else if filled(in(clusterLog)) {
			all, _ := os.ReadFile(in(eventsFile))
			var of bytes.Buffer
			for line := range bytes.Lines(all) {
				if f := bytes.Fields(line); len(f) > 3 && string(f[3]) == r.nodes {
					of.Write(line)
				}
			}
			r.add(filepath.Join(r.last, eventsFile), of.Bytes())
		}
	}
}

// add appends to a file of the report.
func (r *report) add(name string, data []byte) {
	f, err := os.OpenFile(filepath.Join(r.folder, name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err == nil {
		_, err = f.Write(data)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		fmt.Fprintf(r.Err, "%s: %s\n", r.name, err)
	}
}
