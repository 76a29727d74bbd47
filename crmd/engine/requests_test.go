package engine

import (
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/crmd/fsa"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
)

// says is what a client of a node's has been told since it asked, the last thing as text.
func (n *node) says(request string) string {
	n.replies["client"] = nil
	n.c.ClientMessage(n.w.now, "client", "root", parse(n.w.t, request))
	n.w.run(500 * time.Millisecond)
	all := n.replies["client"]
	if len(all) == 0 {
		return "nothing"
	}
	if all[len(all)-1] == nil {
		return "dismissed"
	}
	return text.Line(all[len(all)-1])
}

const from = ` t="crmd" version="3.16.1" subt="request" reference="ref-1" crm_sys_from="tool"`

func TestRequests(t *testing.T) {
	w := started(t, 3, 3)
	dc := w.dc()
	n := w.other(dc)
	reply := func(function, task, of, sysFrom, src, contents string) string {
		return `<create_reply_adv origin="` + function + `" t="crmd" version="3.16.1" subt="response" reference="ref-1" crm_task="` + task + `" crm_sys_to="client" crm_sys_from="` +
			sysFrom + `"` + of + ` src="` + src + `"><crm_xml>` + contents + `</crm_xml></create_reply_adv>`
	}
	for _, tt := range []struct{ name, request, want string }{
		{"a hello", `<x` + from + ` crm_task="hello" crm_sys_to="crmd"><crm_xml><options client_name="t" major_version="2" minor_version="0"/></crm_xml></x>`, "nothing"},
		{"a hello of nobody", `<x` + from + ` crm_task="hello" crm_sys_to="crmd"><crm_xml><options/></crm_xml></x>`, "dismissed"},
		{"a hello without contents", `<x` + from + ` crm_task="hello" crm_sys_to="crmd"/>`, "dismissed"},
		{"a hello of no version", `<x` + from + ` crm_task="hello" crm_sys_to="crmd"><crm_xml><options client_name="t" major_version="2" minor_version="x"/></crm_xml></x>`, "dismissed"},
		{"this node", `<x` + from + ` crm_task="node-info" crm_sys_to="crmd"/>`,
			reply("handle_node_info_request", "node-info", "", "crmd", n.name, `<node crm_subsystem="crmd" have-quorum="true" id="`+itoa(n.id)+`" uuid="`+itoa(n.id)+`" uname="`+n.name+`" crmd="member" remote_node="false"/>`)},
		{"a node by number", `<x` + from + ` crm_task="node-info" crm_sys_to="crmd" id="3"/>`,
			reply("handle_node_info_request", "node-info", "", "crmd", n.name, `<node crm_subsystem="crmd" have-quorum="true" id="3" uuid="3" uname="node3" crmd="member" remote_node="false"/>`)},
		{"no node", `<x` + from + ` crm_task="node-info" crm_sys_to="crmd" uname="nobody"/>`,
			reply("handle_node_info_request", "node-info", "", "crmd", n.name, `<node crm_subsystem="crmd" have-quorum="true"/>`)},
		{"ping", `<x` + from + ` crm_task="ping" crm_sys_to="crmd" crm_host_to="` + n.name + `"/>`,
			reply("handle_ping", "ping", "", "crmd", n.name, `<ping_response crm_subsystem="crmd" crmd_state="S_NOT_DC" result="ok"/>`)},
		{"ping of another", `<x` + from + ` crm_task="ping" crm_sys_to="crmd" crm_host_to="` + dc.name + `"/>`,
			reply("handle_ping", "ping", ` crm_host_to="`+n.name+`"`, "crmd", dc.name, `<ping_response crm_subsystem="crmd" crmd_state="S_IDLE" result="ok"/>`)},
		{"ping of the DC", `<x` + from + ` crm_task="ping" crm_sys_to="dc"/>`,
			reply("handle_ping", "ping", ` crm_host_to="`+n.name+`"`, "dc", dc.name, `<ping_response crm_subsystem="dc" crmd_state="S_IDLE" result="ok"/>`)},
		{"ping of nobody", `<x` + from + ` crm_task="ping" crm_sys_to="crmd" crm_host_to="nobody"/>`, "nothing"},
		{"no subsystem", `<x` + from + ` crm_task="ping"/>`, "nothing"},
		{"another type", `<x t="cib" subt="request" crm_task="ping" crm_sys_to="crmd"/>`, "nothing"},
		{"no task", `<x` + from + ` crm_sys_to="crmd" crm_host_to="` + n.name + `"/>`, "nothing"},
		{"no subtype", `<x t="crmd" crm_task="ping" crm_sys_to="crmd" crm_host_to="` + n.name + `"/>`, "nothing"},
		{"an unknown subsystem", `<x` + from + ` crm_task="ping" crm_sys_to="nothing" crm_host_to="` + n.name + `"/>`, "nothing"},
	} {
		if got := n.says(tt.request); got != tt.want {
			t.Errorf("%s:\n%s\nwant\n%s", tt.name, got, tt.want)
		}
	}
	all := n.says(`<x` + from + ` crm_task="list-nodes" crm_sys_to="crmd"/>`)
	for _, m := range w.nodes {
		if want := `<node id="` + itoa(m.id) + `" uname="` + m.name + `" in_ccm="member"/>`; !strings.Contains(all, want) {
			t.Errorf("%s is not in %s", want, all)
		}
	}
	// That a client asks for has the node leave.
	n.c.ClientMessage(w.now, "client", "root", parse(t, `<x`+from+` crm_task="start_shutdown" crm_sys_to="crmd" crm_host_to="`+n.name+`"/>`))
	w.run(10 * time.Second)
	if n.exit == nil || *n.exit != crmexit.OK {
		t.Errorf("asked to leave, %s has not: %v", n.name, n.exit)
	}
}

func itoa(n uint32) string { return string(rune('0' + n)) }

// A node whose feature set the DC has left behind must not come back.
func TestIncompatible(t *testing.T) {
	w := started(t, 3, 4)
	n := w.other(w.dc())
	n.c.PeerMessage(w.now, w.dc().name, parse(t, `<x t="crmd" version="4.0" subt="request" crm_task="join_offer" crm_sys_to="crmd" crm_sys_from="dc" crm_host_to="`+n.name+`" join_id="9" crm_feature_set="4.0"/>`))
	if n.exit == nil || *n.exit != crmexit.Fatal {
		t.Errorf("it ends with %v", n.exit)
	}
}

// A node that is told to leave without having asked for it stays away; one that is refused, and one
// whose peers are gone, fail.
func TestPushed(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   func(w *world, n, dc *node)
		want crmexit.Code
	}{
		{"the DC tells it to", func(w *world, n, dc *node) {
			n.c.PeerMessage(w.now, dc.name, parse(t, `<x`+from+` crm_task="do_shutdown" crm_sys_to="crmd" crm_host_to="`+n.name+`"/>`))
		}, crmexit.Fatal},
		{"the DC refuses it", func(w *world, n, dc *node) {
			n.c.PeerMessage(w.now, dc.name, parse(t, `<x`+from+` crm_task="join_ack_nack" crm_sys_to="crmd" crm_host_to="`+n.name+`" join_id="1"/>`))
		}, crmexit.Error},
		{"the CIB manager is gone", func(w *world, n, dc *node) { n.c.Lost(w.now, CIB) }, crmexit.Error},
		{"the CIB cannot be asked", func(w *world, n, dc *node) {
			n.links[CIB] = false
			n.c.PeerMessage(w.now, dc.name, parse(t, `<x`+from+` crm_task="join_offer" crm_sys_to="crmd" crm_host_to="`+n.name+`" join_id="1" crm_feature_set="3.16.1"/>`))
		}, crmexit.Error},
		{"the executor is gone", func(w *world, n, dc *node) { n.c.Lost(w.now, Executor) }, crmexit.Error},
		{"corosync is gone", func(w *world, n, dc *node) { n.c.Lost(w.now, ClusterLayer) }, crmexit.Disconnect},
		{"asked while it starts", func(w *world, n, dc *node) {
			n.crash()
			n.start()
			n.c.Shutdown(w.now)
		}, crmexit.OK},
		{"asked twice", func(w *world, n, dc *node) {
			n.c.Shutdown(w.now)
			n.c.Shutdown(w.now)
		}, crmexit.Error},
	} {
		w := started(t, 3, 5)
		dc := w.dc()
		n := w.other(dc)
		if tt.name == "the DC refuses it" { // while it joins
			n.c.state = fsa.SPending
		}
		tt.do(w, n, dc)
		w.run(20 * time.Second)
		if n.exit == nil || *n.exit != tt.want {
			t.Errorf("%s: it ends with %v, want %v\n%s", tt.name, n.exit, tt.want, w.tail(30))
		}
	}
}

// Without the scheduler a DC cannot go on, and keeps the CIB that it has failed on.
func TestSchedulerGone(t *testing.T) {
	w := started(t, 3, 6)
	dc := w.dc()
	dc.links[Scheduler] = false
	dc.c.Lost(w.now, Scheduler)
	w.run(20 * time.Second)
	if dc.exit == nil || *dc.exit != crmexit.Error {
		t.Errorf("the DC ends with %v", dc.exit)
	}
	w.settles(30 * time.Second)
}
