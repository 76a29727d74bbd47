package crmmon

import (
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/pengine/show"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
	"github.com/ringmaster-ha/ringmaster/stonithd/wire"
)

// news is what the external agent is told.
type news struct {
	node, resource, task, text string
	wanted, rc, status         int
}

// tell runs the external agent, which nobody waits for (send_custom_trap).
func (w *watcher) tell(n news) {
	set := func(name, value string) { os.Setenv("CRM_notify_"+name, value) }
	// What was last said of a resource stays for news that are about none.
	if n.resource != "" {
		set("rsc", n.resource)
	}
	if w.recipient != nil {
		set("recipient", *w.recipient)
	}
	set("node", n.node)
	set("task", n.task)
	set("desc", n.text)
	set("rc", strconv.Itoa(n.rc))
	set("target_rc", strconv.Itoa(n.wanted))
	set("status", strconv.Itoa(n.status))
	cmd := exec.Command(*w.agent)
	cmd.Stdout, cmd.Stderr = w.stdout, w.stderr
	if w.console != nil {
		cmd.Stdout, cmd.Stderr = nil, nil
	}
	if err := cmd.Start(); err != nil {
		w.log.LogfAt(loglevel.Error, "send_custom_trap", "%v", err)
		return
	}
	// It may outlive us.
	go func() { _ = cmd.Wait() }()
}

// tellOfFencing tells of an operation of the fencer.
func (w *watcher) tellOfFencing(n *wire.Notification) {
	if w.agent == nil {
		return
	}
	w.tell(news{node: n.Target, task: n.Kind, rc: int(n.Result.RC().Legacy()), text: n.Describe()})
}

// lrmID finds the node in a path to a part of its history.
var lrmID = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`/lrm\[@id='([^']*)'\]`)
})

// tellOfChanges tells of the operations in a patchset (crm_diff_update_v1, crm_diff_update_v2).
func (w *watcher) tellOfChanges(patchset *etree.Element) {
	if patchset.SelectAttrValue("format", "") == "1" {
		for _, added := range patchset.FindElements(".//diff-added") {
			w.tellOfOperations(added, "")
		}
		return
	}
	for _, change := range patchset.ChildElements() {
		path := change.SelectAttrValue("path", "")
		from := change
		switch change.SelectAttrValue("operation", "") {
		case "create":
		case "modify":
			if from = change.SelectElement("change-result"); from == nil {
				continue
			}
		default:
			continue
		}
		found := from.ChildElements()
		if path == "" || len(found) == 0 {
			continue
		}
		match, node := found[0], ""
		switch match.Tag {
		case "cib":
			if match = match.SelectElement("status"); match == nil {
				continue
			}
		case "status":
		case "node_state":
			node = nodeOf(match)
		case "lrm":
			node = match.SelectAttrValue("id", "")
		case "lrm_resources", "lrm_resource", "lrm_rsc_op":
			if at := lrmID().FindStringSubmatch(path); at != nil {
				node = at[1]
			}
		default:
			continue
		}
		w.tellOfOperations(match, node)
	}
}

func nodeOf(state *etree.Element) string {
	return state.SelectAttrValue("uname", state.SelectAttrValue("id", ""))
}

// tellOfOperations tells of those in a part of a history, which is that of a node
// (handle_rsc_op).
func (w *watcher) tellOfOperations(e *etree.Element, node string) {
	if e.Tag == "node_state" {
		node = nodeOf(e)
	}
	if e.Tag != "lrm_rsc_op" {
		for _, c := range e.ChildElements() {
			w.tellOfOperations(c, node)
		}
		return
	}
	const where = "handle_rsc_op"
	id := e.SelectAttrValue("operation_key", e.SelectAttrValue("id", ""))
	magic := e.SelectAttrValue("transition-magic", "")
	if magic == "" {
		return // it is no change
	}
	n := news{node: e.SelectAttrValue("on_node", node)}
	var ok bool
	if n.status, n.rc, n.wanted, ok = parseMagic(magic); !ok {
		w.log.LogfAt(loglevel.Error, where, "Invalid event %s detected for %s", magic, id)
		return
	}
	if n.resource, n.task, _, ok = status.ParseKey(id); !ok {
		w.log.LogfAt(loglevel.Error, where, "Invalid event detected for %s", id)
		return
	}
	if n.node == "" {
		w.log.LogfAt(loglevel.Error, where, "No node detected for event %s (%s)", magic, id)
		return
	}
	switch {
	case n.status == status.ExecDone && n.wanted == n.rc:
		n.text = crmexit.RCOK.String()
		w.log.LogfAt(loglevel.Notice, where, "%s of %s on %s completed: %s", n.task, n.resource, n.node, n.text)
		if n.rc == status.OCFNotRunning {
			return
		}
	default:
		n.text = show.ExecText(n.status)
		if n.status == status.ExecDone {
			n.text = status.ExitText(n.rc)
		}
		w.log.LogfAt(loglevel.Warning, where, "%s of %s on %s failed: %s", n.task, n.resource, n.node, n.text)
	}
	w.tell(n)
}

// parseMagic takes status, result and the result that was wanted from a transition's magic:
// "0:7;6:1:7:uuid".
func parseMagic(magic string) (status, rc, wanted int, ok bool) {
	outcome, key, found := strings.Cut(magic, ";")
	first, second, paired := strings.Cut(outcome, ":")
	parts := strings.SplitN(key, ":", 4)
	if !found || !paired || len(parts) != 4 {
		return 0, 0, 0, false
	}
	var errs [3]error
	status, errs[0] = strconv.Atoi(first)
	rc, errs[1] = strconv.Atoi(second)
	wanted, errs[2] = strconv.Atoi(parts[2])
	return status, rc, wanted, errs == [3]error{}
}
