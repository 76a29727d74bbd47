//go:build interop

package cib

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/cib/ops/opstest"
	"github.com/ringmaster-ha/ringmaster/cib/result"
)

// start is a CIB with permissions for a few users.
const start = `<cib crm_feature_set="3.16.1" validate-with="%s" epoch="7" num_updates="3" admin_epoch="1"><configuration>
<crm_config><cluster_property_set id="cib-bootstrap-options"><nvpair id="o1" name="enable-acl" value="%s"/><nvpair id="o2" name="stonith-enabled" value="false"/></cluster_property_set></crm_config>
<nodes><node id="1" uname="n1"><instance_attributes id="n1a"><nvpair id="n1a-x" name="x" value="1"/></instance_attributes></node><node id="2" uname="n2"/><!-- spare --></nodes>
<resources><group id="g"><primitive id="p" class="ocf" provider="pacemaker" type="Dummy"><meta_attributes id="pm"><nvpair id="pm-t" name="target-role" value="Started"/></meta_attributes></primitive></group>
<primitive id="q" class="ocf" provider="pacemaker" type="Dummy"><instance_attributes id="qi"><nvpair id="qi-a" name="a" value="5"/></instance_attributes></primitive></resources>
<constraints><rsc_location id="l" rsc="q" node="n1" score="10"/></constraints>
<acls><acl_target id="reader"><role id="observer"/></acl_target><acl_target id="writer"><role id="admin"/></acl_target><acl_target id="oper"><role id="observer"/><role id="operator"/></acl_target><acl_target id="blind"><role id="none"/></acl_target>
<acl_role id="observer"><acl_permission id="ob1" kind="read" xpath="/cib"/><acl_permission id="ob2" kind="deny" xpath="//acls"/></acl_role>
<acl_role id="operator"><acl_permission id="op1" kind="write" xpath="//nvpair[@name='target-role']"/><acl_permission id="op2" kind="write" object-type="constraints"/><acl_permission id="op3" kind="write" reference="qi"/></acl_role>
<acl_role id="admin"><acl_permission id="ad1" kind="write" xpath="/cib"/><acl_permission id="ad2" kind="deny" xpath="//node[@id='2']"/></acl_role>
<acl_role id="none"><acl_permission id="no1" kind="deny" xpath="/cib"/></acl_role></acls>
</configuration><status><node_state id="1" uname="n1"><transient_attributes id="1"><instance_attributes id="s1"><nvpair id="s1-a" name="f" value="3"/></instance_attributes></transient_attributes></node_state></status></cib>`

var (
	sections = []string{"", "", "", "configuration", "nodes", "resources", "constraints", "crm_config", "status", "tags", "rsc_defaults", "all", "cib", "acls", "bogus"}
	paths    = []string{
		"//nvpair", "//node[@id='1']", "//primitive", "/cib", "//nodes", "//nvpair[@name='x']", "//@name", "/cib/configuration/resources/group", "//node[", "//none",
		"//primitive[@id='q']//nvpair", "//comment()", "//nodes|//node", "/", "//meta_attributes/..", "//nvpair[@value>2]", "(//nvpair)[2]", "//*[@id='p']", "//status//nvpair", "//acls", "//resources/*",
	}
	objects = []string{
		`<nvpair id="qi-a" name="a" value="6"/>`, `<nvpair id="qi-a" value="value++"/>`, `<nvpair id="qi-a" value="value+=7"/>`, `<nvpair id="new" name="b" value="value++"/>`, `<nvpair id="o2" name="stonith-enabled" value="true"/>`,
		`<node id="3" uname="n3"/>`, `<node id="1" uname="other"/>`, `<node id="2"/>`, `<node uname="n2"/>`, `<nodes><node id="1" uname="n1"/><node id="4" uname="n4"/></nodes>`, `<nodes/>`,
		`<primitive id="q"/>`, `<primitive id="q" class="ocf" provider="pacemaker" type="Stateful"/>`, `<primitive id="r" class="ocf" provider="pacemaker" type="Dummy"><!-- c --><operations><op id="r-m" name="monitor" interval="10"/></operations></primitive>`,
		`<primitive id="p"/>`, `<group id="g"><primitive id="p" description="d"/></group>`, `<resources/>`, `<resources><primitive id="z" class="ocf" provider="pacemaker" type="Dummy"/></resources>`, `<constraints/>`,
		`<rsc_location id="l" score="20"/>`, `<rsc_location id="m" rsc="p" node="n2" score="-INFINITY"/>`, `<tags><tag id="t"><obj_ref id="p"/></tag></tags>`, `<tag id="t"><obj_ref id="q"/></tag>`,
		`<cib epoch="9"/>`, `<cib admin_epoch="admin_epoch++"/>`, `<cib epoch="1"/>`, `<cib admin_epoch="0"/>`, `<cib><configuration><nodes><node id="9" uname="n9"/></nodes></configuration></cib>`, `<status/>`,
		`<node_state id="2" uname="n2"/>`, `<bogus/>`, `<!-- x --><bogus id="1"/>`, `<meta_attributes id="pm"><nvpair id="pm-t" name="target-role" value="Stopped"/></meta_attributes>`, `<nvpair id="pm-t" name="target-role" value="Stopped"/>`,
		`<nvpair id="pm-t" name="target-role" value="Started"/>`, `<nvpair name="x"/>`, `<acl_target id="new"/>`, `<configuration><crm_config/></configuration>`, `<nodes><!-- spare --></nodes>`, `<nodes>text<node id="5" uname="n5"/>text</nodes>`,
		`<diff format="2"><version><source admin_epoch="1" epoch="7" num_updates="3"/><target admin_epoch="1" epoch="8" num_updates="0"/></version><change operation="modify" path="/cib"><change-list><change-attr name="epoch" operation="set" value="8"/></change-list><change-result><cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" epoch="8" num_updates="0" admin_epoch="1"/></change-result></change></diff>`,
		`<diff format="2"><version><source admin_epoch="1" epoch="6" num_updates="3"/><target admin_epoch="1" epoch="8" num_updates="0"/></version></diff>`,
		`<diff format="2"><change operation="delete" path="/cib/configuration/nodes/node[@id='2']"/></diff>`, `<diff format="2"><change operation="create" path="/cib/none" position="0"><a/></change></diff>`,
		`<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" epoch="70" num_updates="3" admin_epoch="1"><configuration><crm_config/><nodes/><resources/><constraints/></configuration></cib>`,
		`<cib crm_feature_set="9.0" validate-with="pacemaker-3.9" epoch="70" num_updates="3" admin_epoch="1"><configuration><crm_config/><nodes/><resources/><constraints/></configuration></cib>`,
		`<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" epoch="7" num_updates="2" admin_epoch="1"><configuration><crm_config/><nodes/><resources/><constraints/></configuration></cib>`,
	}
)

// drawOperation is a call of cibadmin.
func drawOperation(rng *rand.Rand) []string {
	op := pick(rng, []string{"-Q", "-Q", "-C", "-C", "-M", "-M", "-M", "-D", "-D", "-d", "-R", "-R", "-E", "-B", "-u", "-P", "-P"})
	args := []string{op}
	if op == "-E" || op == "-d" || op == "-u" {
		args = append(args, "-f")
	}
	usesXPath := op != "-P" && op != "-E" && op != "-B" && op != "-u" && op != "-C" && rng.IntN(3) == 0 || op == "-d"
	if usesXPath {
		args = append(args, "-A", pick(rng, paths))
	} else if section := pick(rng, sections); section != "" {
		args = append(args, "-o", section)
	}
	data := ""
	if op != "-Q" && op != "-E" && op != "-B" && op != "-u" && !(op == "-D" && usesXPath) && op != "-d" {
		data = pick(rng, objects)
		for strings.Contains(data, "<diff") != (op == "-P") {
			data = pick(rng, objects)
		}
		args = append(args, "-X", data)
	}
	if op == "-M" && rng.IntN(3) == 0 {
		args = append(args, "-c")
	}
	if op == "-Q" {
		if rng.IntN(4) == 0 {
			args = append(args, "-n")
		} else if usesXPath && rng.IntN(3) == 0 {
			args = append(args, "-e")
		}
	}
	if rng.IntN(2) == 0 {
		args = append(args, "-U", pick(rng, []string{"reader", "writer", "oper", "oper", "blind", "nobody", "root", "hacluster"}))
	}
	return args
}

// drawPermission is a permission, as an element of today's form or of that of before schema 2.0.
func drawPermission(rng *rand.Rand, old bool) string {
	kind := pick(rng, []string{"read", "read", "write", "write", "deny"})
	tag, ref := "object-type", "reference"
	element := fmt.Sprintf(`acl_permission id="a%d" kind="%s"`, rng.IntN(1000), kind)
	if old {
		tag, ref, element = "tag", "ref", fmt.Sprintf(`%s id="a%d"`, kind, rng.IntN(1000))
	}
	name := pick(rng, []string{"nvpair", "nodes", "node", "primitive", "resources", "cib", "constraints", "status", "meta_attributes", "none"})
	attribute := pick(rng, []string{"name", "uname", "id", "type", "value"})
	switch rng.IntN(4) {
	case 0:
		return fmt.Sprintf(`<%s xpath="%s"/>`, element, strings.ReplaceAll(pick(rng, paths), ">", "&gt;"))
	case 1:
		return fmt.Sprintf(`<%s %s="%s"/>`, element, ref, pick(rng, []string{"p", "q", "g", "qi", "pm-t", "1", "2", "none"}))
	case 2:
		return fmt.Sprintf(`<%s %s="%s" attribute="%s"/>`, element, tag, name, attribute)
	}
	return fmt.Sprintf(`<%s %s="%s"/>`, element, tag, name)
}

// drawPermissions is a section of permissions for user drawn.
func drawPermissions(rng *rand.Rand) string {
	var b strings.Builder
	b.WriteString(`<acls>`)
	for target := range 1 + rng.IntN(2) {
		old := rng.IntN(2) == 0
		element, role := fmt.Sprintf(`acl_target id="t%d" name="drawn"`, target), "role"
		if old {
			element, role = `acl_user id="drawn"`, "role_ref"
		}
		fmt.Fprintf(&b, "<%s>", element)
		for range rng.IntN(3) {
			b.WriteString(drawPermission(rng, old))
		}
		fmt.Fprintf(&b, `<%s id="r%d"/></%s>`, role, rng.IntN(3), strings.Fields(element)[0])
	}
	for role := range 3 {
		fmt.Fprintf(&b, `<acl_role id="r%d">`, role)
		for range 1 + rng.IntN(3) {
			b.WriteString(drawPermission(rng, rng.IntN(2) == 0))
		}
		b.WriteString(`</acl_role>`)
	}
	b.WriteString(`</acls>`)
	return b.String()
}

// TestDrawnPermissions has users with drawn permissions query and change.
func TestDrawnPermissions(t *testing.T) {
	file := t.TempDir() + "/cib.xml"
	kinds := map[string]int{}
	wrong, crashed := 0, 0
	for seed := *first; seed < *first+uint64(*seeds); seed++ {
		rng := rand.New(rand.NewPCG(seed, 4))
		cib := fmt.Sprintf(start, "none", "true")
		from, to := strings.Index(cib, "<acls>"), strings.Index(cib, "</acls>")+len("</acls>")
		cib = cib[:from] + drawPermissions(rng) + cib[to:]
		for range 5 {
			args := drawOperation(rng)
			if at := slices.Index(args, "-U"); at >= 0 {
				args = args[:at]
			}
			args = append(args, "-U", "drawn")
			save(t, file, cib)
			c := run(t, []string{"CIB_file=" + file}, "", append([]string{"cibadmin"}, args...)...)
			if c.Status < 0 {
				crashed++
				continue
			}
			after, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := opstest.Case{Before: cib, Args: args}
			got.Status = int(result.RC(got.Run()).Exit())
			want := ""
			if string(after) != cib {
				want = string(after)
			}
			kinds[fmt.Sprint(args[0], c.Status, want != "")]++
			if got.Status != c.Status || got.Stdout != c.Stdout || got.After != want {
				wrong++
				t.Errorf("seed %d: %q with %s\ngot  %d %s\nwant %d %s\n%s\nin the output: %s\nin the file: %s", seed, args, cib[from:strings.Index(cib, "</acls>")], got.Status, "", c.Status, "",
					c.Stderr, firstDifference(got.Stdout, c.Stdout), firstDifference(got.After, want))
				if wrong > 5 {
					t.FailNow()
				}
			}
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		t.Logf("%5d %s", kinds[kind], kind)
	}
	t.Logf("the reference crashed %d times", crashed)
}

// TestOperations has cibadmin and us work on the same file, step by step.
func TestOperations(t *testing.T) {
	dir := t.TempDir()
	file := dir + "/cib.xml"
	var goldens []opstest.Case
	kinds := map[string]int{} // of operations, and how often each came
	same, crashed, wrong := 0, 0, 0
	for seed := *first; seed < *first+uint64(*seeds); seed++ {
		rng := rand.New(rand.NewPCG(seed, 3))
		enabled := pick(rng, []string{"true", "true", "false"})
		cib := fmt.Sprintf(start, pick(rng, []string{"pacemaker-3.9", "pacemaker-3.9", "pacemaker-3.0", "none", "pacemaker-2.10"}), enabled)
		for range 6 {
			save(t, file, cib)
			args := drawOperation(rng)
			c := run(t, []string{"CIB_file=" + file}, "", append([]string{"cibadmin"}, args...)...)
			after, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if c.Status < 0 || strings.Contains(c.Stderr, "Triggered fatal") && c.Status > 128 {
				crashed++
				break
			}
			want := opstest.Case{Before: cib, Args: args, Status: c.Status, Stdout: c.Stdout}
			if string(after) != cib {
				want.After = string(after)
			}
			got := opstest.Case{Before: cib, Args: args}
			got.Status = int(result.RC(got.Run()).Exit())
			if got.Status != want.Status || got.Stdout != want.Stdout || got.After != want.After {
				wrong++
				t.Errorf("seed %d: %q (acl %s)\ngot  %d %s\nwant %d %s\n%s\nbefore %.100s\nin the file: %s", seed, args, enabled, got.Status, got.Stdout, want.Status, want.Stdout, c.Stderr, cib, firstDifference(got.After, want.After))
				if wrong > 8 {
					t.FailNow()
				}
				break
			}
			same++
			kind := fmt.Sprint(args[0], want.Status, want.After != "", slices.Contains(args, "-A"), slices.Contains(args, "-U") && enabled == "true")
			kinds[kind]++
			if kinds[kind] == 1 {
				goldens = append(goldens, want)
			}
			if want.After != "" {
				cib = want.After
			}
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		t.Logf("%5d %s", kinds[kind], kind)
	}
	t.Logf("%d operations are equal; the reference crashed in another %d", same, crashed)
	if *refresh {
		var b strings.Builder
		for _, c := range goldens {
			line, err := json.Marshal(c)
			if err != nil {
				t.Fatal(err)
			}
			b.Write(append(line, '\n'))
		}
		save(t, "../../cib/ops/testdata/golden.jsonl", b.String())
		if err := os.Chmod("../../cib/ops/testdata/golden.jsonl", 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// firstDifference is where two texts differ, by lines.
func firstDifference(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(a), len(b)) {
		x, y := "", ""
		if i < len(a) {
			x = a[i]
		}
		if i < len(b) {
			y = b[i]
		}
		if x != y {
			return fmt.Sprintf("line %d\n got  %s\n want %s", i+1, x, y)
		}
	}
	return "nowhere"
}
