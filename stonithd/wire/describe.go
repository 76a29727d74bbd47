package wire

import (
	"cmp"
	"fmt"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
)

// Describe is a sentence about a NotifyFence (stonith__event_description).
func (n *Notification) Describe() string {
	result := crmexit.OK.String()
	switch {
	case n.Result.Exec != ExecDone:
		result = n.Result.Exec.String()
	case n.Result.Exit != crmexit.OK:
		result = ExecError.String()
	}
	reason := ""
	if n.Result.Reason != "" {
		reason = " (" + n.Result.Reason + ")"
	}
	return fmt.Sprintf("Operation %s of %s by %s for %s@%s: %s%s (ref=%s)", cmp.Or(n.Action, n.Kind), cmp.Or(n.Target, "no node"),
		cmp.Or(n.Delegate, "the cluster"), cmp.Or(n.Client, "a client"), cmp.Or(n.Origin, "a node"), result, reason, cmp.Or(n.ID, "(none)"))
}
