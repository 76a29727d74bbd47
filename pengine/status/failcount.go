package status

import (
	"strings"
)

// FailCountFlags say what Resource.FailCount counts (enum pe_fc_flags_e).
type FailCountFlags uint

// What to count.
const (
	FailCountEffective FailCountFlags = 1 << iota // not what has expired
	FailCountFillers                              // of a container what is in it, too
)

// FailCount is how often the resource has failed on the node, and when last, in
// seconds since the epoch, 0 if never (pe_get_failcount). entry is the failure
// at hand, or nil. If the resource has a failure-timeout and an operation's
// on-fail=block, the timeout is dropped for good, with a warning.
func (r *Resource) FailCount(n *Node, flags FailCountFlags, entry *HistoryEntry) (count int, last int64) {
	return r.failCount(n, flags, entry, maxNesting)
}

// maxNesting is how deep containers can be in containers: in a real cluster two.
// Deeper they are in themselves, where the reference would not come to an end.
const maxNesting = 8

func (r *Resource) failCount(n *Node, flags FailCountFlags, entry *HistoryEntry, nesting int) (count int, last int64) {
	ws := r.ws
	name := r.ID
	if r.HistoryID != "" {
		name = r.HistoryID
	}
	unique := r.Is(Unique)
	if !unique {
		name = BaseName(name)
	}
	var lastFailure int64
	for _, f := range n.failures(name, unique, ws.perResourceFailures) {
		if f.last {
			if at, ok := LeadingInt(f.value); ok {
				lastFailure = max(lastFailure, at)
			}
			continue
		}
		count = AddScores(count, ws.ParseScore(f.value))
	}
	if count > 0 && lastFailure > 0 {
		last = lastFailure
	}
	if count > 0 && r.FailureTimeout != 0 && r.blocksOnFailure(n, entry) {
		ws.At("pe_get_failcount").Warnf("Ignoring failure timeout %d for %s because it conflicts with on-fail=block", r.FailureTimeout, r.ID)
		r.FailureTimeout = 0
	}
	if flags&FailCountEffective != 0 && count > 0 && lastFailure > 0 && r.FailureTimeout != 0 &&
		ws.EffectiveTime() > lastFailure+int64(r.FailureTimeout) {
		ws.debugf("Failcount for %s on %s expired after %ds", r.ID, n, r.FailureTimeout)
		count = 0
	}
	if flags&FailCountFillers != 0 && len(r.Fillers) > 0 && !r.IsBundled() && nesting > 0 {
		for _, f := range r.Fillers {
			more, at := f.failCount(n, flags, entry, nesting-1)
			count += more
			last = max(last, at)
		}
		if count > 0 {
			ws.At("pe_get_failcount").Infof("Container %s and the resources within it have failed %s time%s on %s", r.ID, FormatScore(count), plural(count), n)
		}
	} else if count > 0 {
		ws.At("pe_get_failcount").Infof("%s has failed %s time%s on %s", r.ID, FormatScore(count), plural(count), n)
	}
	return count, last
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}

// failure is a node attribute that counts the failures of a resource's
// operation, or says when the last one was.
type failure struct {
	resource string // as in the attribute's name, perhaps with an instance number
	value    string
	last     bool
	whole    bool // of the resource, not of an operation: before feature set 3.0.13
}

// failures are those recorded for a resource of that name. They are looked up in
// an index of all of the node's attributes that is made once and again when more
// have been read. The reference takes a "." in a resource's name for any
// character; here it is one.
func (n *Node) failures(name string, unique, wholeResource bool) []failure {
	if n.failureIndex == nil {
		n.indexFailures()
	}
	var found []failure
	for _, f := range n.failureIndex[name] {
		if f.whole == wholeResource && (!unique || f.resource == name) {
			found = append(found, f)
		}
	}
	return found
}

func (n *Node) indexFailures() {
	n.failureIndex = map[string][]failure{}
	for name, value := range n.Attributes {
		f := failure{value: value}
		rest, ok := strings.CutPrefix(name, "fail-count-")
		if !ok {
			if rest, ok = strings.CutPrefix(name, "last-failure-"); !ok {
				continue
			}
			f.last = true
		}
		f.resource, f.whole = failureName(rest)
		n.failureIndex[f.resource] = append(n.failureIndex[f.resource], f)
		if base := BaseName(f.resource); base != f.resource {
			n.failureIndex[base] = append(n.failureIndex[base], f)
		}
	}
}

// failureName takes "#operation_interval" from the end of an attribute's name;
// whole tells that there is none.
func failureName(s string) (resource string, whole bool) {
	i := strings.LastIndexByte(s, '#')
	if i < 0 {
		return s, true
	}
	underscore := strings.LastIndexByte(s, '_')
	if underscore <= i+1 || underscore == len(s)-1 || digits(s[underscore+1:]) != len(s)-underscore-1 {
		return s, true
	}
	return s[:i], false
}

// blocksOnFailure tells whether the failure, or if entry is nil any in the
// node's history, is of an operation with on-fail=block.
func (r *Resource) blocksOnFailure(n *Node, entry *HistoryEntry) bool {
	name := BaseName(r.ID)
	for _, o := range r.Operations {
		if o.OnFail != "block" {
			continue
		}
		if entry != nil {
			if o.failedIn(r.ws, entry, name) {
				return true
			}
			continue
		}
		for _, h := range r.ws.HistoryOf(n.Name) {
			for _, rh := range h.byID[name] {
				for _, e := range rh.Entries {
					if e.Task == o.Name && e.IntervalMS == o.IntervalMS && o.failedIn(r.ws, e, name) {
						return true
					}
				}
			}
		}
	}
	return false
}

// failedIn tells whether a history entry is a failure of the operation.
func (o *Operation) failedIn(ws *WorkingSet, e *HistoryEntry, resource string) bool {
	ws.said(e, fieldInterval)
	if e.IntervalMS != o.IntervalMS || !strings.EqualFold(o.Name, e.Task) {
		return false
	}
	if strings.EqualFold(e.ID, Key(resource, "last_failure", 0)) {
		return true
	}
	if !strings.EqualFold(e.ID, Key(resource, o.Name, o.IntervalMS)) {
		return false
	}
	ws.said(e, fieldKey, fieldRC)
	return e.RC != e.TargetRC
}
