//go:build interop

package above

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

// TestLiveCIB asks the reference's pacemaker-based for the CIB with our tools and with
// the reference's, as root and as a user of the cluster: they answer alike.
func TestLiveCIB(t *testing.T) {
	l := lab.New(t, 2)
	l.DumpLogs("/var/log/pacemaker/pacemaker.log")
	l.WriteFile("/etc/corosync/corosync.conf", lab.Ring{Transport: "udpu"}.Conf(l.Hosts()))
	for _, h := range l.Hosts() {
		h.StartCorosync()
	}
	l.Form(l.Hosts()...)
	for _, h := range l.Hosts() {
		startPacemaker(h)
	}
	a := l.Host(0)
	l.Eventually(60*time.Second, "two nodes online", func() bool {
		return strings.Contains(a.Exec("crm_mon", "-1").Stdout, "Online: [ node1 node2 ]")
	})
	a.MustRun("cibadmin", "-C", "-o", "resources", "--xml-text", `<primitive id="d" class="ocf" provider="pacemaker" type="Dummy"><operations><op id="d-m" name="monitor" interval="10s"/></operations></primitive>`)
	a.MustRun("cibadmin", "-C", "-o", "constraints", "--xml-text", `<rsc_location id="l" rsc="d"><rule id="r" score="5"><date_expression id="e" operation="gt" start="2020-01-01"/></rule></rsc_location>`)
	l.Eventually(30*time.Second, "the resource runs", func() bool {
		return strings.Contains(a.Exec("crm_mon", "-1").Stdout, "Started node")
	})
	stage, err := lab.Stage()
	if err != nil {
		t.Fatal(err)
	}
	const own = "/run/ours/"
	for _, name := range []string{"crm_verify", "crm_simulate", "crm_rule"} {
		a.Copy(filepath.Join(stage, "usr/sbin", name), own+name)
	}
	// A large CIB comes compressed, or in a larger buffer.
	for round := range 2 {
		for _, line := range []string{
			"crm_verify -L", "crm_verify -LV --output-as=xml", "crm_verify -LVVV", "crm_simulate -L", "crm_simulate -LS", "crm_simulate -LR -s --output-as=xml",
			"crm_rule -c -r r", "crm_rule -c -r r --output-as=xml", "crm_rule -c -r none",
		} {
			args := strings.Fields(line)
			theirs, ours := a.Exec(args[0], args[1:]...), a.Exec(own+args[0], args[1:]...)
			same := func(r lab.Result) string {
				return steady(moment.ReplaceAllString(strings.ReplaceAll(answer(r), own, ""), "at some time"))
			}
			if line == "crm_simulate -L" && !strings.Contains(ours.Stdout, "Started node") {
				t.Errorf("%s lacks resources:\n%s", line, ours.Stdout)
			}
			if same(ours) != same(theirs) {
				t.Errorf("%s: ours\n%s\nthe reference's\n%s", line, same(ours), same(theirs))
			}
		}
		if round > 0 {
			break
		}
		var b strings.Builder
		b.WriteString("<tags>")
		for i := range 3000 {
			fmt.Fprintf(&b, `<tag id="tag-%d"><obj_ref id="d"/></tag>`, i)
		}
		b.WriteString("</tags>")
		a.WriteFile("/tmp/many.xml", b.String())
		a.MustRun("cibadmin", "-M", "-c", "-o", "tags", "--xml-file", "/tmp/many.xml")
	}
}
