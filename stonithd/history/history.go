// Package history is what tools show of the operations that fencers remember: their order,
// which failures were made up for, and a sentence about each (the reference's
// lib/fencing/st_client.c and st_output.c).
//
// Tools may import it. It is a pure core.
package history

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/iso8601"
	"github.com/ringmaster-ha/ringmaster/stonithd/wire"
)

// Sort orders operations as they are shown: those that are under way, then those that are
// over, the last first (stonith__sort_history).
func Sort(all []wire.Entry) []wire.Entry {
	var pending, over []wire.Entry
	for _, e := range all {
		if e.State.Ended() {
			over = append(over, e)
		} else {
			pending = append(pending, e)
		}
	}
	slices.Reverse(pending)
	slices.SortStableFunc(over, func(a, b wire.Entry) int { return compare(&b, &a) })
	return append(pending, over...)
}

func compare(a, b *wire.Entry) int {
	return cmp.Or(cmp.Compare(a.Completed, b.Completed), cmp.Compare(a.Nanoseconds, b.Nanoseconds))
}

// LaterSuccess is the node by which an operation like sorted[i] succeeded later, if any:
// rather the one by which that one failed (stonith__later_succeeded).
func LaterSuccess(sorted []wire.Entry, i int) (by string) {
	e := &sorted[i]
	for j := range sorted[:i] {
		l := &sorted[j]
		if l.State != wire.StateDone || !strings.EqualFold(e.Target, l.Target) || e.Action != l.Action || compare(e, l) >= 0 {
			continue
		}
		switch {
		case e.Delegate == "" || strings.EqualFold(e.Delegate, l.Delegate):
			return l.Delegate
		case by == "":
			if by = l.Delegate; by == "" {
				by = "some node"
			}
		}
	}
	return by
}

// Detail is how much Describe tells.
type Detail struct {
	Full      bool // the time is that of one of many operations, not of the last
	Technical bool // names and values, rather than a sentence
}

// Describe is a line about an operation; later is what LaterSuccess says
// (stonith__history_description). Times are those of a zone.
func Describe(e *wire.Entry, d Detail, later string, zone *time.Location) string {
	var b strings.Builder
	failed := e.State == wire.StateFailed
	delegate := ""
	if e.State.Ended() {
		delegate = e.Delegate
	}
	b.WriteString(actionText(e.Action) + " of " + e.Target)
	if !d.Technical {
		if delegate != "" {
			b.WriteString(" by " + delegate)
		}
		b.WriteString(" for " + e.Client + "@" + e.Origin)
		if !d.Full {
			b.WriteString(" last")
		}
	}
	b.WriteString(" " + stateText(e.State))
	if failed && e.Result.Reason != "" {
		b.WriteString(" (" + e.Result.Reason + ")")
	}
	if d.Technical {
		b.WriteString(": ")
		if delegate != "" {
			b.WriteString("delegate=" + delegate + ", ")
		}
		b.WriteString("client=" + e.Client + ", origin=" + e.Origin)
		if e.State.Ended() {
			label := "last-successful"
			switch {
			case d.Full:
				label = "completed"
			case failed:
				label = "last-failed"
			}
			b.WriteString(", " + label + "='" + Time(e.Completed, zone) + "'")
		}
	} else if e.State.Ended() {
		b.WriteString(" at " + Time(e.Completed, zone))
	}
	if failed && later != "" {
		b.WriteString(" (a later attempt from " + later + " succeeded)")
	}
	return b.String()
}

// actionText is what an action does (stonith_action_str).
func actionText(action string) string {
	switch action {
	case "":
		return "fencing"
	case "on":
		return "unfencing"
	case "off":
		return "turning off"
	}
	return action
}

func stateText(s wire.State) string {
	switch s {
	case wire.StateFailed:
		return "failed"
	case wire.StateDone:
		return "successful"
	}
	return "pending"
}

// Time is a time in seconds since 1970 as tools write it.
func Time(seconds int64, zone *time.Location) string {
	return iso8601.FromTime(time.Unix(seconds, 0).In(zone)).Format(iso8601.Date | iso8601.TimeOfDay | iso8601.WithTimezone)
}

// Attributes are the names and values by which XML tells of an operation
// (stonith_event_xml).
func Attributes(e *wire.Entry, zone *time.Location) (list [][2]string) {
	set := func(name, value string) {
		if value != "" {
			list = append(list, [2]string{name, value})
		}
	}
	set("action", e.Action)
	set("target", e.Target)
	set("client", e.Client)
	set("origin", e.Origin)
	switch e.State {
	case wire.StateFailed:
		set("status", "failed")
		set("exit-reason", e.Result.Reason)
	case wire.StateDone:
		set("status", "success")
	default:
		set("status", "pending")
		set("extended-status", strconv.Itoa(int(e.State)))
	}
	set("delegate", e.Delegate)
	if e.State.Ended() {
		set("completed", Time(e.Completed, zone))
	}
	return list
}

// Kind is the class that an operation in this state has on a page of HTML.
func Kind(s wire.State) string {
	return stateText(s) + "-stonith-event"
}

// Reduce leaves of sorted operations that are over the last of each kind: with the same target,
// action and outcome and, where that is failure, by the same node (reduce_fence_history).
func Reduce(sorted []wire.Entry) (kept []wire.Entry) {
	for _, e := range sorted {
		if e.State.Ended() && slices.ContainsFunc(kept, func(k wire.Entry) bool {
			return strings.EqualFold(e.Target, k.Target) && e.Action == k.Action && e.State == k.State &&
				(e.State == wire.StateDone || strings.EqualFold(e.Delegate, k.Delegate))
		}) {
			continue
		}
		kept = append(kept, e)
	}
	return kept
}
