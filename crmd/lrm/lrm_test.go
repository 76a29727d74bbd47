package lrm

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/call"
	"github.com/ringmaster-ha/ringmaster/cib/ops"
	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/crmd/fsa"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/crmmsg"
	"github.com/ringmaster-ha/ringmaster/lrmd/wire"
)

// bench is a Local whose executor and CIB answer as told.
type bench struct {
	*fakeController
	t        *testing.T
	l        *Local
	did      []string
	requests []call.Request
	answer   func(q *wire.Request) int // of the executor, nil for numbers from 1
	failure  error                     // of the CIB
	calls    int
}

type refused crmexit.RC

func (r refused) Error() string  { return r.RC().String() }
func (r refused) RC() crmexit.RC { return crmexit.RC(r) }

func newBench(t *testing.T) *bench {
	b := &bench{fakeController: newFake(), t: t}
	b.l = New(Config{Controller: b, Host: b, Log: b, Requests: &crmmsg.Maker{}})
	b.l.Connected(b.now, nil)
	return b
}

func (b *bench) Enabled(loglevel.Level) bool         { return true }
func (b *bench) Logf(loglevel.Level, string, ...any) {}
func (b *bench) LogfAt(level loglevel.Level, function, format string, args ...any) {
	if level <= loglevel.Notice {
		b.did = append(b.did, "log "+fmt.Sprintf(format, args...))
	}
}

func (b *bench) Route(_ time.Time, e *etree.Element) {
	to := attr(e, crmmsg.SystemTo)
	if x := crmmsg.ContentsOf(e); x != nil {
		op := x.FindElement(".//lrm_rsc_op")
		b.did = append(b.did, fmt.Sprintf("ack %s: %s %s %s", to, attr(op, "id"), attr(op, "operation_key"), attr(op, "transition-magic")))
		return
	}
	b.did = append(b.did, "ack "+to)
}

func (b *bench) CIB(q call.Request, then func(now time.Time, answer *etree.Element, err error)) int {
	b.calls++
	b.requests = append(b.requests, q)
	if q.Op == ops.Modify && q.Section == "status" {
		op, rsc := q.Data.FindElement(".//lrm_rsc_op"), q.Data.FindElement(".//lrm_resource")
		lock := ""
		if a := rsc.SelectAttr("shutdown-lock"); a != nil {
			lock = " locked since " + a.Value
		}
		b.did = append(b.did, fmt.Sprintf("record %s %s %s%s", attr(op, "id"), attr(op, "operation_key"), attr(op, "transition-magic"), lock))
	} else {
		data := ""
		if q.Data != nil {
			data = " " + text.Line(q.Data)
		}
		b.did = append(b.did, fmt.Sprintf("%s %s%s %#x %s", q.Op, q.Section, data, q.Options, q.User))
	}
	if then != nil {
		then(b.now, nil, b.failure)
	}
	return b.calls
}

func (b *bench) Exec(q *wire.Request) (int, *etree.Element, error) {
	if b.answer != nil {
		if n := b.answer(q); n != 0 {
			return n, nil, nil
		}
	}
	switch q.Op {
	case wire.OpRscInfo:
		return 0, wire.Reply{}.Info(q.RscID, "systemd", "", "thing"), nil
	case wire.OpRscExec:
		b.did = append(b.did, fmt.Sprintf("exec %s %s %d timeout %d delay %d", q.RscID, q.Action, q.Interval, q.Timeout, q.StartDelay))
		b.calls++
		return b.calls, nil, nil
	}
	b.did = append(b.did, q.Op+" "+q.RscID)
	return 0, nil, nil
}

func (b *bench) Metadata(string, string, string, func(now time.Time, xml string, err error)) {
	b.t.Error("a unit of systemd has no metadata")
}

const (
	tengine = `crm_sys_from="tengine" crm_task="lrm_invoke"`
	key     = "1:2:0:4417b5cb-5623-4273-acc9-34e3f1d9936c"
)

func message(envelope, operation, attributes, more string) string {
	return fmt.Sprintf(`<create_request_adv %s><crm_xml><rsc_op operation="%s" transition-key="%s" on_node="node2" %s><primitive id="r" class="systemd" type="thing"/><attributes %s/></rsc_op></crm_xml></create_request_adv>`,
		envelope, operation, key, more, attributes)
}

func completion(action string, interval, call, rc, status int, more string) string {
	return fmt.Sprintf(`<lrmd_notify lrmd_op="lrmd_rsc_exec" lrmd_rsc_id="r" lrmd_rsc_action="%s" lrmd_rsc_interval="%d" lrmd_callid="%d" lrmd_exec_rc="%d" lrmd_exec_op_status="%d" lrmd_rsc_userdata_str="%s" %s><attributes crm_feature_set="3.16.1"/></lrmd_notify>`,
		action, interval, call, rc, status, key, more)
}

// What a Local does of what it is told, in an order: messages, results.
func TestConversations(t *testing.T) {
	for _, tt := range []struct {
		name  string
		setup func(b *bench)
		in    []string
		want  []string
	}{
		{"refused while the node leaves", func(b *bench) { b.leaving = true }, []string{message(tengine, "start", "", "")}, []string{
			"log Requesting local execution of start operation for r on node2 | transition_key=" + key + " op_key=r_start_0",
			"log Discarding attempt to perform action start on r in state S_NOT_DC (shutdown=true)",
			"ack tengine: r_last_failure_0 r_start_0 9:1;" + key,
		}},
		{"refused without a DC", func(b *bench) { b.state = fsa.SPending }, []string{message(tengine, "promote", "", "")}, []string{
			"log Requesting local execution of promote operation for r on node2 | transition_key=" + key + " op_key=r_promote_0",
			"log Discarding attempt to perform action promote on r in state S_PENDING (shutdown=false)",
			"ack tengine: r_last_failure_0 r_promote_0 9:1;" + key,
		}},
		{"a stop is never refused", func(b *bench) { b.state, b.leaving = fsa.SStopping, true }, []string{message(tengine, "stop", `CRM_meta_timeout="20000"`, "")}, []string{
			"log Requesting local execution of stop operation for r on node2 | transition_key=" + key + " op_key=r_stop_0",
			"record r_last_0 r_stop_0 -1:193;" + key,
			"exec r stop 0 timeout 20000 delay 0",
		}},
		{"not recorded while pending", nil, []string{message(tengine, "start", `CRM_meta_record_pending="false" CRM_meta_start_delay="5"`, "")}, []string{
			"log Requesting local execution of start operation for r on node2 | transition_key=" + key + " op_key=r_start_0",
			"exec r start 0 timeout 0 delay 5",
		}},
		{"a lock is kept by a stop", func(b *bench) { b.lock = true }, []string{message(tengine, "stop", "", `shutdown-lock="1700"`), completion("stop", 0, 2, 0, 0, "")}, []string{
			"log Requesting local execution of stop operation for r on node2 | transition_key=" + key + " op_key=r_stop_0",
			"record r_last_0 r_stop_0 -1:193;" + key,
			"exec r stop 0 timeout 0 delay 0",
			"record r_last_0 r_stop_0 0:0;" + key + " locked since 1700",
			"log Result of stop operation for r on node2: ok | CIB update 3, graph action confirmed; call=2 key=r_stop_0 rc=0",
		}},
		{"and cleared by a start", func(b *bench) { b.lock = true }, []string{message(tengine, "start", "", `shutdown-lock="1700"`), completion("start", 0, 2, 0, 0, "")}, []string{
			"log Requesting local execution of start operation for r on node2 | transition_key=" + key + " op_key=r_start_0",
			"record r_last_0 r_start_0 -1:193;" + key,
			"exec r start 0 timeout 0 delay 0",
			"record r_last_0 r_start_0 0:0;" + key + " locked since 0",
			"log Result of start operation for r on node2: ok | CIB update 3, graph action confirmed; call=2 key=r_start_0 rc=0",
		}},
		{"a notification is answered, and never fails", nil, []string{
			message(tengine, "notify", `CRM_meta_notify_type="pre" CRM_meta_notify_operation="start"`, ""),
			strings.Replace(completion("notify", 0, 1, 1, 0, ""), "<attributes", `<attributes CRM_meta_notify_type="pre" CRM_meta_notify_operation="start"`, 1),
		}, []string{
			"log Requesting local execution of notify operation for r on node2 | transition_key=" + key + " op_key=r_notify_0",
			"exec r notify 0 timeout 0 delay 0",
			"ack tengine: r_pre_notify_start_0 r_notify_0 0:0;" + key,
			"log Result of notify operation for r on node2: ok | graph action confirmed; call=1 key=r_notify_0 rc=0",
		}},
		{"never begun", nil, []string{message(tengine, "start", `CRM_meta_record_pending="false"`, ""), completion("start", 0, 1, 0, 1, "")}, []string{
			"log Requesting local execution of start operation for r on node2 | transition_key=" + key + " op_key=r_start_0",
			"exec r start 0 timeout 0 delay 0",
			"ack tengine: r_last_0 r_start_0 1:0;" + key,
		}},
		{"postponed for long", nil, []string{message(tengine, "monitor", `CRM_meta_interval="10000" CRM_meta_start_delay="300001"`, "")}, []string{
			"log Requesting local execution of monitor operation for r on node2 | transition_key=" + key + " op_key=r_monitor_10000",
			"record r_monitor_10000 r_monitor_10000 -1:193;" + key,
			"exec r monitor 10000 timeout 10000 delay 300001",
			"ack tengine: r_monitor_10000 r_monitor_10000 0:0;" + key,
		}},
		{"cancelled, and nobody knows it", nil, []string{message(tengine, "cancel", `CRM_meta_operation="monitor" CRM_meta_interval="10000" crm_feature_set="3.16.1"`, "")}, []string{
			"cib_delete /cib/status/node_state[@uname='node2']/lrm/lrm_resources/lrm_resource[@id='r']/lrm_rsc_op[@id='r_monitor_10000'] 0x100002 ",
			"ack tengine: r_monitor_10000 r_monitor_10000 0:0;" + key,
		}},
		{"cancelled by its number", nil, []string{message(tengine, "cancel", `CRM_meta_operation="monitor" CRM_meta_interval="10000" CRM_meta_call_id="7"`, "")}, []string{
			"cib_delete /cib/status/node_state[@uname='node2']/lrm/lrm_resources/lrm_resource[@id='r']/lrm_rsc_op[@id='r_monitor_10000' and @call-id='7'] 0x100002 ",
			"ack tengine: r_monitor_10000 r_monitor_10000 0:0;" + key,
		}},
		{"not to be failed by everybody", nil, []string{message(`crm_sys_from="tool" crm_task="lrm_fail" acl_target="alice"`, "", "", "")}, []string{
			"log alice does not have permission to fail r",
			"ack tool: r_last_failure_0 r_asyncmon_0 4:4;999999999:-1:0:xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx",
		}},
		{"nor cleaned up", func(b *bench) { b.failure = refused(errAccess) }, []string{message(`crm_sys_from="tool" crm_task="lrm_delete" acl_target="alice"`, "", "", "")}, []string{
			"cib_delete //node_state[@uname='node2']/lrm/lrm_resources/lrm_resource[@id='r'] 0x202 alice",
			"log Could not delete resource status of r on node2 for user alice: Permission denied | rc=13",
			"ack tool: r_last_failure_0 r_delete_0 4:4;" + key,
		}},
		{"of a node that it knows nothing of", nil, []string{strings.Replace(message(tengine, "start", "", ""), `on_node="node2"`, `on_node="far"`, 1)}, []string{
			"log Failing action because local node has never had connection to remote node far",
			"record r_last_failure_0 r_start_0 8:1;" + key,
			"log Result of start operation for r on far: Internal communication failure (Local node has no connection to remote) | CIB update 1, graph action unconfirmed; call=999999999 key=r_start_0",
		}},
		{"not carried out by the executor", func(b *bench) {
			b.answer = func(q *wire.Request) int {
				if q.Op == wire.OpRscExec {
					return -19
				}
				return 0
			}
		}, []string{message(tengine, "start", "", "")}, []string{
			"log Requesting local execution of start operation for r on node2 | transition_key=" + key + " op_key=r_start_0",
			"record r_last_0 r_start_0 -1:193;" + key,
			"log Could not initiate start action for resource r locally: No such device | rc=19",
			"record r_last_failure_0 r_start_0 8:1;" + key,
			"log Result of start operation for r on node2: Internal communication failure (No such device) | CIB update 2, graph action unconfirmed; call=999999999 key=r_start_0",
		}},
		{"deleted while it runs", func(b *bench) {
			b.answer = func(q *wire.Request) int {
				if q.Op == wire.OpRscUnreg {
					b.answer = func(q *wire.Request) int {
						if q.Op == wire.OpRscInfo {
							return -19
						}
						return 0
					}
					return -115
				}
				return 0
			}
		}, []string{
			message(tengine, "start", "", ""),
			message(`crm_sys_from="tool" crm_task="lrm_delete" src="node1"`, "", "", ""),
			completion("start", 0, 2, 0, 0, `lrmd_rsc_deleted="1"`),
		}, []string{
			"log Requesting local execution of start operation for r on node2 | transition_key=" + key + " op_key=r_start_0",
			"record r_last_0 r_start_0 -1:193;" + key,
			"exec r start 0 timeout 0 delay 0",
			"cib_delete //node_state[@uname='node2']/lrm/lrm_resources/lrm_resource[@id='r'] 0x202 ",
			"log Not recording r_start_0 result in CIB because resource information was removed since it was initiated",
			"ack tengine: r_last_0 r_start_0 0:0;" + key,
			"log Result of start operation for r on node2: ok | graph action confirmed; call=2 key=r_start_0 rc=0",
			"cib_delete //node_state[@uname='node2']/lrm/lrm_resources/lrm_resource[@id='r'] 0x100002 ",
			"ack tool: r_last_0 r_delete_0 0:0;" + key,
			"cib_query //cib/configuration/crm_config//cluster_property_set//nvpair[@name='last-lrm-refresh'] 0x102 ",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t)
			if tt.setup != nil {
				tt.setup(b)
			}
			for _, in := range tt.in {
				e := element(t, in)
				if e.Tag != "lrmd_notify" {
					b.l.Invoke(b.now, e)
				} else if err := b.l.Event(b.now, e); err != nil {
					t.Fatal(err)
				}
			}
			if got, want := strings.Join(b.did, "\n"), strings.Join(tt.want, "\n"); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}
