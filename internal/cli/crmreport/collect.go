package crmreport

import (
	"archive/tar"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/root"
)

// collector lays what a node knows into a folder.
type collector struct {
	node
	settings
	conf    string   // the cluster's configuration file
	logs    []string // that are taken
	state   string   // /var/run/crm
	daemons string
	cibDir  string
	inputs  string // the folder of the scheduler's inputs
	boxes   string // that of the blackboxes
	cores   []string
}

func newCollector(n node, s settings) *collector {
	n.verbose, n.quoted = s.verbosity, false
	c := &collector{node: n, settings: s}
	c.record = c.file
	return c
}

func (c *collector) file() string {
	if dir := filepath.Join(c.home, c.short); isDir(dir) {
		return filepath.Join(dir, "report.out")
	}
	return ""
}

// remoteCollector is the collector on a node that is not the report's.
func (n *node) remoteCollector(args []string) int {
	if slices.Equal(args, []string{"probe"}) {
		fmt.Fprintln(n.Out, probeAnswer)
		return 0
	}
	s, err := fromEnvironment()
	if err == nil {
		c := newCollector(*n, s)
		if depth, e := strconv.Atoi(s.maxDepth); e == nil {
			c.depth = depth
		}
		err = c.run()
	}
	if err != nil {
		if !errors.Is(err, errStopped) {
			fmt.Fprintf(n.Err, "crm_report: %s\n", err)
		}
		return 1
	}
	return 0
}

// path is a file of the node's folder.
func (c *collector) path(name string) string { return filepath.Join(c.home, c.target, name) }

// put lays a file of the node's folder; what cannot be written is told, and missing.
func (c *collector) put(name, text string) {
	if err := os.WriteFile(c.path(name), []byte(text), 0o666); err != nil {
		fmt.Fprintf(c.Err, "crm_report: %s\n", err)
	}
}

func (c *collector) run() error {
	if strings.HasPrefix(c.home, "/") {
		c.debug("Using full path to working directory: %s", c.home)
	} else {
		c.home = os.Getenv("HOME") + "/" + c.home
		c.debug("Canonicalizing working directory path: %s", c.home)
	}
	c.detect()
	c.debug("Initializing %s subdir", c.target)
	if c.master != c.target && exists(c.path("")) {
		c.warn("Directory %s/%s already exists, using /tmp/%d/%s instead", c.home, c.target, os.Getpid(), c.target)
		c.home = fmt.Sprintf("/tmp/%d", os.Getpid())
	}
	if err := os.MkdirAll(c.path(""), 0o777); err != nil {
		return err
	}
	cluster := c.cluster
	if cluster == "any" {
		cluster = c.clusterType()
	}
	c.conf = c.configuration(cluster)
	if c.conf == "" && cluster != "any" {
		c.warn("Could not determine the location of your cluster configuration")
	}
	names := ""
	if c.searchLogs {
		found := c.detectLogs(cluster)
		slices.Sort(found)
		names = strings.Join(slices.Compact(found), "\n")
	}
	names = strings.TrimSpace(names + " " + c.extraLogs)
	c.logs = strings.Fields(names)
	if len(c.logs) == 0 {
		if installed("journalctl") {
			c.log("Systemd journal will be only log collected")
		} else {
			c.log("No logs will be collected")
		}
		c.log("No log files found or specified with --logfile /some/path")
	}
	c.debug("Config: %s (%s) %s", cluster, c.conf, names)

	c.put(sysinfoFile, c.system(cluster))
	c.put(permissionFile, c.permissions())
	c.configFiles()
	c.schedulerInputs()
	c.put(backtraceFile, c.backtraces())
	c.blackboxes()
	if cluster == "corosync" && c.running("corosync") {
		c.put("corosync-blackbox-live.txt", c.both("corosync-blackbox"))
		c.put("corosync.dump", c.output(true, "corosync-cmapctl"))
		c.put("corosync.quorum", c.both("corosync-quorumtool", "-s", "-i"))
	}
	if c.target == c.controller() {
		c.put("DC", c.target+"\n")
	}
	c.put(dlmFile, c.dlm())
	c.put(sysstatsFile, c.statistics())
	c.put(drbdFile, c.drbd())

	c.debug("Sanitizing files: %s", c.sanitize)
	c.sanitizeAll()
	if !c.sos {
		c.readableCIB()
	}
	c.collectLogs()
	c.purge()
	c.findEvents()
	return c.hand()
}

// controller is the DC, by the word of the status that the reference looks at.
func (c *collector) controller() string {
	for line := range strings.Lines(c.output(true, "crm_mon", "-1")) {
		if f := strings.Fields(line); strings.Contains(line, "Current DC") && len(f) > 2 {
			return f[2]
		}
	}
	return ""
}

// between are the regular files in a folder and below that were changed in the report's time.
func (c *collector) between(dir string) (files []string) {
	if !isDir(dir) {
		return nil
	}
	if c.start <= 0 {
		c.warn("sorry, can't find files in [ %s ] based on time if you don't supply time", dir)
		return nil
	}
	from, to := time.Unix(c.start, 0), time.Unix(c.end, 0)
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil {
			fmt.Fprintf(c.Err, "find: %s\n", err)
			return nil
		}
		if !e.Type().IsRegular() {
			return nil
		}
		st, err := e.Info()
		if err == nil && st.ModTime().After(from) && (c.end <= 0 || !st.ModTime().After(to)) {
			files = append(files, path)
		}
		return nil
	})
	if err != nil {
		fmt.Fprintf(c.Err, "find: %s\n", err)
	}
	return files
}

func (c *collector) schedulerInputs() {
	if c.inputs == "" {
		return
	}
	files := c.between(c.inputs)
	for _, f := range files {
		below, err := filepath.Rel(filepath.Dir(c.inputs), f)
		if err == nil {
			to := c.path(below)
			if err = os.MkdirAll(filepath.Dir(to), 0o750); err == nil {
				err = copyAll(f, to)
			}
		}
		if err != nil {
			fmt.Fprintf(c.Err, "tar: %s\n", err)
		}
	}
	if len(files) > 0 {
		c.debug("found %d scheduler input files in %s", len(files), c.inputs)
	}
}

func (c *collector) purge() {
	entries, err := os.ReadDir(c.path(""))
	if err != nil {
		return
	}
	for _, e := range entries {
		name := e.Name()
		if strings.HasPrefix(name, ".") || isDir(c.path(name)) || filled(c.path(name)) {
			continue
		}
		list := c.command("ls", "-al", name)
		list.Dir = c.path("")
		out, _ := list.Output()
		long := strings.TrimSuffix(string(out), "\n")
		if strings.Contains(name, "core") {
			c.log("Detected empty core file: %s", long)
			continue
		}
		c.debug("Removing empty file: %s", long)
		if err := os.Remove(c.path(name)); err != nil {
			fmt.Fprintf(c.Err, "rm: %s\n", err)
		}
	}
}

// eventPatterns are lines that tell of states, membership, quorum, pauses, resources, fencing, and starts and ends.
var eventPatterns = pattern{text: func() string {
	return `do_state_transition` +
		`|pcmk_peer_update.*(lost|memb):` +
		`|(crmd|pacemaker-controld).*crm_update_quorum` +
		`|Process.pause.detected` +
		`|(lrmd|pacemaker-execd).*rsc:(start|stop)` +
		`|te_fence_node|fenced.*(requests|(Succeeded|Failed).to.|result=)` +
		`|shutdown.decision|Corosync.Cluster.Engine|corosync.*Initializing.transport|Executive.Service.RELEASE|crm_shutdown:.Requesting.shutdown|pcmk_shutdown:.Shutdown.complete`
}}

// events are the lines of a log that tell of one.
func events(log []byte) string { return matching(log, []*regexp.Regexp{eventPatterns.get()}) }

// findEvents keeps the events of the last log, as the reference does, and gives the first a name that is always there.
func (c *collector) findEvents() {
	for _, l := range c.logs {
		extract := filepath.Base(l) + ".extract.txt"
		log, err := os.ReadFile(c.path(extract))
		c.put(eventsFile, "")
		if err != nil {
			continue
		}
		c.put(eventsFile, events(log))
		if !exists(c.path(clusterLog)) {
			if err := os.Symlink(extract, c.path(clusterLog)); err != nil {
				fmt.Fprintf(c.Err, "ln: %s\n", err)
			}
		}
	}
}

// hand sends the node's folder to the node of the report, unless that is this one.
func (c *collector) hand() error {
	switch {
	case exists(filepath.Join(c.home, settingsFile)):
		c.debug("Localhost: %s %s", c.master, c.target)
	case c.master != c.target:
		c.debug("Streaming report back to %s", c.master)
		w := tar.NewWriter(c.Out)
		if err := errors.Join(addTree(w, c.home, c.target), w.Close()); err != nil {
			return err
		}
		if c.remove {
			return os.RemoveAll(c.home)
		}
	}
	return nil
}

// detect finds where the node keeps what Pacemaker has.
func (c *collector) detect() {
	c.state = root.Path("/var/run/crm")
	if !isDir(root.Path("/var/run")) {
		c.log("Searching for where Pacemaker keeps runtime data... this may take a while")
		c.state = c.search(func(path string, e os.DirEntry) bool { return e.IsDir() && e.Name() == "run" })
		if c.state != "" {
			c.state += "/crm"
		}
		c.log("Found: %s", c.state)
	}
	variable := strings.TrimSuffix(c.state, "/run/crm")
	c.debug("Machine runtime directory: %s", variable)
	c.debug("Pacemaker runtime data located in: %s", c.state)
	c.daemons = c.daemonDir()
	c.cibDir = c.configDir(variable)
	var base string
	if c.cibDir != "" {
		base = filepath.Dir(c.cibDir)
	} else if isDir(variable + "/lib/pacemaker") {
		base = variable + "/lib/pacemaker"
	}
	c.boxes = base + "/blackbox"
	c.debug("Pacemaker blackboxes (if any) located in: %s", c.boxes)
	c.inputs = c.inputDir(base)
	list := ""
	for _, d := range []string{base + "/cores", variable + "/lib/corosync"} {
		if isDir(d) {
			c.cores = append(c.cores, d)
			list += " " + d
		}
	}
	c.debug("Core files located under: %s", list)
}

func (c *collector) found(what, dir string) string {
	c.log("Pacemaker %s found in: %s", what, dir)
	return dir
}

func remoted() bool {
	for _, name := range []string{"pacemaker-remoted", "pacemaker_remoted"} {
		if installed(name) {
			return true
		}
		for _, dir := range []string{"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/opt/local/sbin", "/opt/local/bin", "/opt/sbin", "/opt/bin"} {
			if st, err := os.Stat(dir + "/" + name); err == nil && st.Mode()&0o111 != 0 {
				return true
			}
		}
	}
	return false
}

func (c *collector) daemonDir() string {
	c.log("Searching for where Pacemaker daemons live... this may take a while")
	known := []string{"pacemaker-schedulerd", "cts-exec-helper"}
	for _, prefix := range []string{"/usr", "/usr/local", "/opt/local"} {
		for _, lib := range []string{"libexec", "lib64", "lib"} {
			for _, name := range known {
				if dir := prefix + "/" + lib + "/pacemaker"; exists(dir + "/" + name) {
					return c.found("daemons", dir)
				}
			}
		}
	}
	if remoted() {
		c.log("Pacemaker daemons not found (this appears to be a Pacemaker Remote node)")
		return ""
	}
	if hit := c.search(func(path string, e os.DirEntry) bool {
		return e.Name() == known[1] || e.Name() == known[0] && e.Type().IsRegular()
	}); hit != "" {
		return c.found("daemons", filepath.Dir(hit))
	}
	c.log("ERROR: Pacemaker daemons not found (nonstandard installation?)")
	return ""
}

func (c *collector) configDir(variable string) string {
	dir := variable + "/lib/pacemaker/cib"
	if isFile(dir + "/" + cibFile) {
		return c.found("config files", dir)
	}
	if remoted() {
		c.log("Pacemaker config not found (this appears to be a Pacemaker Remote node)")
		return ""
	}
	c.log("Searching for where Pacemaker keeps config information... this may take a while")
	if hit := c.search(func(path string, e os.DirEntry) bool { return e.Name() == cibFile && e.Type().IsRegular() }); hit != "" {
		return c.found("config files", filepath.Dir(hit))
	}
	c.warn("Pacemaker config not found (nonstandard installation?)")
	return ""
}

func (c *collector) inputDir(base string) string {
	if dir := base + "/pengine"; isDir(dir) {
		return c.found("scheduler inputs", dir)
	}
	if remoted() {
		c.log("Pacemaker scheduler inputs not found (this appears to be a Pacemaker Remote node)")
		return ""
	}
	c.log("Searching for where Pacemaker keeps scheduler inputs... this may take a while")
	if hit := c.search(func(path string, e os.DirEntry) bool { return e.IsDir() && e.Name() == "pengine" }); hit != "" {
		return c.found("scheduler inputs", hit)
	}
	c.log("ERROR: Pacemaker scheduler inputs not found (nonstandard installation?)")
	return ""
}
