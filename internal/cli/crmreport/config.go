package crmreport

import (
	"fmt"
	"os"
	"os/user"
	"strconv"
	"strings"
	"syscall"

	"github.com/ringmaster-ha/ringmaster/internal/root"
)

// running is whether a process of root's, of Pacemaker's user or group, or of this user has a text in its line.
func (n *node) running(text string) bool {
	groups := []string{"0"}
	if g, err := user.LookupGroup("haclient"); err == nil {
		groups = append(groups, g.Gid)
	} else {
		groups = append(groups, "")
	}
	if own, err := os.Getgroups(); err == nil {
		groups = append(groups, strconv.Itoa(os.Getegid()))
		for _, g := range own {
			groups = append(groups, strconv.Itoa(g))
		}
	}
	out := n.output(true, "ps", "-G", strings.Join(groups, " "), "-u", fmt.Sprintf("0 hacluster %d", os.Geteuid()), "-f")
	return strings.Contains(out, text)
}

func (n *node) clusterType() string {
	stack := "any"
	if n.running("corosync") {
		// The script asks for a key that it does nothing with; what goes wrong is told nevertheless.
		n.output(false, "corosync-cmapctl")
		stack = "corosync"
	}
	n.debug("Detected the '%s' cluster stack", stack)
	return stack
}

// configuration finds corosync's file by a walk: where Debian's build of the reference looks first is a folder.
func (n *node) configuration(cluster string) string {
	switch cluster {
	case "any":
		return ""
	case "corosync":
	default:
		n.warn("Unknown cluster type: %s", cluster)
		return ""
	}
	n.debug("Looking for corosync configuration file. This may take a while...")
	conf := n.search(func(path string, e os.DirEntry) bool { return e.Name() == "corosync.conf" && e.Type().IsRegular() })
	n.debug("Located corosync config file: %s", conf)
	return conf
}

// variable is the first value of a key in corosync.conf, in whatever section.
func variable(conf, key string) string {
	for line := range strings.Lines(conf) {
		line, _, _ = strings.Cut(line, "#")
		if f := strings.Fields(line); len(f) == 2 && f[0] == key+":" {
			return f[1]
		}
	}
	return ""
}

var (
	isTrue  = pattern{text: func() string { return `(?i)^(true|y|yes|on|1)` }}
	isFalse = pattern{text: func() string { return `(?i)^(false|n|no|off|0)` }}
)

// pacemakerVariable is a variable of /etc/default/pacemaker, which the shell would read.
func pacemakerVariable(text, key string) (value string) {
	for line := range strings.Lines(text) {
		line = strings.TrimPrefix(strings.TrimSpace(line), "export ")
		if v, ok := strings.CutPrefix(line, key+"="); ok {
			if q := v; len(q) > 1 && (q[0] == '"' || q[0] == '\'') {
				v, _, _ = strings.Cut(q[1:], q[:1])
			} else if f := strings.Fields(v); len(f) > 0 {
				v = f[0]
			}
			value = v
		}
	}
	return value
}

// configFiles copies what configures the node, and asks what runs for its state.
func (c *collector) configFiles() {
	for _, f := range []string{c.conf, c.cibDir + "/" + cibFile, "/etc/drbd.conf", "/etc/drbd.d", "/etc/booth"} {
		if f != "" && exists(f) {
			if err := copyAll(f, c.path(baseName(f))); err != nil {
				fmt.Fprintf(c.Err, "cp: %s\n", err)
			}
		}
	}
	controlled := c.running("pacemaker-controld")
	if !controlled && !c.running("pacemaker-remoted") && !c.running("pacemaker_remoted") {
		c.put("STOPPED", c.host+"\n")
		return
	}
	var status strings.Builder
	for line := range strings.Lines(c.both("crm_mon", "-1")) {
		if !strings.HasPrefix(line, "Last upd") {
			status.WriteString(line)
		}
	}
	c.put(statusFile, status.String())
	c.put(cibFile+".live", c.output(true, "cibadmin", "-Ql"))
	if controlled {
		c.put(membersFile, c.both("crm_node", "-p"))
	}
	c.put("RUNNING", c.host+"\n")
}

func baseName(path string) string { return path[strings.LastIndex(path, "/")+1:] }

// readableCIB checks the CIB and writes it in a shell's words.
func (c *collector) readableCIB() {
	cib := c.path(cibFile)
	if !isFile(cib) {
		return
	}
	c.put(verifyFile, c.both("crm_verify", "-V", "-x", cib))
	switch {
	case installed("crm"):
		var b strings.Builder
		cmd := c.command("crm", "configure", "show")
		cmd.Env = append(cmd.Env, "CIB_file="+cib)
		cmd.Stdout, cmd.Stderr = &b, &b
		c.missing(&b, "crm", cmd.Run())
		c.put(cibTextFile, b.String())
	case installed("pcs"):
		c.put(cibTextFile, c.both("pcs", "config", "-f", cib))
	}
}

// permissions tells which of Pacemaker's folders are not as they should be.
func (c *collector) permissions() string {
	var said strings.Builder
	for _, dir := range []string{c.inputs, c.cibDir, c.state} {
		// A folder that was not found leaves the words of the line one place to the left.
		f := strings.Fields(dir + " 0750 hacluster haclient")
		path := f[0]
		st, err := os.Stat(path)
		switch {
		case err != nil:
			fmt.Fprintf(&said, "%s doesn't exist\n", path)
			continue
		case !st.IsDir():
			fmt.Fprintf(&said, "%s has wrong type\n", path)
			continue
		}
		u, err := user.Lookup(f[2])
		if err != nil {
			fmt.Fprintf(&said, "%s: id not found\n", f[2])
			continue
		}
		g, err := user.LookupGroup(f[3])
		if err != nil {
			fmt.Fprintf(&said, "%s: id not found\n", f[3])
			continue
		}
		sys := st.Sys().(*syscall.Stat_t)
		if fmt.Sprintf("%04o", sys.Mode&0o7777) != f[1] || strconv.Itoa(int(sys.Uid)) != u.Uid || strconv.Itoa(int(sys.Gid)) != g.Gid {
			fmt.Fprintf(&said, "wrong permissions or ownership for %s:\n%s", path, c.both("ls", "-ld", path))
		}
	}
	return said.String()
}

func readText(path string) string {
	b, err := os.ReadFile(root.Path(path))
	if err != nil {
		return ""
	}
	return string(b)
}
