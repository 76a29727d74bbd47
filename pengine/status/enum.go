package status

import (
	"strings"

	"github.com/ringmaster-ha/ringmaster/pengine/rules"
)

// Role is what a resource is, or shall be, on a node (enum rsc_role_e). The
// order matters: roles are compared with < and >.
type Role = rules.Role

// The roles, from the least to the most active.
const (
	RoleUnknown    = rules.RoleUnknown
	RoleStopped    = rules.RoleStopped
	RoleStarted    = rules.RoleStarted
	RoleUnpromoted = rules.RoleUnpromoted
	RolePromoted   = rules.RolePromoted
)

// ParseRole is the role that a configuration names, without regard to case and
// with the old names; RoleUnknown if it is none (text2role).
func ParseRole(s string) Role {
	role, _ := rules.ParseRole(s)
	return role
}

// QuorumPolicy is the cluster option no-quorum-policy.
type QuorumPolicy int

// What to do without quorum.
const (
	NoQuorumFreeze QuorumPolicy = iota
	NoQuorumStop
	NoQuorumIgnore
	NoQuorumSuicide
	NoQuorumDemote
)

// NodeType tells cluster nodes from those that Pacemaker Remote runs on.
type NodeType int

// The types of nodes. A guest node is a NodeRemote whose connection has a
// container.
const (
	NodePing NodeType = iota
	NodeMember
	NodeRemote
)

// Variant is the kind of a resource (enum pe_obj_types). The order matters:
// everything above Primitive is collective.
type Variant int

// The variants of resources.
const (
	VariantUnknown Variant = iota - 1
	Primitive
	Group
	Clone
	Bundle
)

// Discovery says whether a resource may be probed on a node (enum pe_discover_e).
type Discovery uint8

// The modes of resource-discovery.
const (
	DiscoverAlways Discovery = iota
	DiscoverNever
	DiscoverExclusive
)

// OnFail is what the failure of an operation leads to (enum
// action_fail_response). The numbers are the reference's and not an order of
// severity: see MoreSevere.
type OnFail int

// The responses to a failure.
const (
	OnFailIgnore OnFail = iota
	OnFailRecover
	OnFailMigrate
	OnFailBlock
	OnFailStop
	OnFailStandby
	OnFailFence
	OnFailRestartContainer
	OnFailResetRemote
	OnFailDemote
)

var onFailNames = [...]string{
	"ignore", "recover", "migrate", "block", "stop", "standby", "fence",
	"restart-container", "reset-remote", "demote",
}

// String is the response as the reference logs it (fail2text).
func (f OnFail) String() string {
	if f < 0 || int(f) >= len(onFailNames) {
		return "<unknown>"
	}
	return onFailNames[f]
}

// Requirement is what must be had before an action may run (enum
// rsc_start_requirement).
type Requirement int

// What an action can require.
const (
	RequiresNothing Requirement = iota
	RequiresQuorum
	RequiresFencing
)

// Recovery is the meta-attribute multiple-active.
type Recovery int

// What to do with a resource that is active in too many places.
const (
	RecoveryStopStart Recovery = iota
	RecoveryStopOnly
	RecoveryBlock
	RecoveryStopUnexpected
)

// String is the recovery as messages describe it (recovery2text).
func (r Recovery) String() string {
	switch r {
	case RecoveryStopOnly:
		return "shutting it down"
	case RecoveryStopStart:
		return "attempting recovery"
	case RecoveryBlock:
		return "waiting for an administrator"
	case RecoveryStopUnexpected:
		return "stopping unexpected instances"
	}
	return "Unknown"
}

// Task is the kind of an action as far as ordering cares (enum action_tasks).
// The notification that something is done follows the thing itself.
type Task int

// The kinds of actions.
const (
	TaskNone Task = iota
	TaskMonitor
	TaskStop
	TaskStopped
	TaskStart
	TaskStarted
	TaskNotify
	TaskNotified
	TaskPromote
	TaskPromoted
	TaskDemote
	TaskDemoted
	TaskShutdown
	TaskFence
)

// The names of actions that the CIB, the graph and agents know.
const (
	ActionNameMonitor       = "monitor"
	ActionNameStart         = "start"
	ActionNameStarted       = "running"
	ActionNameStop          = "stop"
	ActionNameStopped       = "stopped"
	ActionNamePromote       = "promote"
	ActionNamePromoted      = "promoted"
	ActionNameDemote        = "demote"
	ActionNameDemoted       = "demoted"
	ActionNameNotify        = "notify"
	ActionNameNotified      = "notified"
	ActionNameMigrateTo     = "migrate_to"
	ActionNameMigrateFrom   = "migrate_from"
	ActionNameReload        = "reload"
	ActionNameReloadAgent   = "reload-agent"
	ActionNameCancel        = "cancel"
	ActionNameDelete        = "delete"
	ActionNameMetadata      = "meta-data"
	ActionNameFence         = "stonith"
	ActionNameShutdown      = "do_shutdown"
	ActionNameLRMDelete     = "lrm_delete"
	ActionNameClearFailures = "clear_failcount"
)

// ParseTask is the kind of the action of that name (text2task).
func ParseTask(name string) Task {
	switch strings.ToLower(name) {
	case ActionNameStop:
		return TaskStop
	case ActionNameStopped:
		return TaskStopped
	case ActionNameStart:
		return TaskStart
	case ActionNameStarted:
		return TaskStarted
	case ActionNameShutdown:
		return TaskShutdown
	case ActionNameFence:
		return TaskFence
	case ActionNameMonitor:
		return TaskMonitor
	case ActionNameNotify:
		return TaskNotify
	case ActionNameNotified:
		return TaskNotified
	case ActionNamePromote:
		return TaskPromote
	case ActionNameDemote:
		return TaskDemote
	case ActionNamePromoted:
		return TaskPromoted
	case ActionNameDemoted:
		return TaskDemoted
	}
	return TaskNone
}

var taskNames = [...]string{
	"no_action", ActionNameMonitor, ActionNameStop, ActionNameStopped, ActionNameStart, ActionNameStarted,
	ActionNameNotify, ActionNameNotified, ActionNamePromote, ActionNamePromoted, ActionNameDemote,
	ActionNameDemoted, ActionNameShutdown, ActionNameFence,
}

// String is the name of the action (task2text).
func (t Task) String() string {
	if t < 0 || int(t) >= len(taskNames) {
		return taskNames[TaskNone]
	}
	return taskNames[t]
}

// Find says which resources a search by id looks at (enum pe_find).
type Find uint

// What a search matches beyond the id itself.
const (
	FindRenamed  Find = 1 << iota // the id in the history, too (Resource.HistoryID)
	FindAnon                      // the base name of instances of anonymous clones
	FindClone                     // only instances of clones, by id or by the id in the configuration
	FindCurrent                   // only those active on the node
	FindInactive                  // only those active nowhere
	FindAny                       // the base name of any instance
)
