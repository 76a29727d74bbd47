package schema

import "strings"

// Version is a schema, by its place in the order of versions (known_schemas in the
// reference): the number that cibadmin and the CIB's messages call schema version.
type Version int

// The versions with a meaning of their own.
const (
	Unknown Version = -1 // no schema of that name
	V1_0    Version = 0
	V1_3    Version = 2
	V2_0    Version = 3
	V2_10   Version = 13
	V3_0    Version = 14 // the oldest that daemons and tools work with: older ones are upgraded first
	V3_9    Version = 23
	Next    Version = 24 // pacemaker-next: what may become 3.10; deprecated
	None    Version = 25 // no validation

	Minimum = V3_0
	Latest  = V3_9 // the newest that a configuration is upgraded to

	count = int(None) + 1
)

// release is a version's number as its name has it.
type release struct{ major, minor int }

func (r release) before(o release) bool {
	return r.major < o.major || r.major == o.major && r.minor < o.minor
}

// next is later than every numbered release.
var next = release{major: 1 << 16}

var releases = [count]release{
	{1, 0}, {1, 2}, {1, 3},
	{2, 0}, {2, 1}, {2, 2}, {2, 3}, {2, 4}, {2, 5}, {2, 6}, {2, 7}, {2, 8}, {2, 9}, {2, 10},
	{3, 0}, {3, 1}, {3, 2}, {3, 3}, {3, 4}, {3, 5}, {3, 6}, {3, 7}, {3, 8}, {3, 9},
	next, next,
}

var names = [count]string{
	"pacemaker-1.0", "pacemaker-1.2", "pacemaker-1.3",
	"pacemaker-2.0", "pacemaker-2.1", "pacemaker-2.2", "pacemaker-2.3", "pacemaker-2.4",
	"pacemaker-2.5", "pacemaker-2.6", "pacemaker-2.7", "pacemaker-2.8", "pacemaker-2.9",
	"pacemaker-2.10",
	"pacemaker-3.0", "pacemaker-3.1", "pacemaker-3.2", "pacemaker-3.3", "pacemaker-3.4",
	"pacemaker-3.5", "pacemaker-3.6", "pacemaker-3.7", "pacemaker-3.8", "pacemaker-3.9",
	"pacemaker-next", "none",
}

// Named returns the version that a validate-with attribute names, in upper or lower
// case, or [Unknown]: also for names of old that have no schema any more, such
// as pacemaker-0.6 (get_schema_version).
func Named(name string) Version {
	for i, n := range names {
		if strings.EqualFold(name, n) {
			return Version(i)
		}
	}
	return Unknown
}

// String is the version's name as validate-with has it, "unknown" for what is none
// (get_schema_name).
func (v Version) String() string {
	if v < 0 || int(v) >= count {
		return "unknown"
	}
	return names[v]
}

// Versions returns all that have a grammar, oldest first.
func Versions() []Version {
	vs := make([]Version, 0, int(None))
	for v := V1_0; v < None; v++ {
		vs = append(vs, v)
	}
	return vs
}

// after is the version that an upgrade of v goes to next, 0 if there is none.
func (v Version) after() Version {
	if v >= V1_0 && v < Latest {
		return v + 1
	}
	return 0
}
