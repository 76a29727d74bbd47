//go:build interop

package cibadmin

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/golden"
)

// configuration is a CIB with permissions for a few users.
const configuration = `<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" epoch="7" num_updates="3" admin_epoch="1">
  <configuration>
    <crm_config>
      <cluster_property_set id="cib-bootstrap-options">
        <nvpair id="o1" name="enable-acl" value="true"/>
        <nvpair id="o2" name="stonith-enabled" value="false"/>
      </cluster_property_set>
    </crm_config>
    <nodes>
      <node id="1" uname="n1"/>
      <!-- spare -->
      <node id="2" uname="n2"/>
    </nodes>
    <resources>
      <primitive id="p" class="ocf" provider="pacemaker" type="Dummy"/>
      <primitive id="q" class="ocf" provider="pacemaker" type="Dummy">
        <meta_attributes id="qm">
          <nvpair id="qm-t" name="target-role" value="Started"/>
        </meta_attributes>
      </primitive>
    </resources>
    <constraints>
      <rsc_location id="l" rsc="q" node="n1" score="10"/>
    </constraints>
    <acls>
      <acl_target id="tony">
        <role id="r"/>
      </acl_target>
      <acl_role id="r">
        <acl_permission id="a1" kind="read" xpath="/cib"/>
        <acl_permission id="a2" kind="deny" xpath="//node[@id='2']"/>
        <acl_permission id="a3" kind="write" xpath="//nodes"/>
      </acl_role>
      <acl_target id="blind">
        <role id="none"/>
      </acl_target>
      <acl_role id="none">
        <acl_permission id="b1" kind="deny" xpath="/cib"/>
      </acl_role>
    </acls>
  </configuration>
  <status>
    <node_state id="1" uname="n1" crmd="online"/>
  </status>
</cib>
`

const cibFile = "cib.xml"

// on is a sandbox with the configuration.
func on(args ...string) golden.Sandbox {
	return golden.Sandbox{Args: args, Env: []string{"CIB_file=" + cibFile}, Files: map[string]string{
		cibFile: configuration, "node.xml": `<node id="9" uname="n9"/>`, "bad.xml": "<node", "old.xml": strings.Replace(configuration, "3.9", "2.10", 1),
		"broken.xml": strings.Replace(configuration, "<nodes>", "<nodes><bogus/>", 1),
	}}
}

// lines are command lines of cibadmin, "@" and a text for the standard input at their end.
var lines = []string{
	"", "--help", "-?", "--version", "-$", "-!", "--bogus", "-Z", "-Q extra", "extra words -Q", "-f", "-V", "--blank -Q", "--__dummmy__ -Q", "-o nodes", "-A //node", "-N", "-t", "-X",
	"--xml", "--e", "-Q -Z", "--scope", "--query=1", "--no-children -Q",
	"-a", "-a pacemaker-2.0", "--empty none", "x -a", "-aV pacemaker-1.2", "-Va bogus<", "-Q -a",
	"-Q", "-Ql", "-Q -o nodes", "-Qo resources", "-Q --scope configuration", "-Q -o bogus", "-Q -o status", "-Q -o all", "-Q -o cib", "-Q -n", "-Q -n -o nodes", "-Q -s", "-Q -t 5", "-Q -t x", "-Q -t -1", "-Q -b", "-Q -b -f",
	"-Q -A //node", "-Q -A //node[@id='1']", "-Q -e -A //node", "-Q -e -A //node[@id='1']", "-Q -A //none", "-Q -A //node[", "-Q -n -A /cib", "-Q -e", "-Q -e -o nodes", "-Q --xpath //@id", "-Q -e -n -A //nvpair", "-Q -A //comment()",
	"-Ql --xpath //node_state[@uname='n1']", "-Q -N n1", "-Q -h n1", "-Q --node n2 -l",
	"-C", "-M", "-D", "-R", "-P", "-B", "-E", "-E -f", "--erase --force", "-u", "-u -f", "--upgrade --force", "-d", "-d -f", "-d -f -A //nvpair", "--delete-all --force --xpath //nvpair[@name='target-role']", "-d -f -A //none",
	"-C -o nodes -X <node|id='3'|uname='n3'/>", "-C -o nodes -X <node|id='1'/>", "-C -o nodes -x node.xml", "-C -o nodes -x none.xml", "-C -o nodes -x bad.xml", "-C -o nodes -X <node", "-C -o nodes -X text", "-C -o nodes -X ''", "-C -o nodes -p @<node id='4' uname='n4'/>",
	"-C -o nodes -p", "-C -o nodes -p @<node", "-C -X <node|id='5'/> -x node.xml -o nodes", "-C -p -X <node|id='5'|uname='n5'/> -o nodes @<x/>", "-C -o nodes -X <bogus/>", "-C -o bogus -X <bogus/>", "-C -X <bogus/>", "-C -o resources -X <primitive|id='q'/>",
	"-C -o nodes -X <nodes><node|id='6'|uname='n6'/><node|id='1'|uname='x'/></nodes>", "-C -A //nodes -X <node|id='7'/>",
	"-M -X <node|id='1'|uname='other'/>", "-M -X <node|id='8'|uname='n8'/>", "-M -c -o nodes -X <node|id='8'|uname='n8'/>", "-M -X <cib|admin_epoch='admin_epoch++'/>", "-M -X <cib|epoch='1'/>", "-M -X <cib|validate-with='pacemaker-9999.0'/>", "-M -X <cib|validate-with='none'/>",
	"-M -A //node[@id='1'] -X <node|id='1'|uname='y'/>", "-M -A //none -X <node/>", "-M -o constraints -X <rsc_location|id='l'|score='bogus'/>",
	"-D -X <node|id='2'/>", "-D -X <node|id='none'/>", "-D -o nodes -X <node|id='2'|uname='n2'/>", "-D -A //node", "-D -A //none", "-D -A /cib", "-D -o nodes", "--delete --xml-text <primitive|id=\"q\"/>", "-D -X <rsc_location|id='l'/>",
	"-R -X <node|id='1'|uname='z'/>", "-R -X <node|id='none'/>", "-R -o nodes -X <nodes/>", "--replace --scope resources --xml-text <resources/>", "-R -x old.xml", "-R -x broken.xml", "-R -x cib.xml", "-R -o nodes -x cib.xml", "-R -X <cib/>", "-R -A //node -X <node|id='1'/>", "-R -p @<cib epoch='1'/>",
	"-R -V -p -o resources @<resources/>", "--replace --verbose --xml-pipe --scope constraints @<constraints/>",
	"-P -X <diff/>", "-P -X <bogus/>", "-p -P --force @<diff format='2'/>", "--patch --verbose --xml-pipe @<diff format=\"2\"><change operation=\"delete\" path=\"/cib/configuration/nodes/node[@id='2']\"/></diff>",
	"-P -X <diff|format='2'><version><source|admin_epoch='1'|epoch='6'|num_updates='3'/><target|admin_epoch='1'|epoch='8'|num_updates='0'/></version></diff>",
	"-5", "-5 -x cib.xml", "-6 -x cib.xml", "-5 -X <a/>", "-6 -X <a/>", "-6 -X <a|crm_feature_set='3.0.0'|update-user='x'/>", "-5 -p @<cib><a/></cib>", "-6 -p", "--md5-sum --xml-file none.xml", "-5 -Q", "-Q -5", "-5 -x bad.xml", "-5 -f -d -x cib.xml", "-d -5 -x cib.xml",
	"-Q -U tony", "-Q -U blind", "-Q -U nobody", "-Q -U root", "-M -U tony -X <node|id='1'|uname='t'/>", "-M -U tony -X <primitive|id='p'|description='t'/>", "-C -U tony -o nodes -X <node|id='3'|uname='t'/>", "-D -U blind -X <node|id='1'/>", "-B -U tony", "-E -f -U tony",
	"-Q -S -U tony", "-Q -Stext -U tony", "-Q -Scolor -U tony", "-Q --show-access=color -U tony", "-Q --show-access=namespace -U tony", "-Q --show-access=auto -U tony", "-Q --show-access -U blind", "-Q -S -U nobody -o nodes", "-Q -S -U root", "-Q -S", "-Q -Sbogus -U tony", "-Q -S bogus", "-Q --show-access= -U tony",
	"-Q -S -U a<b", "-Q -S -U tony -A //node", "-Q -S -U tony -A //node[@id='2']", "-Q -S -U tony -n", "--show-access=namespace -Q -U tony -o nodes", "-Q -S -U none -A //comment()", "-Q -S -U tony -A //none", "-B -S -U tony", "--show-access=namespace -Q -U tony -o acls", "--show-access=color -Q -U blind -n",
	"-B", "-B -l", "-BV", "-Q -V", "-Q -VV -o bogus", "-Q -VVVV -o nodes", "-VVVVV -Q -o nodes", "-VVVVV -B", "-VVVV -C -o nodes -X <bogus/>", "-VVV -M -X <node|id='8'/>", "-VVVVV -M -X <node|id='1'|uname='v'/>", "-VVVV -u -f", "-VVVV -C -o nodes -x none.xml", "-VVVV -p -C",
	"-VVVVV -E -f", "-VV -M -X <cib|epoch='1'/>", "-VVVVV -D -X <node|id='2'/>", "-VVVV -P -X <diff|format='2'/>", "-VVVVV -d -f -A //nvpair",
}

// called are the command lines of other software: pcs, crmsh, hawk, exporters, DRBD's scripts and
// resource agents.
var called = []string{
	"--local --query", "--local --query --scope resources", "--query --local", "-Ql -A //nvpair[@name='target-role']", "-Ql --xpath //none", "--replace --verbose --xml-pipe --scope resources @<resources/>", "--replace --verbose --xml-pipe --scope configuration @<configuration><crm_config/><nodes/><resources/><constraints/></configuration>",
	"--replace --verbose --xml-pipe --scope tags @<tags/>", "--patch --verbose --xml-pipe @<diff format='2'/>", "-p -P --force @<diff format='2'><change operation='modify' path='/cib/configuration/nodes/node[@id=\"1\"]'><change-list><change-attr name='uname' operation='set' value='x'/></change-list><change-result><node id='1' uname='x'/></change-result></change></diff>",
	"--upgrade --force", "--delete-all --force --xpath //node[@uname='n2']", "-D -o status -X <node_state|id='1'|uname='n1'/>", "-D -o nodes -X <node|id='2'|uname='n2'/>", "-C -o constraints -X <rsc_location|id='fence'|rsc='q'><rule|role='Master'|score='-INFINITY'|id='fr'><expression|attribute='#uname'|operation='ne'|value='n1'|id='fe'/></rule></rsc_location>",
	"-M -o constraints -X <rsc_location|id='l'|rsc='q'|node='n2'|score='10'/>", "-R -o constraints -X <rsc_location|id='l'|rsc='q'|node='n2'|score='20'/>", "-D -X <rsc_location|rsc='q'|id='l'/>", "--patch --xml-pipe @<diff/>", "-Q --xpath //node_state[@uname='n1']//lrm_resource[@id='r']/lrm_rsc_op[@operation='start'][@op-status='-1']",
}

// split makes arguments of a line, and its standard input.
func split(line string) (args []string, stdin string) {
	line, stdin, _ = strings.Cut(line, " @")
	args = []string{"cibadmin"}
	for _, a := range strings.Fields(line) {
		args = append(args, strings.Trim(strings.ReplaceAll(a, "|", " "), "\x00"))
	}
	for i, a := range args {
		if a == "''" {
			args[i] = ""
		}
	}
	return args, stdin
}

func TestLines(t *testing.T) {
	var kept []golden.Sandbox
	add := func(s golden.Sandbox) golden.Sandbox {
		t.Helper()
		want, _, crashed := both(t, s)
		if crashed {
			t.Logf("the reference crashed: %q: %d %s", s.Args, want.Status, want.Stderr)
		} else {
			kept = append(kept, want)
		}
		return want
	}
	for _, line := range append(called, lines...) {
		args, stdin := split(line)
		s := on(args...)
		s.Stdin = stdin
		add(s)
	}
	// Other files, and none.
	for _, env := range [][]string{
		{"CIB_file=none.xml"}, {"CIB_file=bad.xml"}, {"CIB_file=broken.xml"}, {"CIB_file="}, {"CIB_file=."}, {"CIB_file=old.xml"}, {"CIB_shadow=x", "CIB_shadow_dir=."}, {"CIB_shadow=", "CIB_file=cib.xml"},
		{"CIB_file=cib.xml", "CIB_user=blind"}, {"CIB_file=node.xml"},
	} {
		for _, line := range []string{"-Q", "-Q -VVVV", "-B", "-u -f", "-u -f -VV", "-C -o nodes -X <bogus/>", "-Q -S -U tony", "-Q -U root"} {
			s := on(append([]string{"cibadmin"}, strings.Fields(line)...)...)
			s.Env = env
			add(s)
		}
	}
	s := on("cibadmin", "-B")
	s.Files["shadow.x"] = s.Files[cibFile]
	s.Env = []string{"CIB_shadow=x", "CIB_shadow_dir=.", "CIB_file=none.xml"}
	add(s)
	if *refresh {
		golden.WriteSandboxes(t, "../../internal/cli/cibadmin/testdata/lines.jsonl", kept)
	}
}

// drawn are pieces of command lines.
var drawn = struct{ commands, options, sections, paths, data []string }{
	commands: []string{"-Q", "-Q", "-Q", "-C", "-M", "-M", "-D", "-R", "-P", "-B", "-E", "-u", "-d", "-5", "-6", ""},
	options:  []string{"-f", "-f", "-s", "-l", "-c", "-n", "-e", "-V", "-VV", "-VV", "-U tony", "-U blind", "-U root", "-S", "-Scolor", "-Snamespace", "-b", "-t 3"},
	sections: []string{"", "", "configuration", "nodes", "resources", "constraints", "crm_config", "status", "tags", "acls", "bogus", "all"},
	paths:    []string{"//node", "//nvpair", "/cib", "//node[@id='2']", "//none", "//primitive[@id='q']//nvpair", "//nodes|//node", "//*[@id='p']", "//node["},
	data: []string{
		`<node id="1" uname="x"/>`, `<node id="3" uname="n3"/>`, `<node id="2"/>`, `<nodes/>`, `<bogus/>`, `<primitive id="q"/>`, `<cib epoch="9"/>`, `<cib admin_epoch="admin_epoch++"/>`,
		`<nvpair id="o2" value="true"/>`, `<diff format="2"/>`, `<resources><primitive id="z" class="ocf" provider="pacemaker" type="Dummy"/></resources>`, `<status/>`, `<node`, ``, `<rsc_location id="l" score="bogus"/>`,
		`<diff format="2"><change operation="delete" path="/cib/configuration/nodes/node[@id='2']"/></diff>`,
	},
}

// TestDrawn has both tools change a CIB again and again.
func TestDrawn(t *testing.T) {
	rng := rand.New(rand.NewPCG(*seed, 7))
	pick := func(from []string) string { return from[rng.IntN(len(from))] }
	s := on()
	var kept []golden.Sandbox
	equal, crashes := 0, 0
	for range *runs {
		args := []string{"cibadmin", pick(drawn.commands)}
		for range rng.IntN(4) {
			args = append(args, strings.Fields(pick(drawn.options))...)
		}
		if section := pick(drawn.sections); section != "" && rng.IntN(3) > 0 {
			args = append(args, "-o", section)
		} else if rng.IntN(3) == 0 {
			args = append(args, "-A", pick(drawn.paths))
		}
		stdin := ""
		switch rng.IntN(4) {
		case 0, 1:
			args = append(args, "-X", pick(drawn.data))
		case 2:
			args = append(args, "-p")
			stdin = pick(drawn.data)
		}
		args = slices.DeleteFunc(args, func(a string) bool { return a == "" })
		run := next(s, args...)
		run.Stdin = stdin
		want, same, crashed := both(t, run)
		if crashed {
			crashes++
			continue
		}
		if same {
			equal++
		}
		kept = append(kept, want)
		s = want
		if s.After[cibFile] != "" && rng.IntN(4) == 0 {
			s = on()
		}
	}
	t.Logf("%d are equal; the reference crashed %d times", equal, crashes)
	if *refresh {
		golden.WriteSandboxes(t, "../../internal/cli/cibadmin/testdata/drawn.jsonl", kept[:min(len(kept), 200)])
	}
}
