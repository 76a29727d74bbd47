package lrm

import (
	"math"
	"strconv"
	"strings"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/featureset"
	"github.com/ringmaster-ha/ringmaster/internal/iso8601"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/lrmd"
	"github.com/ringmaster-ha/ringmaster/pengine/history"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// paramsOf are the parameters that an element has, the last of a name (xml2list).
func paramsOf(e *etree.Element) map[string]string {
	params := map[string]string{}
	holder := child(e, "attributes")
	if holder == nil {
		return params
	}
	for _, a := range holder.Attr {
		params[a.FullKey()] = a.Value
	}
	for _, p := range holder.SelectElements("param") {
		if name, value := p.SelectAttr("name"), p.SelectAttr("value"); name != nil && value != nil {
			params[name.Value] = value.Value
		}
	}
	return params
}

// atLeast0 reads a number that is not negative; what is missing or none is 0 (pcmk__scan_min_int).
func (l *Local) atLeast0(text string) int {
	if text == "" {
		return 0
	}
	n, _ := status.LeadingInt(text)
	switch {
	case n < 0:
		l.logf(loglevel.Warning, "pcmk__scan_min_int", "Clipped '%s' to minimum acceptable value %d", text, 0)
		return 0
	case n > math.MaxInt32:
		l.logf(loglevel.Warning, "pcmk__scan_min_int", "Clipped '%s' to maximum integer %d", text, math.MaxInt32)
		return math.MaxInt32
	}
	return int(n)
}

// construct makes the operation that a request describes, without result (construct_op).
func (l *Local) construct(op *etree.Element, rscID, task string) *event {
	const function = "construct_op"
	e := &event{Result: history.Result{RscID: rscID, Task: task}}
	e.set(int(lrmd.UnknownCode), status.ExecPending, "")
	if op == nil {
		e.Params = map[string]string{"crm_feature_set": featureset.Current}
		return e
	}
	params := paramsOf(op)
	delete(params, "CRM_meta__op_target_rc")
	e.Params = params
	meta := func(name string) string { return params[status.MetaName(name)] }
	e.startDelay = l.atLeast0(meta("start-delay"))
	e.timeout = l.atLeast0(meta("timeout"))
	if n, err := strconv.ParseUint(meta("interval"), 10, 32); err == nil {
		e.IntervalMS = uint(n)
	}
	if lrmd.Is(attr(child(op, "primitive"), "class"), lrmd.ClassStonith) && e.is(status.ActionNameMonitor) && e.IntervalMS > 0 {
		if text, ok := params["pcmk_monitor_timeout"]; ok {
			ms, ok := iso8601.ParseMilliseconds(text)
			if !ok {
				ms = -1
			}
			e.timeout = int(min(ms, math.MaxInt32))
		}
	}
	if p := l.memory.past[rscID]; e.is(status.ActionNameStop) && p != nil && p.stopParams != nil {
		// With the parameters that it runs with, and not the new ones.
		e.Params = map[string]string{}
		copyParams(e.Params, params, true)
		copyParams(e.Params, p.stopParams, false)
	}
	if e.timeout <= 0 {
		e.timeout = int(min(e.IntervalMS, math.MaxInt32))
	}
	if e.TransitionKey = attr(op, "transition-key"); e.TransitionKey == "" {
		return e
	}
	if e.IntervalMS != 0 && (e.is(status.ActionNameStart) || e.is(status.ActionNameStop)) {
		l.logf(loglevel.Error, function, "Start and Stop actions cannot have an interval: %d", e.IntervalMS)
		e.IntervalMS = 0
	}
	return e
}

// shownTask is how logs call an operation (crm_action_str).
func shownTask(task string, intervalMS uint) string {
	if intervalMS == 0 && strings.EqualFold(task, status.ActionNameMonitor) {
		return "probe"
	}
	return task
}
