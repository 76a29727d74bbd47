package agent

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/stonithd/wire"
)

func lines(p Params) string {
	l := strings.Split(strings.TrimSuffix(p.Stdin(), "\n"), "\n")
	slices.Sort(l)
	return strings.Join(l, " ")
}

func params(pairs ...string) Params {
	p := Params{}
	for i := 0; i < len(pairs); i += 2 {
		p.Set(pairs[i], pairs[i+1])
	}
	return p
}

func TestArguments(t *testing.T) {
	for _, tt := range []struct {
		name string
		call Call
		want string
	}{
		{"no parameters: not even the target", Call{Agent: "fence_x", Action: "metadata", Target: "a"}, "action=metadata"},
		{"no target", Call{Agent: "fence_x", Action: "list", Device: params("ip", "1")}, "action=list ip=1"},
		{"by port", Call{Agent: "fence_x", Action: "off", Target: "a", Device: Params{}}, "action=off nodename=a port=a"},
		{"by the caller's default", Call{Agent: "fence_x", Action: "off", Target: "a", HostArgument: "plug", Device: Params{}}, "action=off nodename=a plug=a"},
		{"by the device's", Call{Agent: "fence_x", Action: "off", Target: "a", HostArgument: "plug", Device: params("pcmk_host_argument", "vm")}, "action=off nodename=a vm=a"},
		{"by none", Call{Agent: "fence_x", Action: "off", Target: "a", Device: params("pcmk_host_argument", "NONE")}, "action=off nodename=a"},
		{"by its port", Call{Agent: "fence_x", Action: "off", Target: "a", Device: Params{}, Ports: map[string]string{"a": "7"}}, "action=off nodename=a port=7"},
		{"by a port that is set", Call{Agent: "fence_x", Action: "off", Target: "a", Device: params("port", "9")}, "action=off nodename=a port=9"},
		// The device's own value comes last and wins, as in the reference.
		{"by a dynamic port", Call{Agent: "fence_x", Action: "off", Target: "a", Device: params("port", "Dynamic")}, "action=off nodename=a port=Dynamic"},
		{"with a number", Call{Agent: "fence_x", Action: "off", Target: "a", NodeID: 3, Device: Params{}}, "action=off nodeid=3 nodename=a port=a"},
		{"of cluster-glue", Call{Agent: Legacy, Action: "off", Target: "a", Device: params("plugin", "ssh")}, "action=off nodename=a plugin=ssh"},
		{"by another action", Call{Agent: "fence_x", Action: "reboot", Target: "a", Device: params("pcmk_reboot_action", "cycle", "pcmk_host_argument", "none")}, "action=cycle nodename=a"},
		{"without what is the fencer's", Call{Agent: "fence_x", Action: "monitor", Device: params("action", "off", "Action", "off", "pcmk_host_list", "a", "pcmk_off_timeout", "3", "pcmk_foo", "4", "CRM_meta_timeout", "2", "crm_feature_set", "3", "provides", "x", "stonith-timeout", "9")}, "action=monitor pcmk_foo=4"},
	} {
		if got := lines(Arguments(&tt.call)); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestTries(t *testing.T) {
	for value, want := range map[string]int{"": 0, "3": 3, " 4x": 4, "x": 0, "-1": -1} {
		if got := (&Call{Action: "off", Device: params("pcmk_off_retries", value)}).Tries(); got != want {
			t.Errorf("%q: got %d, want %d", value, got, want)
		}
	}
	if got := (&Call{Action: "off"}).Tries(); got != 2 {
		t.Errorf("got %d, want 2", got)
	}
}

func TestTargets(t *testing.T) {
	for list, want := range map[string]string{
		"":                              "",
		"a b,c;d\te":                    "a b c d e",
		`a\nb` + "\nc\n":                "a b c",
		"a on\nb OFF":                   "a b",
		"invalid option\nvariable x\na": "a",
		"a@b,n-1.x_y,#c":                "a n-1.x_y",
		`a\`:                            "a",
	} {
		if got := strings.Join(Targets(list), " "); got != want {
			t.Errorf("%q: got %q, want %q", list, got, want)
		}
	}
}

// installed is a folder with agents.
func installed(t *testing.T, scripts map[string]string) *Runner {
	t.Helper()
	dir := t.TempDir()
	for name, s := range scripts {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+s+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return &Runner{Dir: dir, Plugins: dir + "/plugins", Glue: dir + "/stonith"}
}

func TestRun(t *testing.T) {
	r := installed(t, map[string]string{
		"fence_echo": "cat; echo said >&2",
		"fence_bad":  `echo x >>"$0.ran"; exit 3`,
		"fence_hang": "sleep 1000 & wait",
		"fence_kill": "kill -9 $$",
		"fence_fork": "sleep 1000 & echo done",
	})
	run := func(agent string, limit time.Duration) wire.Result {
		return r.Run(t.Context(), &Call{Agent: agent, Action: "monitor", Device: params("a", "1", "pcmk_monitor_retries", "1")}, limit)
	}
	if got := run("fence_echo", time.Minute); !got.OK() || lines(Params{}) != "" || !strings.Contains(got.Output, "action=monitor\n") || !strings.Contains(got.Output, "a=1\n") || got.Errors != "said\n" {
		t.Errorf("echo: %+v", got)
	}
	if got := run("fence_bad", time.Minute); got.OK() || got.Exec != wire.ExecDone || got.Exit != 3 {
		t.Errorf("bad: %+v", got)
	}
	if got := run("fence_kill", time.Minute); got.OK() || got.Exec != wire.ExecError || got.Reason != "Fence agent interrupted by Killed signal" {
		t.Errorf("kill: %+v", got)
	}
	if got := run("fence_hang", 50*time.Millisecond); got.OK() || got.Exec != wire.ExecTimeout {
		t.Errorf("hang: %+v", got)
	}
	if got := run("fence_fork", time.Minute); !got.OK() || got.Output != "done\n" {
		t.Errorf("fork: %+v", got)
	}
	if got := run("fence_none", time.Minute); got.OK() || got.Exec != wire.ExecNotInstalled || got.RC() != crmexit.RC(2) {
		t.Errorf("none: %+v", got)
	}
	// A time that is over before the agent has begun is no success.
	if got := run("fence_echo", 0); got.OK() {
		t.Errorf("no time: %+v", got)
	}
}

func TestRetry(t *testing.T) {
	r := installed(t, map[string]string{"fence_bad": `echo x >>"$0.ran"; exit 3`})
	r.Run(t.Context(), &Call{Agent: "fence_bad", Action: "off"}, time.Minute)
	ran, err := os.ReadFile(r.Dir + "/fence_bad.ran")
	if err != nil || string(ran) != "x\nx\n" {
		t.Errorf("ran %q, %v", ran, err)
	}
}

func TestInstalled(t *testing.T) {
	files := map[string]string{"fence_b": "", "fence_a": "", "other": "", "stonith": "", "fence_dir/x": "",
		"plugins/stonith2/external.so": "", "plugins/stonith2/rhcs.so": "", "plugins/stonith2/meatware.so": "", "plugins/external/ssh": "", "plugins/external/.hidden": ""}
	r := installed(t, files)
	if got, want := strings.Join(r.Installed(), " "), "external/ssh meatware fence_a fence_b"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for agent, want := range map[string]string{
		"fence_a": wire.NamespaceRHCS, "meatware": wire.NamespaceLHA, "external/any": wire.NamespaceLHA, "external/": "", "fence_c": "", "../x": "", "": "",
	} {
		if got := r.Namespace(agent); got != want {
			t.Errorf("%s: got %q, want %q", agent, got, want)
		}
	}
	delete(files, "stonith")
	r = installed(t, files)
	if got, want := strings.Join(r.Installed(), " "), "fence_a fence_b"; got != want {
		t.Errorf("without cluster-glue: got %s, want %s", got, want)
	}
}

func TestMetadata(t *testing.T) {
	r := installed(t, map[string]string{
		"fence_a": `echo '<?xml version="1.0"?><resource-agent name="a"><parameters><parameter name="port" required="1"/><parameter name="ip" required="1"/></parameters>
<actions><action name="off"/></actions><longdesc>x &lt; y</longdesc></resource-agent>'`,
		"fence_b": "exit 1", "fence_c": "exit 0", "fence_d": "echo no XML",
	})
	got, err := r.Metadata(t.Context(), "fence_a", 0)
	const want = `<resource-agent name="a">
  <parameters>
    <parameter name="port" required="0"/>
    <parameter name="ip" required="1"/>
  </parameters>
  <actions>
    <action name="off"/>
    <action name="stop" timeout="20s"/>
    <action name="start" timeout="20s"/>
  </actions>
  <longdesc>x &lt; y</longdesc>
</resource-agent>
`
	if err != nil || got != want {
		t.Errorf("%v\n%s", err, got)
	}
	for agent, want := range map[string]crmexit.RC{"fence_b": 61, "fence_c": 61, "fence_d": crmexit.RCSchemaValidation, "fence_e": 19} {
		_, err := r.Metadata(t.Context(), agent, 0)
		e, ok := err.(*Error)
		if !ok || e.RC != want {
			t.Errorf("%s: %v, want %v", agent, err, want)
		}
	}
}

func TestValidate(t *testing.T) {
	r := installed(t, map[string]string{
		"fence_a": `in=$(cat); case $in in *metadata*) echo '<resource-agent><parameter name="plug"/></resource-agent>';; *) echo "$in" | sort; echo timed out >&2; exit 1;; esac`,
	})
	v := r.Validate(t.Context(), "fence_a", params("ip", "1", "pcmk_host_list", "x", "pcmk_validate-all_retries", "1"), 0)
	if v.RC != 62 || v.Output != "action=validate-all\nip=1\nnodename=node1\nplug=node1\n" || v.Errors != "timed out\n" {
		t.Errorf("got %+v", v)
	}
	v = r.Validate(t.Context(), "fence_a", params("pcmk_host_argument", "none"), 0)
	// The reference forgets that it was told to pass none.
	if v.Output != "action=validate-all\nnodename=node1\nport=node1\n" {
		t.Errorf("got %+v", v)
	}
}
