package history

import (
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/stonithd/wire"
)

func entry(id, delegate string, completed, ns int64, s wire.State) wire.Entry {
	return wire.Entry{ID: id, Target: "a", Action: "off", Origin: "o", Client: "c", Delegate: delegate, Completed: completed, Nanoseconds: ns, State: s}
}

func TestSort(t *testing.T) {
	all := Sort([]wire.Entry{
		entry("old", "x", 1, 0, wire.StateDone), entry("p1", "", 0, 0, wire.StateExec), entry("new", "x", 9, 0, wire.StateFailed),
		entry("mid1", "x", 5, 3, wire.StateDone), entry("mid2", "x", 5, 4, wire.StateDone), entry("mid3", "x", 5, 3, wire.StateDone), entry("p2", "", 0, 0, wire.StateQuery),
	})
	var ids []string
	for _, e := range all {
		ids = append(ids, e.ID)
	}
	if got, want := strings.Join(ids, " "), "p2 p1 new mid2 mid1 mid3 old"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestLaterSuccess(t *testing.T) {
	all := []wire.Entry{
		entry("3", "", 9, 0, wire.StateDone), entry("2", "y", 8, 0, wire.StateDone), entry("1", "X", 7, 0, wire.StateDone),
		entry("f1", "x", 5, 0, wire.StateFailed), entry("f2", "z", 4, 0, wire.StateFailed), entry("f3", "", 3, 0, wire.StateFailed), entry("f4", "q", 7, 0, wire.StateFailed),
	}
	for i, want := range map[int]string{3: "X", 4: "some node", 5: "", 6: "some node", 2: "some node"} {
		if got := LaterSuccess(all, i); got != want {
			t.Errorf("%s: got %q, want %q", all[i].ID, got, want)
		}
	}
}

func TestDescribe(t *testing.T) {
	failed := entry("", "x", 0, 0, wire.StateFailed)
	failed.Result.Reason = "why"
	on := entry("", "", 3600, 0, wire.StateDone)
	on.Action = "on"
	for _, tt := range []struct {
		e     wire.Entry
		d     Detail
		later string
		want  string
	}{
		{failed, Detail{}, "y", "turning off of a by x for c@o last failed (why) at 1970-01-01 01:00:00 +01:00 (a later attempt from y succeeded)"},
		{failed, Detail{Technical: true}, "", "turning off of a failed (why): delegate=x, client=c, origin=o, last-failed='1970-01-01 01:00:00 +01:00'"},
		{failed, Detail{Full: true, Technical: true}, "", "turning off of a failed (why): delegate=x, client=c, origin=o, completed='1970-01-01 01:00:00 +01:00'"},
		{on, Detail{Full: true}, "y", "unfencing of a for c@o successful at 1970-01-01 02:00:00 +01:00"},
		{on, Detail{Technical: true}, "", "unfencing of a successful: client=c, origin=o, last-successful='1970-01-01 02:00:00 +01:00'"},
		{entry("", "x", 0, 0, wire.StateExec), Detail{Full: true}, "", "turning off of a for c@o pending"},
	} {
		if got := Describe(&tt.e, tt.d, tt.later, time.FixedZone("", 3600)); got != tt.want {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
	}
}
