package rules

import (
	"github.com/ringmaster-ha/ringmaster/internal/iso8601"
)

// A Lookup finds a value by its name.
type Lookup func(name string) (value string, ok bool)

// InMap is a Lookup in m.
func InMap(m map[string]string) Lookup {
	return func(name string) (string, bool) {
		v, ok := m[name]
		return v, ok
	}
}

// Input is what a rule is evaluated against (pe_rule_eval_data_t). Evaluation only
// reads it. In the zero Input only constant rules pass.
type Input struct {
	// Now is the time that date expressions ask about.
	Now iso8601.Time
	// Clock is the wall clock's time in the local zone. It completes dates in the
	// configuration that lack a day or an offset; undefined, Now does. The two
	// differ only where another time is simulated.
	Clock iso8601.Time

	// Node finds a node's attributes, among them #uname, #kind and #id. Without it,
	// expressions about node attributes are false.
	Node Lookup
	// Role is the resource's role, for #role; RoleUnknown where that is no question.
	Role Role
	// Match is what a location constraint's rsc-pattern and value-source draw on;
	// nil elsewhere.
	Match *Match
	// Resource is what rsc_expression looks at; without it, those are false.
	Resource *Resource
	// Operation is what op_expression looks at; without it, those are false.
	Operation *Operation

	// Report, if set, hears of what the configuration gets wrong.
	Report func(Problem)
}

// Match is what of a resource a location rule may refer to (pe_match_data_t).
type Match struct {
	// Groups are the resource's id as matched by the constraint's rsc-pattern and
	// the submatches, for %0 to %9 in the names of attributes; nil without a
	// pattern. What did not match is "".
	Groups []string
	// Params and Meta are the resource's instance attributes and meta attributes,
	// for the value-sources param and meta.
	Params, Meta Lookup
}

// Resource is an agent (pe_rsc_eval_data_t).
type Resource struct {
	Class, Provider, Type string // "" if the resource has none
}

// Operation is an operation (pe_op_eval_data_t).
type Operation struct {
	Name       string
	IntervalMS uint32 // milliseconds
}

// Role is a resource's role (enum rsc_role_e). The order counts.
type Role uint8

// The roles.
const (
	RoleUnknown Role = iota
	RoleStopped
	RoleStarted
	RoleUnpromoted
	RolePromoted
)

var roleNames = [...]string{"Unknown", "Stopped", "Started", "Unpromoted", "Promoted"}

// String is the role as configurations and logs write it.
func (r Role) String() string {
	if int(r) < len(roleNames) {
		return roleNames[r]
	}
	return roleNames[RoleUnknown]
}

// ParseRole reads a role, in any case, with the old names Master and Slave
// (text2role). ok is false for a name that is none.
func ParseRole(name string) (role Role, ok bool) {
	switch name = lower(name); name {
	case "master":
		return RolePromoted, true
	case "slave":
		return RoleUnpromoted, true
	}
	for i, n := range roleNames {
		if lower(n) == name {
			return Role(i), true
		}
	}
	return RoleUnknown, false
}

// Severity is how bad a Problem is: the level of its log message.
type Severity uint8

// The severities.
const (
	Warning Severity = iota
	Error
)

// Problem is a mistake in the configuration.
type Problem struct {
	Severity Severity
	// Config says that the reference counts it among the errors in the
	// configuration, which make a transition's input a pe-error (pe_err).
	Config bool
	// Where is the reference's function that logs it.
	Where string
	Text  string
}

func (in *Input) report(p Problem) {
	if in.Report != nil {
		in.Report(p)
	}
}

// clock is what completes dates.
func (in *Input) clock() iso8601.Time {
	if in.Clock.IsDefined() {
		return in.Clock
	}
	return in.Now
}
