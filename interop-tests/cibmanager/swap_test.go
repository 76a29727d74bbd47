//go:build interop

package cibmanager

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

func TestMain(m *testing.M) {
	lab.Init()
	os.Exit(m.Run())
}

const (
	daemonPath   = "/usr/lib/pacemaker/pacemaker-based"
	cibDir       = "/var/lib/pacemaker/cib"
	pacemakerLog = "/var/log/pacemaker/pacemaker.log"
)

// cluster is three nodes, of which some run our CIB manager.
type cluster struct {
	t      *testing.T
	l      *lab.Lab
	ours   []int
	daemon map[*lab.Host]*lab.Process
	record strings.Builder
}

func form(t *testing.T, ours ...int) *cluster {
	l := lab.New(t, 3)
	l.DumpLogs(pacemakerLog)
	l.WriteFile("/etc/corosync/corosync.conf", lab.Ring{Transport: "udpu"}.Conf(l.Hosts()))
	c := &cluster{t: t, l: l, ours: ours, daemon: map[*lab.Host]*lab.Process{}}
	for _, h := range l.Hosts() {
		c.equip(h)
		h.StartCorosync()
	}
	l.Form(l.Hosts()...)
	for i, h := range l.Hosts() {
		c.start(h)
		if i == 0 { // the first becomes the DC
			l.Eventually(60*time.Second, "node1 is the DC", func() bool { return strings.Contains(status(h), "Current DC: node1") })
		}
	}
	c.online(l.Host(0), "node1 node2 node3")
	return c
}

func (c *cluster) equip(h *lab.Host) {
	if slices.Contains(c.ours, h.Index) {
		h.Lay(daemonPath)
	}
}

func (c *cluster) start(h *lab.Host) { c.daemon[h] = h.StartPacemaker() }

func status(h *lab.Host) string { return h.Exec("crm_mon", "-1", "-r").Stdout }

func (c *cluster) online(h *lab.Host, names string) {
	c.t.Helper()
	c.l.Eventually(90*time.Second, names+" online", func() bool {
		return strings.Contains(status(h), "Online: [ "+names+" ]")
	})
	h.MustRun("crm_resource", "--wait", "--timeout", "60s")
}

// varying is what differs from run to run: times, and how far the cluster has come.
var varying = regexp.MustCompile(`(?s)<status>.*</status>|(cib-last-written|dc-uuid|epoch|num_updates|have-quorum|last-rc-change|expires|last-granted)="[^"]*"| ?\b[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}`)

// do runs a command on a node and takes down what it prints.
func (c *cluster) do(node int, args ...string) string {
	c.t.Helper()
	r := c.l.Host(node-1).Exec(args[0], args[1:]...)
	fmt.Fprintf(&c.record, "node%d$ %s\n%s%s=%d\n", node, strings.Join(args, " "),
		varying.ReplaceAllString(r.Stdout, "$1"), varying.ReplaceAllString(r.Stderr, "$1"), r.Code)
	return r.Stdout
}

// cib is a node's own CIB.
func cib(h *lab.Host) string { return h.Exec("cibadmin", "-Q", "-l").Stdout }

// same waits until all nodes have the same CIB, and takes down its configuration.
func (c *cluster) same() {
	c.t.Helper()
	c.l.Eventually(30*time.Second, "the same CIB on all nodes", func() bool {
		first := written.ReplaceAllString(cib(c.l.Host(0)), "")
		for _, h := range c.l.Hosts()[1:] {
			if written.ReplaceAllString(cib(h), "") != first {
				return false
			}
		}
		return first != ""
	})
	c.do(1, "cibadmin", "-Q", "-o", "configuration")
}

// written is what each node says itself.
var written = regexp.MustCompile(` (cib-last-written|crm-debug-origin|update-origin|update-client|update-user)="[^"]*"`)

const dummy = `<primitive id="%s" class="ocf" provider="pacemaker" type="Dummy"><operations><op id="%[1]s-m" name="monitor" interval="10s"/></operations></primitive>`

// tools goes through what the tools do to a CIB.
func (c *cluster) tools() {
	c.do(1, "cibadmin", "-C", "-o", "resources", "--xml-text", fmt.Sprintf(dummy, "d1"))
	c.do(2, "cibadmin", "-C", "-o", "resources", "--xml-text", fmt.Sprintf(dummy, "d2"))
	c.do(3, "cibadmin", "-C", "-o", "resources", "--xml-text", fmt.Sprintf(dummy, "d2"))
	c.do(1, "cibadmin", "-C", "-o", "resources", "--xml-text", `<odd id="o"/>`)
	c.do(3, "cibadmin", "-M", "-o", "resources", "--xml-text", `<primitive id="d1" description="one"/>`)
	c.do(2, "cibadmin", "-M", "-o", "resources", "--xml-text", `<primitive id="d9" description="none"/>`)
	c.do(2, "cibadmin", "-M", "-c", "-o", "constraints", "--xml-text", `<rsc_location id="l1" rsc="d1" node="node1" score="100"/>`)
	c.do(1, "cibadmin", "-R", "-o", "constraints", "--xml-text", `<constraints><rsc_location id="l1" rsc="d1" node="node2" score="50"/></constraints>`)
	c.do(3, "cibadmin", "-Q", "--xpath", "//rsc_location")
	c.do(3, "cibadmin", "-Q", "--xpath", "//primitive", "-e")
	c.do(3, "cibadmin", "-Q", "--xpath", "//nothing")
	c.do(3, "cibadmin", "-Q", "-n", "-o", "resources")
	c.do(1, "cibadmin", "-Q", "-N", "node2", "-o", "constraints")
	c.do(2, "cibadmin", "-Q", "-N", "node3", "-o", "resources")
	c.do(2, "cibadmin", "-D", "--xpath", "//rsc_location[@id='l1']")
	c.do(2, "cibadmin", "-D", "-o", "constraints", "--xml-text", `<rsc_location id="l1"/>`)
	c.do(1, "cibadmin", "-B")
	c.do(3, "cibadmin", "-u", "-f")
	c.do(2, "cibadmin", "-M", "--xml-text", `<cib validate-with="pacemaker-3.5"/>`)
	c.same()
	c.do(3, "cibadmin", "-u", "-f")
	c.same()
	c.do(1, "cibadmin", "-M", "--xml-text", `<cib admin_epoch="admin_epoch++"/>`)
	c.do(2, "crm_attribute", "-n", "foo", "-v", "bar")
	c.do(3, "crm_attribute", "-n", "foo", "-G")
	c.do(2, "crm_attribute", "-N", "node3", "-n", "color", "-v", "red")
	c.do(1, "crm_attribute", "-N", "node3", "-n", "color", "-G")
	c.do(1, "crm_attribute", "-N", "node1", "-n", "shade", "-v", "5", "-l", "reboot")
	c.do(3, "crm_ticket", "-t", "T", "-g", "--force")
	c.do(2, "crm_ticket", "-t", "T", "-q")
	c.do(1, "sh", "-c", "cibadmin -Q >/run/a.xml && sed 's/description=\"one\"/description=\"two\"/' /run/a.xml >/run/b.xml && crm_diff -o /run/a.xml -n /run/b.xml >/run/p.xml; cibadmin -P -x /run/p.xml; sed 's/description=\"one\"/description=\"four\"/' /run/a.xml >/run/c.xml; cibadmin -R -x /run/c.xml")
	// A replacement that changes nothing but cib-last-written raises the version on those of the reference's nodes
	// whose own is another: of that nothing is asked.
	c.do(3, "sh", "-c", "echo '<cib epoch=' >/run/broken.xml; cibadmin -R -x /run/broken.xml")
	c.do(2, "sh", "-c", "cibadmin -Q >/run/o.xml && sed 's/ epoch=\"[0-9]*\"/ epoch=\"1\"/; s/ admin_epoch=\"[0-9]*\"/ admin_epoch=\"0\"/' /run/o.xml >/run/old.xml; cibadmin -R -x /run/old.xml")
	c.same()
	c.do(1, "crm_shadow", "-b", "-c", "s", "-f")
	c.do(1, "sh", "-c", "CIB_shadow=s cibadmin -M -o resources --xml-text '<primitive id=\"d1\" description=\"three\"/>'")
	c.do(1, "crm_shadow", "-b", "-C", "s", "-f")
	c.do(3, "cibadmin", "-S")
	c.same()
}

// permissions has users do what they may and may not.
func (c *cluster) permissions() {
	c.do(1, "cibadmin", "-M", "-c", "-o", "acls", "--xml-text", `<acls><acl_role id="reader"><acl_permission id="r1" kind="read" xpath="/cib"/><acl_permission id="r2" kind="write" xpath="//primitive[@id='d1']"/><acl_permission id="r3" kind="deny" xpath="//constraints"/></acl_role><acl_target id="anna"><role id="reader"/></acl_target></acls>`)
	c.do(1, "crm_attribute", "-n", "enable-acl", "-v", "true")
	for node := range 3 {
		c.do(node+1, "cibadmin", "-U", "anna", "-Q", "-o", "resources")
		c.do(node+1, "cibadmin", "-U", "anna", "-Q", "-o", "constraints")
		c.do(node+1, "cibadmin", "-U", "ben", "-Q")
		c.do(node+1, "cibadmin", "-U", "anna", "-M", "-o", "resources", "--xml-text", fmt.Sprintf(`<primitive id="d1" description="by anna %d"/>`, node))
		c.do(node+1, "cibadmin", "-U", "anna", "-M", "-o", "resources", "--xml-text", `<primitive id="d2" description="by anna"/>`)
		c.do(node+1, "cibadmin", "-U", "anna", "-D", "-o", "resources", "--xml-text", `<primitive id="d2"/>`)
	}
	c.same()
	c.do(2, "crm_attribute", "-n", "enable-acl", "-D")
	c.do(2, "cibadmin", "-D", "--xpath", "//acls")
	c.same()
}

// comings has nodes go and come: in order, by crash.
func (c *cluster) comings() {
	a, b, d := c.l.Host(0), c.l.Host(1), c.l.Host(2)
	if !c.daemon[d].Stop(60 * time.Second) {
		c.t.Error("pacemaker does not end on node3")
	}
	c.do(1, "cibadmin", "-M", "-o", "resources", "--xml-text", `<primitive id="d1" description="while node3 is away"/>`)
	c.start(d)
	c.online(a, "node1 node2 node3")
	c.same()
	b.Crash()
	c.do(3, "cibadmin", "-M", "-o", "resources", "--xml-text", `<primitive id="d2" description="while node2 is down"/>`)
	b.Boot()
	c.equip(b)
	b.StartCorosync()
	c.l.Form(c.l.Hosts()...)
	// A file that somebody has changed is not used.
	b.MustRun("sh", "-c", "echo '<!-- odd -->' >>"+cibDir+"/cib.xml; sed -i 's/d1-m/d1-x/' "+cibDir+"/cib.xml")
	c.start(b)
	c.online(a, "node1 node2 node3")
	c.same()
	c.do(2, "sh", "-c", "ls "+cibDir+" | grep -c auto")
}

// files looks at what is on the disks.
func (c *cluster) files() {
	c.t.Helper()
	for i := range 3 {
		c.do(i+1, "sh", "-c", "cd "+cibDir+" && stat -c '%n %U:%G %a' cib.xml cib.xml.sig cib.last $(ls cib-*.raw | head -1) $(ls cib-*.raw.sig | head -1) | sed 's/-[0-9]*/-N/'; cibadmin -5 -x cib.xml | tr -d '\\n' | cmp - cib.xml.sig && echo fits")
	}
}

// faults are what the others say of a manager that does not do its work.
var faults = regexp.MustCompile(`(?m)^.*(?:CIB connection.*lost|cib_native.*failed|Could not send response|Digest mis-match|Local CIB .* differs from|Respawning|pcmk_message_common_cs|timed out).*$`)

// keep leaves the record, and the CIBs of all nodes, where RINGMASTER_KEEP says.
func (c *cluster) keep(name string) {
	dir := os.Getenv("RINGMASTER_KEEP")
	if dir == "" {
		return
	}
	c.t.Cleanup(func() {
		files := map[string]string{name + ".txt": c.record.String()}
		if c.t.Failed() {
			for _, h := range c.l.Hosts() {
				files[name+"-"+h.Name+".xml"] = cib(h)
				files[name+"-"+h.Name+".log"] = h.ReadFile(pacemakerLog)
			}
		}
		for file, text := range files {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
				c.t.Error(err)
			}
		}
	})
}

var mixtures = flag.String("mixtures", "CCC,GoGoC,GoGoGo", "whose manager runs on the nodes; all are compared with the first")

// TestSwap compares the mixtures with the reference's managers alone.
func TestSwap(t *testing.T) {
	records := map[string]string{}
	names := strings.Split(*mixtures, ",")
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			var ours []int
			for i, kind := range lab.Kinds(name) {
				if kind == lab.Go {
					ours = append(ours, i)
				}
			}
			c := form(t, ours...)
			c.keep(name)
			c.tools()
			c.permissions()
			for _, h := range c.l.Hosts() {
				for _, line := range faults.FindAllString(h.ReadFile(pacemakerLog), -1) {
					t.Logf("%s: %s", h.Name, line)
				}
			}
			c.comings()
			c.files()
			records[name] = c.record.String()
			if want, ok := records[names[0]]; ok && records[name] != want {
				t.Errorf("differs from %s:\n%s", names[0], difference(want, records[name]))
			}
		})
	}
}

// difference is the first lines in which two records differ.
func difference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(w), len(g)) {
		if w[i] != g[i] {
			return "want " + strings.Join(w[max(i-3, 0):min(i+5, len(w))], "\n     ") + "\ngot  " + strings.Join(g[max(i-3, 0):min(i+5, len(g))], "\n     ")
		}
	}
	return fmt.Sprintf("%d lines, not %d", len(g), len(w))
}
