//go:build interop

package attrtools_test

import (
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/golden"
)

// fixedAttributes are command lines of crm_attribute that shall be among those compared: those
// of the reference's cts-cli and of other software.
var fixedAttributes = []string{
	"--help", "--help-all", "--version", "-$ --output-as=xml", "--output-as=html", "", "-n", "--nonsense",
	"-n ABCD --query --quiet", "-n cluster-delay -v 60s", "-n no-quorum-policy -v ignore", "-n cluster-delay -v 40s -s duplicate", "-n cluster-delay -v 30s",
	"-n cluster-delay -v 30s -s duplicate", "-n cluster-delay -D -i cib-bootstrap-options-cluster-delay", "-n cluster-delay -D", "-n cluster-delay -G",
	"-n ram -v 1024M -N node1 -t nodes", "-n fail-count-foo -v 3 -N node1 -t status", "-t status -P fail-count -N node1 --query", "-t status -P fail-count -N node1 -v 10",
	"-t status -P fail-count -N node1 -D", "-t nodes -P fail-count -N node1 -D", "-t nodes -N node1 -D", "-n cpu -v 1 -N node1 -z", "--query -n cpu -N node1 -z", "--query -n ram -N node1 -z", "-n ram -v 2 -N node1 -z",
	"-n node-health-strategy -v migrate-on-red", "-N node2 -n #health-cts-cli -v red",
	"-N node1 -p db:0 -G", "-N node1 -p db:0 -G --output-as=xml", "-N node1 -p db:0 -D", "-N node1 -p db:0 -D --output-as=xml", "-N node1 -p db:0 -v 1", "-N node1 -p db:1 -v 5 --output-as=xml", "-N node1 -p", "-N node1 -p -v 3", "-N node1 -v -5 -p",
	"--node=node2 --name=#feature-set --update=3.15.0 --lifetime=reboot",
	"-Q -t nodes -N node1 -n location", "-t status -N node1 -n terminate -v 1", "-N node1 -G -n location -l reboot -q -d DEF", "-N node1 -G -n location -l forever -q -d DEF", "-N node1 -G -n nothing -l forever -q -d DEF",
	"-v V -n A -t crm_config -s SAPHanaSR", "-N node1 -l reboot --name R-bootstrap --quiet", "-N node1 -l reboot --name R-bootstrap -v 1", "-N node1 -l reboot --name R-bootstrap -D",
	"--list-options", "--list-options=cluster --all --output-as=xml", "--attr-name cluster-delay --delete-attr", "--attr-name stonith-enabled --delete-attr", "--name stonith-enabled --query", "--name nothing --query", "-N node1 --name nothing -l reboot --query -q",
	"--name K --update V", "-t nodes --node node1 -z -n cpu", "--type crm_config --name X_REPL_INFO -s mysql_replication", "--type crm_config --name X_REPL_INFO -s mysql_replication -v a|b|1",
	"-N node1 -n location --query", "-N node1 -n standby -v off -l forever -i standby-id", "--node node1 --name location --delete", "-t rsc_defaults -n resource-stickiness -G", "-t rsc_defaults -N node1 -n resource-stickiness -G",
	"-t op_defaults -N node1 -n timeout -v 20s", "-t rsc_defaults -N node1 -n x -v 2", "-t tickets -n granted -G", "-t tickets -n granted -v false", "-t tickets -n standby -v false", "-t tickets -n granted -D", "-t TICKETS -n granted -G",
	"-N remote1 -n a -v 1", "-N remote2 -n a -v 1", "-N guest1 -n a -v 1", "-N gone -n a -v 1", "-N gone -l reboot -n a -v 1", "-N nowhere -n a -v 1", "-N NODE1 -G -n location", "-N node1", "-G", "-G -d x", "-P .*", "-P (", "-t resources -N node1 -n x -v 1", "-t bogus -N node1 -n x -G", "-t CRM_CONFIG -n cluster-delay",
	"-N node2 -n a -v 3", "-N node2 -n a -D", "-N node2 -n a -D -q", "-N node2 -n a -G --output-as=xml", "-N node2 -n a -v 3 --output-as=xml", "-N node2 -i other-b -v 3", "-N node2 -i other-b -D", "-N node2 -i new-id -v 7", "-v 3", "-N node1 -v 3", "-N node1 -l reboot -v 3",
	"-N node2 -l reboot -P single -v 5", "-N node2 -l reboot -P single -D", "-N node2 -l reboot -P sing -G", "-N node2 -l reboot -P nope -G", "--attr-value 5 --attr-name x", "--delete-attr x --attr-name cluster-delay", "--get-value --attr-name stonith-enabled", "-U node1 -n location -G", "-n cluster-delay -! -v 5s -s duplicate",
	"-n stonith-enabled -v", "-n a'b -v 1", "-n a'b -G", `-n <&> -v "x`, "-n x -v value++ -N node1", "-n location -G", "-l forever -n location -G", "-l reboot -n single -D", "-n bad:id -v 1", "-n x -s bad:set -v 1", "-i bad:id -n x -v 1",
}

func drawAttribute(r *rand.Rand) []string {
	pick := func(from ...string) string { return from[r.IntN(len(from))] }
	var args []string
	option := func(chance float64, names []string, from ...string) {
		if r.Float64() >= chance {
			return
		}
		name := pick(names...)
		switch {
		case len(from) == 0:
			args = append(args, name)
		case len(name) > 2 && r.IntN(2) == 0:
			args = append(args, name+"="+pick(from...))
		default:
			args = append(args, name, pick(from...))
		}
	}
	option(.8, []string{"-n", "--name", "--attr-name"}, "cluster-delay", "stonith-enabled", "location", "standby", "a", "cpu", "fail-count-foo", "single", "granted", "resource-stickiness", "new", "#health:x", "a b", "")
	switch r.IntN(6) {
	case 0, 1:
		option(1, []string{"-v", "--update", "--attr-value"}, "1", "-1", "", "x y", `<"&'>`, "on")
	case 2, 3:
		option(1, []string{"-D", "--delete"})
	case 4:
		option(1, []string{"-G", "--query", "--get-value"})
	}
	option(.7, []string{"-N", "--node", "-U"}, "node1", "node1", "node2", "NODE2", "remote1", "remote2", "guest1", "gone", "nowhere")
	option(.3, []string{"-l", "--lifetime"}, "reboot", "forever", "Reboot", "status", "nodes", "never")
	option(.2, []string{"-t", "--type"}, "crm_config", "rsc_defaults", "op_defaults", "tickets", "nodes", "status", "resources", "Status", "bogus")
	option(.1, []string{"-z", "--utilization"})
	option(.1, []string{"-s", "--set-name"}, "duplicate", "cib-bootstrap-options", "nodes-1", "other", "status-1", "newset", "with:colon")
	option(.1, []string{"-i", "--id", "--attr-id"}, "cib-bootstrap-options-cluster-delay", "duplicate-cluster-delay", "other-a", "nodes-1-location", "newid", "nodes-1")
	option(.1, []string{"-P", "--pattern"}, "fail", "fail-count", "^a$", ".", "sing.*", "(", "a|b", "[[:alpha:]]+")
	option(.1, []string{"-d", "--default"}, "dflt", "")
	option(.1, []string{"-p", "--promotion"}, "db:0", "new")
	option(.2, []string{"-q", "--quiet", "-Q"})
	option(.3, []string{"--output-as"}, "text", "xml", "xml", "none")
	return args
}

// TestAttribute has crm_attribute and ours work on copies of a file.
func TestAttribute(t *testing.T) {
	files(t, "crm_attribute", "crmattribute", "attributes.xml", fixedAttributes, drawAttribute)
}

// now stands for the time at which a tool has run.
const now = 1795000000

// others matches what comes of other programs.
var others = regexp.MustCompile(`<cib|controller|crm_failcount.* (-D|--delete|-v|--attr-value)`)

// files has a tool of the reference and ours work on copies of a file, and compares what they
// print and what becomes of the files. Where a run does not tell of this machine it can be kept.
func files(t *testing.T, tool, folder, file string, fixed []string, draw func(*rand.Rand) []string) {
	b, err := os.ReadFile("../../internal/cli/" + folder + "/testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(*seed, 0))
	var kept []golden.Command
	for i := range *runs + len(fixed) {
		c := golden.Command{Args: []string{tool}, File: file, Now: now, Zone: "UTC", Env: map[string]string{"CIB_file": "in.xml"}}
		if i < len(fixed) {
			c.Args = append(c.Args, strings.Fields(fixed[i])...)
		} else {
			c.Args = append(c.Args, draw(r)...)
			// Without these the reference prints freed memory for the nodes "auto" and "localhost".
			if r.IntN(3) == 0 {
				c.Env["OCF_RESKEY_CRM_meta_on_node"] = "node2"
				c.Env["OCF_RESOURCE_INSTANCE"] = "db:0"
				for i := range c.Args {
					c.Args[i] = strings.ReplaceAll(c.Args[i], "NODE2", "auto")
				}
			}
		}
		want := execute(t, "/usr/sbin/"+tool, c, string(b))
		execute(t, self(t), c, string(b)).Compare(t, want)
		// What a test can repeat anywhere, and what is not too long.
		if !others.MatchString(want.Stderr+strings.Join(want.Args, " ")) && !strings.Contains(want.Stderr, host) && len(kept) < 500 {
			kept = append(kept, want)
		}
	}
	if *refresh {
		golden.WriteCommands(t, "../../internal/cli/"+folder+"/testdata/golden.jsonl", kept)
	}
}
