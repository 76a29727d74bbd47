package crmreport

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// packages are those of all distributions that matter to a cluster; the ones that are installed are checked.
const packages = `pacemaker pacemaker-libs pacemaker-cluster-libs libpacemaker3
	pacemaker-remote pacemaker-pygui pacemaker-pymgmt pymgmt-client
	corosync corosynclib libcorosync4
	resource-agents cluster-glue-libs cluster-glue libglue2 ldirectord
	ocfs2-tools ocfs2-tools-o2cb ocfs2console
	ocfs2-kmp-default ocfs2-kmp-pae ocfs2-kmp-xen ocfs2-kmp-debug ocfs2-kmp-trace
	drbd drbd-kmp-xen drbd-kmp-pae drbd-kmp-default drbd-kmp-debug drbd-kmp-trace
	drbd-pacemaker drbd-utils drbd-bash-completion drbd-xen
	lvm2 lvm2-clvm cmirrord
	libdlm libdlm2 libdlm3
	hawk ruby lighttpd
	kernel-default kernel-pae kernel-xen
	glibc`

// line is a program's output as the shell has it in a line: without newlines at the end.
func (n *node) line(name string, args ...string) string {
	return strings.TrimRight(n.output(false, name, args...), "\n")
}

// system tells of the machine and of what is installed.
func (c *collector) system(cluster string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Platform: %s\nKernel release: %s\nArchitecture: %s\nDistribution: %s\n\n", c.line("uname"), c.line("uname", "-r"), c.line("uname", "-m"), c.distribution())
	b.WriteString(firstLine(c.both("cibadmin", "--version")))
	b.WriteString(c.both("cibadmin", "-!"))
	if cluster == "corosync" {
		b.WriteString(firstLine(c.both("/usr/sbin/corosync", "-v")))
	}
	if installed("stonith") {
		b.WriteString(c.output(true, "stonith", "-V"))
	}
	const agents = "/usr/lib/ocf/resource.d/heartbeat/.ocf-shellfuncs"
	var builds []string
	if functions, err := os.ReadFile(agents); err != nil {
		fmt.Fprintf(c.Err, "grep: %s: No such file or directory\n", agents)
	} else {
		for line := range strings.Lines(string(functions)) {
			if strings.Contains(line, "Build version:") {
				builds = append(builds, strings.TrimSuffix(line, "\n"))
			}
		}
	}
	fmt.Fprintf(&b, "resource-agents: %s\n\n", strings.Join(builds, "\n"))
	b.WriteString(c.packages())
	return b.String()
}

func (c *collector) distribution() string {
	if installed("lsb_release") {
		name := regexp.MustCompile(`(?m)^Description:\s*`).ReplaceAllString(c.line("lsb_release", "-d"), "")
		c.debug("Using lsb_release for distribution info")
		return name
	}
	for _, pattern := range []string{"/etc/debian_version", "/etc/slackware-version", "/etc/*-release"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			continue
		}
		for _, f := range files {
			if text, err := os.ReadFile(f); err == nil {
				c.debug("Found %s distribution release file(s)", strings.Join(files, " "))
				return f + " " + strings.TrimRight(string(text), "\n")
			}
		}
	}
	c.warn("No lsb_release, no /etc/*-release, no /etc/debian_version: no distro information")
	return ""
}

func (c *collector) packages() string {
	managers := [][2]string{{"dpkg", "deb"}, {"rpm", "rpm"}, {"pkg_info", "pkg_info"}, {"pkginfo", "pkginfo"}}
	i := slices.IndexFunc(managers, func(m [2]string) bool { return installed(m[0]) })
	if i < 0 {
		c.warn("Unknown package manager")
		return ""
	}
	kind := managers[i][1]
	c.debug("The package manager is: %s", kind)
	var b strings.Builder
	fmt.Fprintf(&b, "The package manager is: %s\nInstalled packages:\n", kind)
	sorted := func(text string) string {
		lines := slices.Sorted(strings.Lines(text))
		return strings.Join(lines, "") + "\n"
	}
	check := func(name string) {
		c.debug("Verifying installation of: %s", name)
		fmt.Fprintf(&b, "Verifying installation of: %s\n", name)
	}
	switch kind {
	case "deb":
		b.WriteString(sorted(c.output(false, "dpkg-query", "-f", `${Package} ${Version} ${Architecture}\n`, "-W")))
		for name := range strings.FieldsSeq(packages) {
			q := c.command("dpkg-query", "-W", name)
			q.Stderr = nil
			out, err := q.Output()
			b.Write(out)
			if err == nil {
				check(name)
				if installed("debsums") {
					b.WriteString(c.output(true, "debsums", "-s", name))
				}
			}
		}
	case "rpm":
		b.WriteString(sorted(c.output(false, "rpm", "-qa", "--qf", `%{name} %{version}-%{release} - %{distribution} %{arch}\n`)))
		for name := range strings.FieldsSeq(packages) {
			if q := c.command("rpm", "-q", name); q.Run() == nil {
				check(name)
				b.WriteString(c.both("rpm", "--verify", name))
			}
		}
	case "pkg_info":
		b.WriteString(c.output(false, "pkg_info"))
	case "pkginfo":
		for line := range strings.Lines(c.output(false, "pkginfo")) {
			third := ""
			if f := strings.Fields(line); len(f) > 2 {
				third = f[2]
			}
			b.WriteString(third + "\n")
		}
	}
	return b.String()
}

// statistics is what programs say of the machine, each behind its own line as "set -x" has it.
func (c *collector) statistics() string {
	var b strings.Builder
	for _, line := range []string{
		"uname -n", "uptime", "ps axf", "ps auxw", "top -b -n 1", "ifconfig -a", "ip addr list", "netstat -i", "arp -an",
		"test -d /proc", "cat /proc/cpuinfo", "lsscsi", "lspci", "lsblk", "mount", "df",
	} {
		words := strings.Fields(line)
		b.WriteString("+ " + line + "\n" + c.both(words[0], words[1:]...))
	}
	return b.String() + "+ set +x\n"
}

// dlm is what the distributed lock manager says, if there is one.
func (c *collector) dlm() string {
	if !installed("dlm_tool") || !c.running("dlm_controld") {
		return ""
	}
	var b strings.Builder
	tool := func(args ...string) { b.WriteString(c.both("dlm_tool", args...)) }
	b.WriteString("--- Lockspace overview:\n")
	tool("ls", "-n")
	b.WriteString("---Lockspace history:\n")
	tool("dump")
	b.WriteString("---Lockspace status:\n")
	tool("status")
	tool("status", "-v")
	b.WriteString("---Lockspace config:\n")
	tool("dump_config")
	tool("log_plock")
	for line := range strings.Lines(c.output(true, "dlm_tool", "ls")) {
		if _, name, ok := strings.Cut(strings.TrimSpace(line), "name"); ok && strings.TrimSpace(name) != "" {
			name = strings.TrimSpace(name)
			fmt.Fprintf(&b, "--- Lockspace %s:\n", name)
			tool("lockdump", name)
			tool("lockdebug", "-svw", name)
		}
	}
	return b.String()
}

var sharedSecret = pattern{text: func() string { return `(shared-secret[ \t]*")[^"]*";` }}

// drbd is what there is of DRBD.
func (c *collector) drbd() string {
	var b strings.Builder
	part := func(title, text string) { fmt.Fprintf(&b, "--- %s:\n%s\n", title, text) }
	if text, err := os.ReadFile("/proc/drbd"); err == nil {
		part("/proc/drbd", string(text))
	}
	if installed("drbdadm") {
		dump := c.both("drbdadm", "dump")
		if c.sanitize != "" {
			var lines strings.Builder
			for line := range strings.Lines(dump) {
				if at := sharedSecret.get().FindStringSubmatchIndex(line); at != nil {
					line = line[:at[3]] + `****";` + line[at[1]:]
				}
				lines.WriteString(line)
			}
			dump = lines.String()
		}
		part("drbdadm dump", dump)
		part("drbdadm status", c.both("drbdadm", "status"))
		b.WriteString("--- drbdadm show-gi:\n")
		for line := range strings.Lines(c.output(true, "drbdsetup", "status")) {
			if f := strings.Fields(line); len(f) > 0 && strings.TrimLeft(line, " \t") == line {
				fmt.Fprintf(&b, "%s:\n%s\n", f[0], c.both("drbdadm", "show-gi", f[0]))
			}
		}
		b.WriteString("\n")
	}
	if installed("drbd-overview") {
		part("drbd-overview", c.both("drbd-overview"))
	}
	if installed("drbdsetup") {
		part("drbdsetup status", c.both("drbdsetup", "status", "--verbose", "--statistics"))
		part("drbdsetup events2", c.both("drbdsetup", "events2", "--timestamps", "--statistics", "--now"))
	}
	return b.String()
}
