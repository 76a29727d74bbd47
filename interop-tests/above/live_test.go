//go:build interop

package above

import (
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
	// A large CIB comes compressed, or in a larger buffer.
	for range 2 {
		for _, line := range []string{
			"crm_verify -L", "crm_verify -LV --output-as=xml", "crm_verify -LVVV", "crm_simulate -L", "crm_simulate -LS", "crm_simulate -LR -s --output-as=xml",
			"crm_rule -c -r r", "crm_rule -c -r r --output-as=xml", "crm_rule -c -r none",
		} {
			args := strings.Fields(line)
			theirs, ours := a.Exec(args[0], args[1:]...), a.Exec(filepath.Join(stage, "usr/sbin", args[0]), args[1:]...)
			same := func(r lab.Result) string {
				return steady(moment.ReplaceAllString(strings.ReplaceAll(answer(r), filepath.Join(stage, "usr/sbin")+"/", ""), "at some time"))
			}
			if same(ours) != same(theirs) {
				t.Errorf("%s: ours\n%s\nthe reference's\n%s", line, same(ours), same(theirs))
			}
		}
		var b strings.Builder
		b.WriteString("<resources>")
		for i := range 700 {
			id := "x" + strings.Repeat("y", i%7) + string(rune('a'+i%26)) + strings.Repeat("z", i/26)
			b.WriteString(`<primitive id="` + id + `" class="ocf" provider="pacemaker" type="Dummy"><meta_attributes id="` + id + `-m"><nvpair id="` + id + `-t" name="target-role" value="Stopped"/></meta_attributes></primitive>`)
		}
		b.WriteString("</resources>")
		a.WriteFile("/tmp/many.xml", b.String())
		a.Exec("cibadmin", "-M", "-c", "-o", "resources", "--xml-file", a.Path("/tmp/many.xml"))
	}
}
