//go:build interop

package attrtools_test

import (
	"math/rand/v2"
	"testing"

	"github.com/ringmaster-ha/ringmaster/attrd/attrdtest"
	"github.com/ringmaster-ha/ringmaster/attrd/wire"
	"github.com/ringmaster-ha/ringmaster/internal/golden"
)

// fixedUpdates are command lines of attrd_updater that shall be among those compared.
var fixedUpdates = [][]string{
	{"--help"}, {"--help-all"}, {"--version"}, {"-$", "--output-as", "xml"}, {"-$", "--output-as=none"}, {"--output-as=html", "-Q", "-n", "color"},
	{}, {"-Q"}, {"-R"}, {"-R", "-N", "there"}, {"-U"}, {"-n"}, {"--nonsense"}, {"-n", "color", "extra"}, {"-Qncolor"},
	{"-n", "wrong-type", "-Q"}, {"-n", "wrong-subtype", "-Q"}, {"-n", "no-type", "-Q"}, {"-n", "just-ack", "-Q"}, {"-n", "old-reply", "-Q"},
	// The calls of resource agents and other software.
	{"-p", "-n", "evacuate", "-Q", "-N", "there"}, {"-p", "-n", "evacuate", "-Q", "-N", "there", "-U", "yes"},
	{"--private", "--lifetime", "reboot", "--name", "lsn", "--update", "0/3000"},
	{"-p", "--name", "color", "--node", "there", "--update", "1"}, {"-p", "-N", "there", "-n", "color", "-Q"}, {"-p", "-n", "color", "-Q", "-N", "localhost"},
	{"-R", "-p", "-n", "hawk_session_u", "-U", "v"}, {"-R", "-Q", "-A", "-n", "color"}, {"-Q", "-A", "-n", "color"}, {"-Q", "-n", "color"}, {"-n", "color", "-Q", "-N", "there"},
	{"--update-both", "100", "--delay", "5s", "-n", "ping"}, {"--update-delay", "--delay", "30", "-n", "ping"},
	{"-n", "ping", "-U", "-10", "-d", "5s"}, {"-n", "ping", "-B", "-INFINITY", "-d", "5"}, {"-n", "pingd", "-v", "1000", "-d", "5s", "-S", "status", "-q"},
	{"-D", "-n", "color"}, {"-n", "color", "-l", "never", "-U", "1"}, {"-n", "", "-U", ""}, {"-n", "x", "-U", "value++"}, {"-Y", "-n", "x"}, {"-B", "1", "-n", "x"},
}

func drawUpdate(r *rand.Rand) []string {
	names := []string{"color", "gone", "odd", "empty", "missing", "#health", "a b"}
	values := []string{"1", "-1", "value++", "", "INFINITY", "-INFINITY", "a b", `<&"'>`, "auto"}
	hosts := []string{"here", "there", "nowhere", "localhost", "auto", "LocalHost", ""}
	var args []string
	pick := func(from []string) string { return from[r.IntN(len(from))] }
	option := func(chance float64, names []string, from []string) {
		if r.Float64() >= chance {
			return
		}
		name := pick(names)
		switch {
		case from == nil:
			args = append(args, name)
		case len(name) > 2 && r.IntN(2) == 0:
			args = append(args, name+"="+pick(from))
		case len(name) == 2 && r.IntN(3) == 0:
			args = append(args, name+pick(from))
		default:
			args = append(args, name, pick(from))
		}
	}
	option(.95, []string{"-n", "--name"}, names)
	for range 1 + r.IntN(8)/7 {
		switch r.IntN(7) {
		case 0, 1:
			option(1, []string{"-Q", "--query"}, nil)
		case 2:
			option(1, []string{"-U", "--update", "-v"}, values)
		case 3:
			option(1, []string{"-B", "--update-both"}, values)
		case 4:
			option(1, []string{"-Y", "--update-delay"}, nil)
		case 5:
			option(1, []string{"-D", "--delete"}, nil)
		case 6:
			option(1, []string{"-R", "--refresh"}, nil)
		}
	}
	option(.4, []string{"-N", "--node"}, hosts)
	option(.4, []string{"-d", "--delay"}, []string{"0", "5", "10s", "1min", "x", ""})
	option(.2, []string{"-s", "--set"}, []string{"set1", "a:b"})
	option(.2, []string{"-A", "--all"}, nil)
	option(.2, []string{"-l", "--lifetime", "-S", "--section"}, []string{"nodes", "forever", "status", "reboot", "never"})
	option(.2, []string{"-p", "--private"}, nil)
	option(.1, []string{"-q", "--quiet"}, nil)
	option(.3, []string{"--output-as"}, []string{"text", "xml", "xml", "none", "html"})
	return args
}

// TestUpdater has attrd_updater and ours talk to the same daemon, ours, and compares what they print
// and what they ask for.
func TestUpdater(t *testing.T) {
	server := attrdtest.Serve(t, wire.Service, attrdtest.Sample())
	environments := []map[string]string{
		nil, nil, nil, {"OCF_RESKEY_CRM_meta_on_node": "there"},
		{"OCF_RESKEY_CRM_meta_on_node": "bundle", "CRM_meta_physical_host": "there", "CRM_meta_container_attribute_target": "HOST"},
	}
	r := rand.New(rand.NewPCG(*seed, 0))
	var kept []golden.Command
	for i := range *runs + len(fixedUpdates) {
		var c golden.Command
		if i < len(fixedUpdates) {
			c.Args = append([]string{"attrd_updater"}, fixedUpdates[i]...)
		} else {
			c.Args = append([]string{"attrd_updater"}, drawUpdate(r)...)
			c.Env = environments[r.IntN(len(environments))]
		}
		want := execute(t, "/usr/sbin/attrd_updater", c, "")
		want.Asked = server.Asked()
		got := execute(t, self(t), c, "")
		got.Asked = server.Asked()
		got.Compare(t, want)
		kept = append(kept, want)
	}
	if *refresh {
		golden.WriteCommands(t, "../../internal/cli/attrdupdater/testdata/golden.jsonl", kept[:min(len(kept), 400)])
	}
	t.Log(len(kept), "command lines")
}
