// Package history is what tools show of the operations that fencers remember: their order,
// which failures were made up for, and a sentence about each (the reference's
// lib/fencing/st_client.c and st_output.c).
//
// Tools may import it. It is a pure core.
package history

import (
	"cmp"
	"slices"
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
