package crmresource

import (
	"maps"
	"os"
	"strconv"
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/cli/pcmktool"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/featureset"
	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
	"github.com/ringmaster-ha/ringmaster/lrmd"
	"github.com/ringmaster-ha/ringmaster/lrmd/agent"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// defaultTimeout is an operation's, in milliseconds.
const defaultTimeout = 20000

// agentAction is what the agent calls what the tool calls otherwise (get_action).
func agentAction(operation string) string {
	switch operation {
	case "validate":
		return "validate-all"
	case "force-check":
		return "monitor"
	}
	return strings.TrimPrefix(operation, "force-")
}

// run is a run of an agent.
type agentRun struct {
	name                  *string // of the resource
	class, provider, kind *string
	params                map[string]string
	timeout               int
}

// execute is --validate and --force-*.
func (t *tool) execute() crmexit.Code {
	if t.fromCommandLine {
		return t.runFor(agentRun{class: t.class, provider: t.provider, kind: t.agent, params: t.params, timeout: t.timeout})
	}
	r, operation := t.rsc, *t.operation
	if r.IsClone() {
		switch operation {
		case "force-start", "force-demote", "force-promote":
			if len(t.search(r, *t.resource)) > 0 && !t.force {
				t.out.Err("It is not safe to %s %s here: the cluster claims it is already active", operation, r.ID)
				t.out.Err("Try setting target-role=Stopped first or specifying the force option")
				return crmexit.Unsafe
			}
		}
		r = r.Children[0]
	}
	switch {
	case r.Variant == status.Group:
		t.out.Err("Sorry, the %s option doesn't support group resources", operation)
		return crmexit.UnimplementFeature
	case r.Variant == status.Bundle || r.IsBundled():
		t.out.Err("Sorry, the %s option doesn't support bundled resources", operation)
		return crmexit.UnimplementFeature
	}
	values := maps.Clone(r.Params(nil))
	for name, value := range r.MetaOn(nil) {
		if name = status.MetaName(name); values[name] == "" {
			values[name] = value
		}
	}
	run := agentRun{name: &r.ID, params: values, timeout: t.timeout}
	for _, a := range []struct {
		name string
		to   **string
	}{{"class", &run.class}, {"provider", &run.provider}, {"type", &run.kind}} {
		if at := r.Element.SelectAttr(a.name); at != nil {
			*a.to = &at.Value
		}
	}
	if run.timeout == 0 {
		run.timeout = r.ConfiguredTimeout(agentAction(operation))
	}
	if r.Parent.IsAnonymousClone() {
		run.name = t.resource
	}
	return t.runFor(run)
}

// runFor runs an agent and shows what came of it (cli_resource_execute_from_params).
func (t *tool) runFor(r agentRun) crmexit.Code {
	operation := *t.operation
	action := agentAction(operation)
	if r.timeout == 0 {
		r.timeout = defaultTimeout
	}
	r.params["CRM_meta_timeout"] = strconv.Itoa(r.timeout)
	r.params["crm_feature_set"] = featureset.Current
	maps.Copy(r.params, t.overrides)
	id := "test"
	if r.name != nil {
		id = *r.name
	}
	class := text(r.class)
	if lrmd.Is(class, lrmd.ClassService) {
		class = t.runner(nil).ServiceClass(text(r.kind))
	}
	op := &lrmd.Operation{
		RscID: id, Class: class, Provider: text(r.provider), Type: text(r.kind), Action: lrmd.ActionOf(class, action),
		Timeout: r.timeout, Params: params(status.HashOrder(r.params)),
	}
	var res *lrmd.Result
	code := crmexit.UnimplementFeature
	if !lrmd.Is(class, lrmd.ClassOCF) && !lrmd.Is(class, lrmd.ClassLSB) {
		if class == "" {
			class = "unspecified"
		}
		res = &lrmd.Result{Status: lrmd.Failed, Reason: "Manual execution of the " + class + " standard is unsupported"}
	} else {
		res = t.runAgent(t.agentEnvironment(), op)
		if res.Unprepared {
			code = crmexit.Code(res.Code)
		} else {
			code = crmexit.Code(lrmd.CodeOf(res.Class, action, res.Code))
		}
	}
	t.showRun(r, operation, res, code)
	return code
}

// agentEnvironment is what an agent inherits (set_agent_environment).
func (t *tool) agentEnvironment() []string {
	set := map[string]string{"HA_debug": "0"}
	if t.level >= 0 {
		set["OCF_CHECK_LEVEL"] = strconv.Itoa(t.level)
	}
	if t.Verbosity > 0 {
		set["HA_debug"] = "1"
	}
	if t.Verbosity > 1 {
		set["OCF_TRACE_RA"] = "1"
	}
	if _, ok := os.LookupEnv("OCF_TRACE_FILE"); !ok {
		set["OCF_TRACE_FILE"] = "/dev/stderr"
	}
	return agent.Override(os.Environ(), set)
}

// showRun shows a run of an agent (resource-agent-action).
func (t *tool) showRun(r agentRun, operation string, res *lrmd.Result, code crmexit.Code) {
	meaning := status.ExitText(int(code))
	if t.out.IsXML() {
		e := t.out.Element("resource-agent-action", "action", operation, "class", text(r.class), "type", text(r.kind))
		if r.name != nil {
			e.Set("rsc", *r.name)
		}
		if r.provider != nil {
			e.Set("provider", *r.provider)
		}
		overrides := e.Add("overrides")
		for _, v := range status.HashOrder(t.overrides) {
			o := overrides.Add("override", "name", v[0], "value", v[1])
			if r.name != nil {
				o.Set("rsc", *r.name)
			}
		}
		state := e.Add("agent-status", "code", strconv.Itoa(int(code)), "message", meaning,
			"execution_code", strconv.Itoa(int(res.Status)), "execution_message", res.Status.String())
		if res.Reason != "" {
			state.Set("reason", res.Reason)
		}
		t.showOutput(e, res, code)
		return
	}
	t.p.Begin("overrides")
	for _, v := range status.HashOrder(t.overrides) {
		about := ""
		if r.name != nil {
			about = " for '" + *r.name + "'"
			t.p.Item("Overriding the cluster configuration%s with '%s' = '%s'", about, v[0], v[1])
			continue
		}
		t.p.Item("Overriding the cluster configuration with '%s' = '%s'", v[0], v[1])
	}
	t.p.End()
	about := operation
	if r.name != nil {
		about += " for " + *r.name
	}
	spec := text(r.class) + ":"
	if r.provider != nil {
		spec += *r.provider + ":"
	}
	spec += text(r.kind)
	reason := ""
	if res.Reason != "" {
		reason = ": " + res.Reason
	}
	if res.Status == lrmd.Done {
		t.info("Operation %s (%s) returned %d (%s%s)", about, spec, code, meaning, reason)
	} else {
		t.out.Err("Operation %s (%s) could not be executed (%s%s)", about, spec, res.Status, reason)
	}
	t.showOutput(nil, res, code)
}

// showOutput shows what an agent has written, as a document if it is one.
func (t *tool) showOutput(in *pcmktool.Element, res *lrmd.Result, code crmexit.Code) {
	if res.Stdout == "" && res.Stderr == "" {
		return
	}
	document := false
	if res.Stdout != "" {
		_, err := xmltree.Parse([]byte(res.Stdout), xmltree.DropText)
		document = err == nil
	}
	switch {
	case in != nil && document:
		in.Add("command").SetCData(res.Stdout)
	case in != nil:
		in.Add("command").SetCommand(int(code), res.Stdout, res.Stderr)
	case document:
		t.out.Document("command", res.Stdout)
	default:
		t.out.Command(int(code), res.Stdout, res.Stderr)
	}
}
