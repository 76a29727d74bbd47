package lrm

import (
	"strings"
	"time"

	"github.com/beevik/etree"

	attrdwire "github.com/ringmaster-ha/ringmaster/attrd/wire"
	"github.com/ringmaster-ha/ringmaster/crmd/fsa"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/crmmsg"
	"github.com/ringmaster-ha/ringmaster/lrmd/wire"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// Tasks of messages.
const (
	TaskInvoke  = "lrm_invoke"
	TaskDelete  = "lrm_delete"
	TaskFail    = "lrm_fail"
	TaskRefresh = "lrm_refresh"
	TaskReprobe = "probe_again"
	taskProbed  = "probe_complete"
)

// request is a message that asks for something.
type request struct {
	msg      *etree.Element
	xml      *etree.Element // what it is about: an rsc_op; nil for nothing
	user     string         // in whose name, "" for the cluster's own
	fromSys  string
	fromHost string // "" also if a transitioner asks, who is where the DC is
}

func attr(e *etree.Element, name string) string {
	if e == nil {
		return ""
	}
	return e.SelectAttrValue(name, "")
}

// child is the first child of a name (find_xml_node).
func child(e *etree.Element, tag string) *etree.Element {
	if e == nil {
		return nil
	}
	return e.SelectElement(tag)
}

// userOf is in whose name a message asks, as far as that is to be minded
// (pcmk__update_acl_user).
func userOf(msg *etree.Element) string {
	if user := attr(msg, "acl_target"); user != "" {
		return user
	}
	return attr(msg, crmmsg.User)
}

// privileged tells whether permissions do not matter to a user (pcmk__is_privileged).
func privileged(user string) bool { return user == "" || user == "hacluster" || user == "root" }

// Invoke takes a message for the executor's side of this controller, which it does not change and may
// keep: an operation that is to be carried out or cancelled, a resource that is to be deleted or to be
// reported as failed, or all that are to be looked at again (do_lrm_invoke).
func (l *Local) Invoke(now time.Time, msg *etree.Element) {
	const function = "do_lrm_invoke"
	r := &request{msg: msg, xml: crmmsg.ContentsOf(msg), user: userOf(msg), fromSys: attr(msg, crmmsg.SystemFrom)}
	if target := attr(r.xml, "on_node"); target != "" && !strings.EqualFold(target, l.Controller.Self()) {
		l.logf(loglevel.Error, function, "Failing action because local node has never had connection to remote node %s", target)
		l.synthesize(now, r.xml, target, status.ExecNotConnected, status.OCFError, "Local node has no connection to remote")
		return
	}
	if r.fromSys != crmmsg.Transition {
		r.fromHost = attr(msg, crmmsg.HostFrom)
	}
	task, operation := attr(msg, crmmsg.Task), attr(r.xml, "operation")
	if task == TaskDelete {
		operation = status.ActionNameDelete
	}
	switch {
	case task == "" && operation == "":
		l.logf(loglevel.Error, function, "Invalid execution request: unknown command '%s' (bug?)", task)
	case task == TaskFail:
		l.fail(now, r)
	case task == TaskRefresh:
		l.logf(loglevel.Notice, function, "Ignoring refresh request from Pacemaker Remote 1.1.9 node")
	case operation == taskProbed:
		l.tellProbed("true", r.user)
	case task == TaskReprobe, operation == TaskReprobe:
		l.reprobe(now, r)
	case operation != "":
		l.operate(now, r, operation)
	default:
		l.logf(loglevel.Error, function, "Invalid execution request: unknown command '%s' (bug?)", task)
		l.Controller.Input(fsa.CFSAInternal, fsa.IError, function)
	}
}

// operate is for what is asked of one resource.
func (l *Local) operate(now time.Time, r *request, operation string) {
	const function = "do_lrm_invoke"
	rsc := child(r.xml, "primitive")
	id := attr(rsc, "id")
	if id == "" {
		l.logf(loglevel.Error, function, "Invalid execution request: %s of no resource", operation)
		return
	}
	create := operation != status.ActionNameDelete
	known, err := l.resource(rsc, create)
	switch {
	case err == errNotConnected:
		l.synthesize(now, r.xml, l.Controller.Self(), status.ExecNotConnected, status.OCFError, "Not connected to remote executor")
	case err != 0 && !create:
		l.logf(loglevel.Notice, function, "Not registering resource '%s' for a %s event | get-rc=%d (%s) transition-key=%s",
			id, operation, -int(err), err, attr(r.xml, "id"))
		l.deleted(now, id, r, 0, r.user)
	case err == errInvalid:
		l.logf(loglevel.Error, function, "Invalid resource definition for %s", id)
		l.synthesize(now, r.xml, l.Controller.Self(), status.ExecError, status.OCFNotConfigured, "Invalid resource definition")
	case err != 0:
		l.logf(loglevel.Error, function, "Could not register resource '%s' with executor: %s | rc=%d", id, err, -int(err))
		l.synthesize(now, r.xml, l.Controller.Self(), status.ExecError, status.OCFInvalidParam, "Could not register resource with executor")
	case operation == status.ActionNameCancel:
		if !l.cancelRequest(now, r, known) {
			l.logf(loglevel.Warning, function, "Bad command: %s", attr(r.xml, "operation_key"))
		}
	case operation == status.ActionNameDelete:
		l.deleteRequest(now, r, known)
	default:
		l.prepare(now, r, known, operation)
	}
}

// registered is a resource that the executor knows, by the name that it knows.
type registered struct {
	id    string
	agent agent
}

// resource finds a resource at the executor by its name or, of an instance of a clone, the
// longer one; with create one that it does not know is registered. Errors are EINVAL,
// ENOTCONN, ENODEV and what the executor says (get_lrm_resource).
func (l *Local) resource(rsc *etree.Element, create bool) (registered, crmexit.RC) {
	const function = "get_lrm_resource"
	if !l.connected {
		return registered{}, errNotConnected
	}
	id := attr(rsc, "id")
	for _, name := range []string{id, attr(rsc, "long-id")} {
		if name == "" {
			continue
		}
		if a, ok := l.info(name); ok {
			return registered{name, a}, 0
		}
	}
	if !create {
		return registered{}, errNoDevice
	}
	a := agent{attr(rsc, "class"), attr(rsc, "provider"), attr(rsc, "type")}
	no := errInvalid
	if a.class != "" && a.kind != "" && (a.provider != "" || !strings.EqualFold(a.class, "ocf")) {
		_, no = l.exec(&wire.Request{
			Op: wire.OpRscRegister, Options: wire.DropRecurring, RscID: id, Class: a.class, Provider: a.provider, Type: a.kind,
		})
	}
	if no != 0 {
		l.logf(loglevel.Error, function, "Could not register resource %s with the executor on %s: %s | rc=%d", id, l.Controller.Self(), no, -int(no))
		l.Controller.Input(fsa.CFSAInternal, fsa.IFail, function)
		return registered{}, no
	}
	l.agents[id] = a
	return registered{id, a}, 0
}

// info is the agent of a resource that the executor knows (lrm_state_get_rsc_info).
func (l *Local) info(id string) (agent, bool) {
	if a, ok := l.agents[id]; ok {
		return a, true
	}
	if !l.connected {
		return agent{}, false
	}
	answer, info, err := l.Host.Exec(&wire.Request{Op: wire.OpRscInfo, RscID: id})
	if err != nil || answer < 0 || info == nil {
		return agent{}, false
	}
	a := agent{attr(info, "lrmd_class"), attr(info, "lrmd_provider"), attr(info, "lrmd_type")}
	if a.class == "" || a.kind == "" {
		return agent{}, false
	}
	l.agents[id] = a
	return a, true
}

// exec asks the executor.
func (l *Local) exec(r *wire.Request) (answer int, no crmexit.RC) {
	if !l.connected {
		return 0, errNotConnected
	}
	answer, _, err := l.Host.Exec(r)
	switch {
	case err != nil:
		return 0, number(err)
	case answer < 0:
		return 0, crmexit.RC(-answer)
	}
	return answer, 0
}

// tellProbed says, or unsays, that all resources have been looked at; only old DCs mind.
func (l *Local) tellProbed(value, user string) {
	program, node, name := "crmd", l.Controller.Self(), taskProbed
	a := attrdwire.Attribute{Name: &name, Host: &node, Remote: attrdwire.No, Private: attrdwire.No}
	if value != "" {
		a.Value = &value
	}
	if user != "" {
		a.User = &user
	}
	l.Host.Attribute(&attrdwire.Message{Origin: &program, Task: attrdwire.Update, Attribute: a})
}
