//go:build interop

package attrtools_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// managed are resources that the reference's tools and ours have each of their own, on the same nodes.
const managed = `<resources>
<primitive id="rref" class="ocf" provider="pacemaker" type="Dummy"><operations><op id="rref-m" name="monitor" interval="10s"/></operations></primitive>
<primitive id="rours" class="ocf" provider="pacemaker" type="Dummy"><operations><op id="rours-m" name="monitor" interval="10s"/></operations></primitive>
<clone id="cref"><primitive id="iref" class="ocf" provider="pacemaker" type="Dummy"/></clone>
<clone id="cours"><primitive id="iours" class="ocf" provider="pacemaker" type="Dummy"/></clone>
</resources>`

const placed = `<constraints><rsc_location id="onref" rsc="rref" node="node1" score="10"/><rsc_location id="onours" rsc="rours" node="node1" score="10"/></constraints>`

// administration is what is asked and done by both. The cluster is idle before each line
// that asks for something to be done.
var administration = []step{
	{0, "crm_node -l", "", ""}, {0, "crm_node -p", "", ""}, {1, "crm_node -q", "", ""}, {1, "crm_node -i", "", ""}, {2, "crm_node -n", "", ""}, {2, "crm_node -N 2", "", ""}, {2, "crm_node -N 9", "", ""},
	{0, "crmadmin -qD", "", ""}, {1, "crmadmin -D --output-as=xml", "", ""}, {0, "crmadmin -S node2", "", ""}, {0, "crmadmin -q -S node3", "", ""}, {0, "crmadmin -N", "", ""}, {0, "crmadmin -qP", "", ""}, {0, "crmadmin -t 100 -D", "", ""},
	{0, "crm_resource -W -r r@", "", ""}, {1, "crm_resource -W -r c@", "", ""}, {0, "crm_resource --why -r r@", "", ""}, {0, "crm_resource --why -r r@ -N node2", "", ""}, {0, "crm_resource -O -r r@ -N node1", "", ""}, {0, "crm_resource -o -r i@", "", ""},
	{0, "crm_resource --digests -r r@ -N node1", "", ""}, {0, "crm_resource -M -r r@ -N node2", "crm_resource -W -r r@", "is running on: node2"}, {0, "crm_resource -A -r r@", "", ""}, {0, "crm_resource -U -r r@", "crm_resource -W -r r@", "is running on: node1"},
	{1, "crm_resource -M -r r@", "crm_resource -W -r r@", "is running on: node"}, {1, "crm_resource -U -r r@", "crm_resource -W -r r@", "is running on: node1"}, {1, "crm_resource -B -r r@", "", ""}, {1, "crm_resource -B -r c@ -N node3", "", ""}, {1, "crm_resource -U -r c@", "", ""}, {1, "crm_resource -U -r r@", "crm_resource -W -r r@", "is running on: node1"},
	{0, "crm_resource -F -r r@ -N node1", "", ""}, {0, "crm_resource -F -r none@ -N node1", "", ""}, {0, "crm_resource -F -r r@ -N node9", "", ""}, {0, "crm_resource -C -r r@ -N node1", "", ""}, {2, "crm_resource -C -r r@", "", ""}, {2, "crm_resource -C -r c@ -N node2", "", ""}, {2, "crm_resource -C -r none@", "", ""},
	{0, "crm_resource -R -r r@ -N node1", "", ""}, {0, "crm_resource -R -r r@", "", ""}, {0, "crm_resource -C -r i@ -n monitor -I 10s", "", ""}, {0, "crm_resource --restart -r r@ -T 60s", "", ""}, {0, "crm_resource --restart -r c@ -N node2 -T 60s", "", ""}, {0, "crm_resource --wait -T 30s", "", ""},
	{0, "crm_resource -r r@ -m -p target-role -v Stopped", "crm_resource -W -r r@", "NOT running"}, {0, "crm_resource --restart -r r@", "", ""}, {0, "crm_resource --why -r r@", "", ""}, {0, "crm_resource -r r@ -m -d target-role", "crm_resource -W -r r@", "is running on: node1"},
	{0, "crm_resource --force-check -r r@", "", ""}, {1, "crm_resource --force-check -r r@", "", ""}, {0, "crm_resource --force-start -r r@", "", ""}, {0, "crm_resource --validate -r r@", "", ""}, {0, "crm_resource --force-promote -r r@", "", ""},
	{0, "crm_resource --list-standards", "", ""}, {0, "crm_resource --list-ocf-providers", "", ""}, {0, "crm_resource --list-agents ocf:pacemaker", "", ""}, {0, "crm_resource --list-ocf-alternatives Dummy", "", ""}, {0, "crm_resource --show-metadata ocf:pacemaker:Dummy", "", ""}, {0, "crm_resource --show-metadata ocf:pacemaker:none", "", ""},
	{0, "crm_resource -R", "", ""}, {0, "crm_resource -C", "", ""}, {0, "crm_resource -C -N node2", "", ""}, {0, "crm_node -R node2", "", ""},
}

// asItRuns is what a command prints that depends on when it runs.
var asItRuns = regexp.MustCompile(`(?m)^(\*? ?\w{3} \w{3} +\d+ [\d:]+ \d{4}).*$|last-rc-change='[^']*'|exec=\d+ms|last-rc-change="[^"]*"|exec-time="\d+"|call="?=?\d+"?`)

// doing are options of crm_resource with which it does more than to ask.
var doing = regexp.MustCompile(` -[MUBFCR] | -[CR]$|--restart|--force|--why|--digests`)

// late are answers that came when nobody waited any more: whether they are still told is chance.
var late = regexp.MustCompile(`(got reply \(done\)\n)(\.\.\. got reply\n)+`)

// TestAdministration has the tools for resources and nodes work on a cluster of the reference, in turn
// with the reference's.
func TestAdministration(t *testing.T) {
	if os.Getenv("RINGMASTER_ADMINISTRATION") == "" {
		t.Skip("RINGMASTER_ADMINISTRATION is not set: it takes three minutes")
	}
	l := cluster(t, 3)
	for _, h := range l.Hosts() {
		for tool := range ours {
			h.Copy(self(t), "/opt/ours/"+tool)
		}
	}
	a := l.Host(0)
	online(l)
	a.MustRun("crm_attribute", "-n", "stonith-enabled", "-v", "false")
	a.MustRun("cibadmin", "-R", "-o", "resources", "-X", managed)
	a.MustRun("cibadmin", "-R", "-o", "constraints", "-X", placed)
	settle := func() {
		t.Helper()
		a.MustRun("/usr/sbin/crm_resource", "--wait", "--timeout", "60s")
	}
	same := 0
	for _, s := range administration {
		var said [2]string
		for i, by := range []string{"ref", "ours"} {
			if doing.MatchString(s.line) {
				settle()
			}
			words := strings.Fields(strings.ReplaceAll(s.line, "@", by))
			if by == "ours" {
				words[0] = "/opt/ours/" + words[0]
			}
			r := l.Host(s.node).Exec(words[0], words[1:]...)
			r.Stdout, r.Stderr = late.ReplaceAllString(asItRuns.ReplaceAllString(r.Stdout, ""), "$1"), asItRuns.ReplaceAllString(r.Stderr, "")
			said[i] = shown(r)
			if s.until != "" {
				until := strings.ReplaceAll(s.until, "@", by)
				l.Eventually(30*time.Second, s.line+" by "+by+" takes effect", func() bool {
					return strings.Contains(l.Host(s.node).Exec("sh", "-c", "exec "+until+" 2>&1").Stdout, s.prints)
				})
			}
		}
		if said[0] != said[1] {
			t.Errorf("node%d: %s\ngot  %q\nwant %q", s.node+1, s.line, said[1], said[0])
			continue
		}
		same++
	}
	t.Logf("%d of %d are equal", same, len(administration))
}
