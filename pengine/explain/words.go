package explain

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// list is "a", "a and b" or "a, b and c".
func list(names []string) string { return join(names, " and ") }

// alternatives is "a", "a or b" or "a, b or c".
func alternatives(names []string) string { return join(names, " or ") }

func join(names []string, last string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	end := len(names) - 1
	return strings.Join(names[:end], ", ") + last + names[end]
}

// counted is "1 thing" or "n things".
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// sentence ends with a full stop.
func sentence(format string, args ...any) string { return fmt.Sprintf(format, args...) + "." }

// nodeNames are the names of nodes, each once.
func nodeNames(nodes []*status.Node) (names []string) {
	seen := map[*status.Node]bool{}
	for _, n := range slices.SortedFunc(slices.Values(nodes), func(a, b *status.Node) int { return status.CompareNames(a.Name, b.Name) }) {
		if !seen[n] {
			seen[n] = true
			names = append(names, n.String())
		}
	}
	return names
}

// capital begins a sentence with a capital letter, unless it begins with an id.
func capital(s string) string {
	for _, word := range []string{"it ", "its ", "an ", "ticket ", "nothing ", "somebody ", "the ", "cluster ", "peer ", "remote ", "node ", "guest ", "container ", "deadman ", "resources "} {
		if strings.HasPrefix(s, word) {
			return strings.ToUpper(s[:1]) + s[1:]
		}
	}
	return s
}

// signed is a score with its sign.
func signed(score int) string {
	if score > 0 {
		return "+" + status.FormatScore(score)
	}
	return status.FormatScore(score)
}

// clock is a time for people; seconds since the epoch.
func (x *explainer) clock(at int64) string {
	return time.Unix(at, 0).In(x.ws.Options.Now.Location()).Format("2006-01-02 15:04:05 -07:00")
}

// roleVerb says of a role how a resource is in it.
func roleVerb(role status.Role) string {
	switch role {
	case status.RolePromoted:
		return "promoted"
	case status.RoleUnpromoted:
		return "unpromoted"
	}
	return "active"
}
