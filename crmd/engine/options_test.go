package engine

import (
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/cib/text"
)

func TestCompatible(t *testing.T) {
	for _, tt := range []struct {
		dc, joining string
		want        bool
	}{
		{"3.16.1", "3.16.1", true}, {"3.16.1", "3.16.0", true}, // the last number is for agents
		{"3.15.0", "3.16.1", true}, {"3.16.1", "3.15.3", false}, {"4.0", "3.16.1", false}, {"3.0.14", "3.16.1", true},
		{"", "3.16.1", false}, {"3", "3", true}, {"x", "y", true}, {"3.99999999999999999999", "3.1", false},
	} {
		if got := compatible(tt.dc, tt.joining); got != tt.want {
			t.Errorf("%q can join a DC of %q: %t", tt.joining, tt.dc, got)
		}
	}
}

func TestNewer(t *testing.T) {
	cib := func(versions string) string { return "<cib " + versions + "/>" }
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{`admin_epoch="0" epoch="2" num_updates="9"`, `admin_epoch="0" epoch="3" num_updates="0"`, -1},
		{`admin_epoch="1" epoch="2" num_updates="9"`, `admin_epoch="0" epoch="3" num_updates="0"`, 1},
		{`admin_epoch="0" epoch="3" num_updates="1"`, `admin_epoch="0" epoch="3" num_updates="0"`, 1},
		{`admin_epoch="0" epoch="3" num_updates="1"`, `admin_epoch="0" epoch="3" num_updates="1"`, 0},
		{`epoch="3"`, `admin_epoch="0" epoch="3"`, -1}, {`epoch="x"`, `epoch="0"`, -1},
	} {
		if got := newer(parse(t, cib(tt.a)), parse(t, cib(tt.b))); got != tt.want {
			t.Errorf("%s against %s: %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}

func TestOptions(t *testing.T) {
	c := New(Config{Host: &node{w: newWorld(t, 1, 1)}})
	got := c.validate(map[string]string{
		"dc-deadtime": "5min", "crmd-integration-timeout": "7", "join-finalization-timeout": "nonsense", "load-threshold": "50%", "stonith-max-attempts": "INFINITY",
		"no-quorum-policy": "dance", "shutdown-lock": "on",
	})
	for name, want := range map[string]time.Duration{
		"dc-deadtime": 5 * time.Minute, "join-integration-timeout": 7 * time.Second, "join-finalization-timeout": 30 * time.Minute,
		"election-timeout": 2 * time.Minute, "shutdown-escalation": 20 * time.Minute, "cluster-recheck-interval": 15 * time.Minute, "transition-delay": 0,
	} {
		if d := got.duration(name); d != want {
			t.Errorf("%s is %v, want %v", name, d, want)
		}
	}
	if got.share("load-threshold") != 0.5 || got.attempts("stonith-max-attempts") != infinity || got["no-quorum-policy"] != "stop" || got["shutdown-lock"] != "on" {
		t.Errorf("%v", got)
	}
	for _, bad := range []map[string]string{{"load-threshold": "80"}, {"stonith-max-attempts": "0"}, {"node-action-limit": "two"}, {"shutdown-lock": "perhaps"}} {
		for name, value := range bad {
			if v := c.validate(bad)[name]; v == value {
				t.Errorf("%s=%s is taken for a value", name, value)
			}
		}
	}
}

func TestForceOption(t *testing.T) {
	for _, tt := range []struct{ before, after string }{
		{`<cib/>`, `<cib><configuration><crm_config><cluster_property_set id="cib-bootstrap-options"><nvpair id="cib-bootstrap-options-o" name="o" value="v"/></cluster_property_set></crm_config></configuration></cib>`},
		{`<cib><configuration><crm_config><cluster_property_set id="a"/></crm_config></configuration></cib>`,
			`<cib><configuration><crm_config><cluster_property_set id="a"><nvpair id="cib-bootstrap-options-o" name="o" value="v"/></cluster_property_set></crm_config></configuration></cib>`},
		{`<cib><configuration><crm_config><cluster_property_set id="a"><nvpair id="x" name="o" value="w"/></cluster_property_set><cluster_property_set id="b"><nvpair id="y" name="o" value="z"/></cluster_property_set></crm_config></configuration></cib>`,
			`<cib><configuration><crm_config><cluster_property_set id="a"><nvpair id="x" name="o" value="v"/></cluster_property_set><cluster_property_set id="b"><nvpair id="y" name="o" value="v"/></cluster_property_set></crm_config></configuration></cib>`},
	} {
		cib := parse(t, tt.before)
		forceOption(cib, "o", "v")
		if got := text.Line(cib); got != tt.after {
			t.Errorf("%s\nbecomes %s\nwant    %s", tt.before, got, tt.after)
		}
	}
}

func TestConfigured(t *testing.T) {
	for _, tt := range []struct {
		patchset string
		want     bool
	}{
		{`<diff format="2"><change operation="modify" path="/cib/status/node_state[@id='1']"/></diff>`, false},
		{`<diff format="2"><change operation="modify" path="/cib/configuration/crm_config/cluster_property_set[@id='a']/nvpair[@id='b']"/></diff>`, true},
		{`<diff format="2"><change operation="create" path="/cib/configuration"><alerts/></change></diff>`, true},
		{`<diff format="2"><change operation="create" path="/cib/configuration"><resources/></change></diff>`, false},
		{`<diff><diff-added><cib><configuration><crm_config/></configuration></cib></diff-added></diff>`, true},
		{`<diff><diff-added><cib><status/></cib></diff-added></diff>`, false},
	} {
		if got := configured(parse(t, tt.patchset)); got != tt.want {
			t.Errorf("%s: %t", tt.patchset, got)
		}
	}
}
