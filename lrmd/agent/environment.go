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

// environment is what an OCF agent is run with (add_action_env_vars). What it inherits is in order and
// has each name once, as Override leaves it: it is the same for each of many operations, and stays as it is.
func environment(inherited []string, op *lrmd.Operation, params []wire.Param) []string {
	if !lrmd.Is(op.Class, lrmd.ClassOCF) {
		return inherited
	}
	own := make(variables, len(params)+8)
	for _, p := range params {
		name := p.Name
		if name != "OCF_CHECK_LEVEL" {
			name = "OCF_RESKEY_" + name
		}
		own.set(name[:min(len(name), maxName)], p.Value)
	}
	own.set("OCF_RA_VERSION_MAJOR", ocfVersionMajor)
	own.set("OCF_RA_VERSION_MINOR", ocfVersionMinor)
	own.set("OCF_ROOT", ocfRoot)
	own.set("OCF_EXIT_REASON_PREFIX", reasonPrefix)
	own.set("OCF_RESOURCE_INSTANCE", op.RscID)
	own.set("OCF_RESOURCE_TYPE", op.Type)
	if op.Provider != "" {
		own.set("OCF_RESOURCE_PROVIDER", op.Provider)
	}
	return merged(inherited, own.list())
}

// merged is an environment with another's variables instead of its own; all three are in order.
func merged(base, over []string) []string {
	out := make([]string, 0, len(base)+len(over))
	for len(base) > 0 && len(over) > 0 {
		b, _, _ := strings.Cut(base[0], "=")
		o, _, _ := strings.Cut(over[0], "=")
		switch c := strings.Compare(b, o); {
		case c < 0:
			out, base = append(out, base[0]), base[1:]
		case c == 0:
			base = base[1:]
		default:
			out, over = append(out, over[0]), over[1:]
		}
	}
	return append(append(out, base...), over...)
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
