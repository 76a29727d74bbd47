//go:build interop

package attrtools_test

import (
	"math/rand/v2"
	"testing"
)

// fixedResources are command lines of crm_resource that shall be among those compared: those of the
// reference's cts-cli and of other software.
var fixedResources = []string{
	"--help", "--help-all", "--version", "--nonsense", "", "-L", "-l", "-c", "-o", "-O", "-L --output-as=xml", "-l --output-as=xml", "-o --output-as=xml", "-O --output-as=xml", "-O -r single", "-o -N node1 -r state --output-as=xml",
	"--meta --get-parameter=target-role --resource=temp", "--resource single --locate", "-W -r single", "-W -r grp", "-W -r anon", "-W -r child", "-W -r child:0", "-W -r prom", "-W -r state --output-as=xml", "-W -r uniq", "-W -r temp", "-W -r temp -Q", "-W -r temp --output-as=xml", "-W -r box", "-W -r inbox", "-W -r anon -Q",
	"-Q -r single -z -g cpu", "-Q -r single -z -p cpu -v 4", "-B -r single -N node1 -Q", "-g cpu -z -r single --output-as=xml", "-r single -g state", "-r single -g nope", "-r temp -g fake", "-r double -g is-managed -m", "-r described -g x", "-r child -m -g interleave", "-r grp -m -g target-role", "-r state -m -g promotable",
	"-G class -r single", "-G nope -r single", "-G type -r anon", "-G class -r single --output-as=xml", "-S provider -r single -t primitive -v heartbeat", "-S provider -r single -v x", "-S provider -r single -t primitive", "-D -r single", "-D -r broken -t primitive", "-D -r lsbd -t group", "-D -r nope -t primitive", "-D -t primitive",
	"-q -r single", "-q -r temp", "-w -r temp", "-q -r grp", "-q -r anon", "-q -r prom --output-as=xml", "-q -r child:0", "-q -r box", "-q -r box --output-as=xml", "-w -r temp --output-as=xml", "-q -r uniq --output-as=xml", "-q -r u:0", "-q -r double", "-q -r described", "-q -r cgrp",
	"-p fake -v c -r single", "-p fake -v", "-p fake -r single", "-p new -v 1 -r single --output-as=xml", "-p new -v 1 -r single -Q", "-p target-role -m -v Stopped -r single", "-p target-role -m -v Stopped -r grp", "-p target-role -m -v Stopped -r mem1", "-p target-role -m -v Stopped -r anon", "-p target-role -m -v Stopped -r child", "-p target-role -m -v Stopped -r prom", "-p target-role -m -v Stopped -r state", "-p target-role -m -v Stopped -r state --force", "-p x -m -v 1 -r child", "-p x -m -v 1 -r child --force", "-p x -m -v 1 -r cgrp", "-p x -m -v 1 -r cg1", "-p target-role -v 1 -r temp", "-p target-role -v 1 -r temp -f", "-p x -v 3 -r described", "-p x -v 3 -r described -s described-b", "-p x -v 3 -r described -i described-a-x", "-p x -v 3 -r described -i new-id -s new-set",
	"-p target-role -m -v Stopped -r prom --recursive", "-p is-managed -m -v false -r grp --recursive", "-p is-managed -m -v false -r single --recursive", "-p cpu -z -v 3 -r single", "-p ram -z -v 3 -r anon",
	"-d fake -r single", "-d nope -r single", "-d target-role -m -r mem1", "-d target-role -m -r state", "-d target-role -m -r prom", "-d interleave -m -r child", "-d x -r described", "-d x -r described -s described-a", "-d x -r described -i described-b-x", "-d cpu -z -r single", "-d fake -r single --output-as=xml", "-d fake -r single -Q", "-d state -r temp",
	"-M -r single", "-M -r single -N node2", "-M -r single -N node1", "-M -r single -N node1 -f", "-M -r single -N node2 -f", "-M -r single -N nope", "-M -r grp -N node2", "-M -r prom -N node2 --promoted", "-M -r prom -N node2 --promoted -f", "-M -r prom -N node2 --master", "-M -r prom -N node1", "-M -r prom", "-M -r anon", "-M -r anon -N node1", "-M -r anon -N node2 -f", "-M -r double -N node1", "-M -r double", "-M -r child:0 -N node1", "-M -r temp", "-M -r temp -N node1", "-M -r mem1 -N node1 --promoted", "-M -r state -N node2 --promoted", "-M -r u:0 -N node2", "-M -r single -N node2 -u bogus", "-M -r single -u bogus",
	"-B -r single", "-B -r single -N node1", "-B -r single -N node1 --output-as=xml", "-B -r prom -N node1 --promoted", "-B -r prom", "-B -r temp", "-B -r double", "-B -r nope -N node1", "-B -N node1", "-B -r single -u PT1X", "-B -r grp -N node1", "-B -r u:0", "-B -r child:0 -N node1",
	"-U -r single", "-U -r single -N node2", "-U -r single -N node1", "-U -r mem1", "-U -r mem1 -N node1", "-U -r mem1 -N node1 -f", "-U -r anon", "-U -r anon -N node1", "-U -r prom", "-U -r prom -N node2", "-U -r nope", "-U", "-U -e", "-U -e -r prom", "-U -e -N node2", "-U -e -N node1", "-U -e -r anon", "-U -e -Q", "-U -r single -Q", "-U -r single --output-as=xml", "-e", "-e -L",
	"-a -r single", "-A -r single", "-a -r grp", "-A -r grp", "-A -r prom", "-a -r mem1", "-a -r mem1 -f", "-A -r single --output-as=xml", "-a -r prom --output-as=xml", "-a -r double", "-A -r double --output-as=xml", "-a -r child", "-a -r child:0 -f", "-a -r single --recursive",
	"-Y", "-Y -r single", "-Y -r temp", "-Y -N node1", "-Y -N node2", "-Y -r single -N node1", "-Y -r single -N node2", "-Y -r double", "-Y --output-as=xml", "-Y -r temp --output-as=xml", "-Y -N node1 --output-as=xml", "-Y -r single -N node1 --output-as=xml", "-Y -r single -N node2 --output-as=xml", "-Y -r anon", "-Y -N nope", "-Y -r nope", "-Y -r state",
	"--digests -r single -N node1", "--digests -r single -N node2", "--digests -r single -N node1 fake=c", "--digests -r single -N node1 --output-as=xml", "--digests -r single -N node1 fake=c CRM_meta_timeout=10000 --output-as=xml", "--digests -r single -N node1 CRM_meta_interval=10000 CRM_meta_timeout=20000 --output-as=xml", "--digests -r single -N node1 CRM_meta_interval=10000 fake=c", "--digests -r grp -N node1", "--digests -r mem1 -N node1", "--digests -r single", "--digests -N node1", "--digests -r single -N node1 fake", "--digests -r state -N node2", "--digests -r remote1 -N node1 --output-as=xml", "--digests -r broken -N node1", "--digests -r temp -N node1", "--digests -r single -N node3",
	"-R", "-C -r nope", "-C -N nope", "-R -N node2",
	"-F -r single", "-F -N node1", "a b", "-L a", "-r single -L extra", "--validate -r grp", "--force-start -r anon", "--force-stop -r box", "--force-check -r inbox", "--validate=x -r single", "--validate --class ocf --agent nope --provider pacemaker", "--class ocf -L", "--class ocf --validate -r single", "--validate --class stonith --agent nope", "--validate --class stonith --provider x --agent nope", "--option x -L", "--validate --class bogus --agent x",
	"--force-check -r Fencing", "--validate -r lsbd", "--restart -r temp", "--restart -r nope", "--restart -r child:0", "--restart -r single -N node2", "--list-agents bogus", "--list-agents ocf:bogus", "--list-ocf-alternatives bogus", "--show-metadata bogus", "--show-metadata ocf:pacemaker", "--show-metadata ocf:pacemaker:", "--show-metadata ocf::x", "--show-metadata ocf:pacemaker:nope", "--show-metadata ocf:pacemaker:nope --output-as=xml", "-x nope.xml -L", "-T 10s -L", "-H node1 -Y",
}

func drawResource(r *rand.Rand) []string {
	pick := func(from ...string) string { return from[r.IntN(len(from))] }
	var args []string
	maybe := func(chance float64, option string, from ...string) {
		if r.Float64() >= chance {
			return
		}
		args = append(args, option)
		if len(from) > 0 {
			args = append(args, pick(from...))
		}
	}
	resource := []string{"single", "double", "temp", "broken", "grp", "mem1", "mem2", "anon", "child", "child:0", "child:1", "prom", "state", "state:0", "uniq", "u", "u:0", "u:2", "cgrp", "ingrp", "cg1", "box", "inbox", "described", "remote1", "gone", "nope", "Fencing"}
	names := []string{"fake", "state", "target-role", "is-managed", "x", "cpu", "priority", "new", "interleave"}
	switch r.IntN(11) {
	case 0:
		maybe(1, pick("-p", "--set-parameter"), names...)
		maybe(.9, "-v", "1", "Stopped", "a b", "<&>")
		maybe(.2, "--recursive")
	case 1:
		maybe(1, "-d", names...)
	case 2:
		maybe(1, "-g", names...)
	case 3:
		maybe(1, pick("-M", "-B"))
		maybe(.3, "--promoted")
	case 4:
		maybe(1, "-U")
		if r.IntN(3) == 0 { // with a resource and a node the reference's path is garbage
			return append(args, "-e", "-r", pick(resource...))
		}
		maybe(.2, "--promoted")
	case 5:
		maybe(1, pick("-q", "-w", "-W", "-G"), "class")
		if args[0] != "-G" {
			args = args[:1]
		}
	case 6:
		maybe(1, pick("-a", "-A"))
	case 7:
		maybe(1, "-Y")
	case 8:
		maybe(1, "--digests")
		maybe(.3, pick("fake=x", "timeout=20", "a=b=c", "nothing"))
	case 9:
		maybe(1, pick("-o", "-O", "-L", "-l", "-c"))
	case 10:
		maybe(1, "-D")
		maybe(.8, "-t", "primitive", "group", "clone")
	}
	maybe(.9, "-r", resource...)
	maybe(.4, "-N", "node1", "node2", "NODE1", "node3", "remote1", "nowhere", "box-0")
	maybe(.3, pick("-m", "-z"))
	maybe(.15, "-f")
	maybe(.15, "-Q")
	maybe(.1, "-s", "described-a", "single-meta_attributes", "newset")
	maybe(.1, "-i", "described-a-x", "newid", "single-instance_attributes-fake")
	maybe(.3, "--output-as", "xml", "xml", "text", "none")
	return args
}

// TestResource has crm_resource and ours work on copies of a file. Cleaning up without a cluster is
// left out, by which the reference crashes.
func TestResource(t *testing.T) {
	files(t, "crm_resource", "crmresource", "resources.xml", fixedResources, drawResource)
}
