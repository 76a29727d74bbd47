package wire

// The names of messages, as attribute t has them (include/crm/fencing/internal.h of the
// reference).
const (
	TypeFencer  = "stonith-ng"             // requests, replies, and all between fencers
	TypeNotify  = "st_notify"              // what a client has subscribed to
	TypeTimeout = "st-async-timeout-value" // how long an operation may take after all
	TagReply    = "st-reply"               // the element of a reply
	TagCommand  = "stonith_command"        // that of a request
	TagNotify   = "notify"                 // that of a notification
	TagHistory  = "st_history"             // that around a history
	TagDevice   = "st_device_id"           // that of a device
	TagLevel    = "fencing-level"          // that of a level of a topology
	TagEntry    = "st_execute"             // that of an operation in a history
)

// Operations, as attribute st_op has them.
const (
	OpRegister      = "register"
	OpNotify        = "st_notify"
	OpExec          = "st_execute"
	OpTimeoutUpdate = "st_timeout_update"
	OpQuery         = "st_query"
	OpFence         = "st_fence"
	OpRelay         = "st_relay"
	OpDeviceAdd     = "st_device_register"
	OpDeviceDel     = "st_device_remove"
	OpHistory       = "st_fence_history"
	OpLevelAdd      = "st_level_add"
	OpLevelDel      = "st_level_remove"
	OpPoke          = "poke" // a peer makes itself known
)

// What a client may subscribe to, beside OpDeviceAdd, OpDeviceDel, OpLevelAdd and
// OpLevelDel.
const (
	NotifyFence         = "st_notify_fence"
	NotifyHistory       = "st_notify_history"
	NotifyHistorySynced = "st_notify_history_synced"
)

// Attributes.
const (
	attrType      = "t"
	attrSubtype   = "subt"
	attrOp        = "st_op"
	attrClient    = "st_clientid"
	attrToken     = "st_async_id"
	attrName      = "st_clientname"
	attrNode      = "st_clientnode"
	attrCallID    = "st_callid"
	attrOptions   = "st_callopt"
	attrTimeout   = "st_timeout"
	attrTolerance = "st_tolerance"
	attrDelay     = "st_delay"
	attrTarget    = "st_target"
	attrAction    = "st_device_action"
	attrDevice    = "st_device_id"
	attrOrigin    = "st_origin"
	attrDelegate  = "st_delegate"
	attrRemoteOp  = "st_remote_op"
	attrDate      = "st_date"
	attrDateNsec  = "st_date_nsec"
	attrState     = "st_state"
	attrOutput    = "st_output"
	attrLegacy    = "st_rc"
	attrStatus    = "op-status"
	attrExit      = "rc-code"
	attrReason    = "exit-reason"
	attrActivate  = "st_notify_activate"
	attrSilence   = "st_notify_deactivate"
	attrID        = "id"
	attrAgent     = "agent"
	attrNamespace = "namespace"
	attrIndex     = "index"
	attrFrom      = "src"
	attrActive    = "st_active"

	// Between fencers alone.
	attrRelayed       = "st_remote_op_relay"
	attrDifferential  = "st_differential"
	attrMerged        = "st_op_merged"
	attrEnded         = "state"
	attrAvailable     = "st-available-devices"
	attrVerified      = "st_monitor_verified"
	attrFlags         = "st_device_support_flags"
	attrActionTimeout = "st_action_timeout"
	attrDelayMax      = "st_delay_max"
	attrDelayBase     = "st_delay_base"
	attrRequired      = "st_required"
	attrDisallowed    = "st_action_disallowed"
	attrProvides      = "rsc_provides"

	tagData       = "st_calldata"
	tagAttributes = "attributes"
)

// CallOptions change how a request is carried out (enum stonith_call_options).
type CallOptions uint32

// The options that exist.
const (
	AllowSelf      CallOptions = 0x2 // the node that is to be fenced may do it itself
	ManualAck      CallOptions = 0x8 // a human has fenced the node
	DiscardReply   CallOptions = 0x10
	UseTopology    CallOptions = 0x40 // between fencers: devices of a level are named
	ScopeLocal     CallOptions = 0x100
	NodeByID       CallOptions = 0x200 // the target is corosync's number
	Sync           CallOptions = 0x1000
	TimeoutUpdates CallOptions = 0x2000
	Cleanup        CallOptions = 0x80000
	Broadcast      CallOptions = 0x100000
)

// Has tells whether all of some options are set.
func (o CallOptions) Has(some CallOptions) bool { return o&some == some }

// The namespaces of agents, as messages have them (enum stonith_namespace).
const (
	NamespaceRHCS     = "stonith-ng" // programs fence_*
	NamespaceLHA      = "heartbeat"  // plugins of cluster-glue
	NamespaceInternal = "internal"   // the watchdog
)
