package wire

import (
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
)

func TestDescribe(t *testing.T) {
	n := &Notification{Kind: NotifyFence, Action: "reboot", Target: "n1", Delegate: "n2", Client: "c", Origin: "n3", ID: "7",
		Result: Result{Exec: ExecDone, Exit: crmexit.Error, Reason: "no power"}}
	if got, want := n.Describe(), "Operation reboot of n1 by n2 for c@n3: Error (no power) (ref=7)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := (&Notification{Kind: NotifyFence}).Describe(), "Operation st_notify_fence of no node by the cluster for a client@a node: OK (ref=(none))"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
