package history

import (
	"testing"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

func TestParseKey(t *testing.T) {
	const id = "4417b5cb-5623-4273-acc9-34e3f1d9936c"
	for _, tt := range []struct {
		key                    string
		action, transition, rc int
		id                     string
		ok                     bool
	}{
		{"4:2:7:" + id, 4, 2, 7, id, true},
		{"4:-1:0:short  ", 4, -1, 0, "short", true},
		{"4:2:" + id, -1, -1, -1, "", false},
		{"4:2:x:" + id, -1, -1, -1, "", false},
		{"4:2:99999999999:" + id, -1, -1, -1, "", false},
		{"", -1, -1, -1, "", false},
	} {
		action, transition, rc, id, ok := ParseKey(tt.key)
		if action != tt.action || transition != tt.transition || rc != tt.rc || id != tt.id || ok != tt.ok {
			t.Errorf("%q: %d %d %d %q %t, want %+v", tt.key, action, transition, rc, id, ok, tt)
		}
	}
}

// Which entries there are of a result; crmd/lrm has the reference's own.
func TestEntries(t *testing.T) {
	for _, tt := range []struct {
		name string
		r    Result
		rc   int
		want []string
	}{
		{"a success", Result{Task: "start"}, 0, []string{"r_last_0 start"}},
		{"a recurring one's", Result{Task: "monitor", IntervalMS: 10}, 0, []string{"r_monitor_10 monitor"}},
		{"a failure", Result{Task: "start", RC: 1}, 0, []string{"r_last_failure_0 start", "r_last_0 start"}},
		{"a recurring one's", Result{Task: "monitor", IntervalMS: 10, RC: 7}, 0, []string{"r_last_failure_0 monitor"}},
		{"of what could not be begun", Result{Task: "stop", Status: status.ExecInvalid}, 0, []string{"r_last_failure_0 stop", "r_last_0 stop"}},
		{"nothing yet", Result{Task: "start", Status: status.ExecPending, RC: 193}, 0, []string{"r_last_0 start"}},
		{"a migration that failed", Result{Task: "migrate_to", RC: 1}, 0, []string{"r_migrate_to_0 migrate_to"}},
		{"a reload", Result{Task: "reload-agent"}, 0, []string{"r_last_0 start"}},
		{"one that failed", Result{Task: "reload", Status: status.ExecTimeout}, 0, []string{"r_last_failure_0 monitor", "r_last_0 monitor"}},
	} {
		parent := etree.NewElement("lrm_resource")
		tt.r.RscID = "r"
		last := Write(parent, &tt.r, "3.16.1", tt.rc, "n", "f")
		var got []string
		for _, e := range parent.ChildElements() {
			got = append(got, e.SelectAttrValue("id", "")+" "+e.SelectAttrValue("operation", ""))
			if e == parent.ChildElements()[len(tt.want)-1] && e != last {
				t.Errorf("%s: the entry given is not the last", tt.name)
			}
		}
		if len(got) != len(tt.want) || got[0] != tt.want[0] || got[len(got)-1] != tt.want[len(got)-1] {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// An entry of the reference's, with all that there is in one, written over another.
func TestEntry(t *testing.T) {
	const want = `<lrm_resource><lrm_rsc_op id="plain_migrate_to_0" operation_key="plain_migrate_to_0" operation="migrate_to" crm-debug-origin="do_update_resource" crm_feature_set="3.16.1" transition-key="9:36:0:4417b5cb-5623-4273-acc9-34e3f1d9936c" transition-magic="0:0;9:36:0:4417b5cb-5623-4273-acc9-34e3f1d9936c" exit-reason="" on_node="node2" call-id="5" rc-code="0" op-status="0" interval="0" last-rc-change="7" exec-time="3" queue-time="1" migrate_source="node2" migrate_target="node1" op-digest="f2317cad3d54cec5d7d7aa7d0bf35cf8"/></lrm_resource>`
	parent := etree.NewElement("lrm_resource")
	old := parent.CreateElement("lrm_rsc_op")
	old.CreateAttr("id", "plain_migrate_to_0")
	Write(parent, &Result{
		RscID: "plain", Task: "migrate_to", TransitionKey: "9:36:0:4417b5cb-5623-4273-acc9-34e3f1d9936c", CallID: 5, Run: 7, Exec: 3, Queue: 1,
		Params: map[string]string{"CRM_meta_migrate_source": "node2", "CRM_meta_migrate_target": "node1"},
	}, "3.16.1", 0, "node2", "do_update_resource")
	if got := text.Line(parent); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
