package agent

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/ringmaster-ha/ringmaster/lrmd"
	"github.com/ringmaster-ha/ringmaster/lrmd/wire"
)

// What OCF agents are told about where they are.
const (
	ocfRoot         = "/usr/lib/ocf"
	ocfVersionMajor = "1"
	ocfVersionMinor = "1"
)

// variables are an environment, each name once.
type variables map[string]string

func variablesOf(env []string) variables {
	v := make(variables, len(env)+16)
	for _, s := range env {
		if name, value, ok := strings.Cut(s, "="); ok && name != "" {
			v[name] = value
		}
	}
	return v
}

// set sets a variable, if it can be one.
func (v variables) set(name, value string) {
	if name != "" && !strings.ContainsAny(name, "=\x00") && !strings.ContainsRune(value, 0) {
		v[name] = value
	}
}

func (v variables) list() []string {
	out := make([]string, 0, len(v))
	for _, name := range slices.Sorted(maps.Keys(v)) {
		out = append(out, name+"="+v[name])
	}
	return out
}

// maxName is how long the name of a parameter's variable may be, in bytes.
const maxName = 499

// environment is what an OCF agent is run with (add_action_env_vars).
func environment(base []string, op *lrmd.Operation, params []wire.Param) []string {
	if !lrmd.Is(op.Class, lrmd.ClassOCF) {
		return base
	}
	v := variablesOf(base)
	for _, p := range params {
		name := p.Name
		if name != "OCF_CHECK_LEVEL" {
			name = "OCF_RESKEY_" + name
		}
		v.set(name[:min(len(name), maxName)], p.Value)
	}
	v.set("OCF_RA_VERSION_MAJOR", ocfVersionMajor)
	v.set("OCF_RA_VERSION_MINOR", ocfVersionMinor)
	v.set("OCF_ROOT", ocfRoot)
	v.set("OCF_EXIT_REASON_PREFIX", reasonPrefix)
	v.set("OCF_RESOURCE_INSTANCE", op.RscID)
	v.set("OCF_RESOURCE_TYPE", op.Type)
	if op.Provider != "" {
		v.set("OCF_RESOURCE_PROVIDER", op.Provider)
	}
	return v.list()
}

// heartbeatArgs are a Heartbeat agent's parameters in the order of their numbers.
// Parameters with other names are not for it.
func heartbeatArgs(params []wire.Param) []string {
	byNumber := map[int]string{}
	for _, p := range params {
		if n, err := strconv.Atoi(p.Name); err == nil {
			byNumber[n] = p.Value
		}
	}
	var args []string
	for _, n := range slices.Sorted(maps.Keys(byNumber)) {
		args = append(args, byNumber[n])
	}
	return args
}

// Override is an environment with some variables set and others taken out.
func Override(env []string, set map[string]string, unset ...string) []string {
	v := variablesOf(env)
	for name, value := range set {
		v.set(name, value)
	}
	for _, name := range unset {
		delete(v, name)
	}
	return v.list()
}
