package engine

import (
	"strconv"

	"github.com/ringmaster-ha/ringmaster/attrd/wire"
	"github.com/ringmaster-ha/ringmaster/internal/iso8601"
)

// failurePattern is the regular expression for the attributes that a request to clear
// failures means: those of all resources, of one, or of one operation of one
// (attrd_failure_regex). Attributes from before Pacemaker 1.1.17, which do not name the
// operation, match too. The resource's name is part of the expression as it is.
func failurePattern(u *wire.Attribute) string {
	const all = "^(fail-count|last-failure)-"
	switch {
	case u.Resource == nil:
		return all
	case u.Operation == nil:
		return all + *u.Resource + "(#.+_[0-9]+)?$"
	}
	return all + *u.Resource + "(#" + *u.Operation + "_" + strconv.FormatUint(uint64(interval(u.Interval)), 10) + ")?$"
}

// interval is an operation's interval in milliseconds, 0 for none and for nonsense.
func interval(text *string) uint32 {
	if text == nil {
		return 0
	}
	ms, _ := iso8601.ParseInterval(*text) // 0 with an error
	return ms
}
