package status

import "github.com/beevik/etree"

// NodeHistory is what a node_state has of resources.
type NodeHistory struct {
	NodeID, NodeName string
	Node             *Node              // nil if it is not in the configuration
	Resources        []*ResourceHistory // in the order of the document
	Element          *etree.Element     // the node_state
	byID             map[string][]*ResourceHistory

	HasNodeID, HasNodeName bool // whether the entry says them
}

// Find is the history of the first lrm_resource with that id, or nil.
func (h *NodeHistory) Find(resource string) *ResourceHistory {
	if h == nil {
		return nil
	}
	if found := h.byID[resource]; len(found) > 0 {
		return found[0]
	}
	return nil
}

// HistoryOf are the node_state entries with that name, in the order of the
// document. There is one, unless the CIB is odd.
func (ws *WorkingSet) HistoryOf(node string) []*NodeHistory { return ws.histories[node] }

// ResourceHistory is an lrm_resource: what one node knows of one resource.
type ResourceHistory struct {
	ID                    string
	Class, Provider, Type string
	Container             string
	HasID, HasContainer   bool
	Entries               []*HistoryEntry // in the order of the document
	Sorted                []*HistoryEntry // the oldest first (sort_op_by_callid); nil before it is unpacked
	Element               *etree.Element
}

// HistoryEntry is an lrm_rsc_op: the last result, or the last failure, of one
// operation. Fields of numbers have what the reference takes when the attribute
// is not there.
type HistoryEntry struct {
	ID           string
	OperationKey string // operation_key; "" if not there, which is so in old status sections
	Task         string // operation
	IntervalMS   uint
	CallID       int // -1 if pending or unknown
	RC           int // rc-code
	RCText       string
	Status       int // op-status; see ExecPending and the following
	StatusText   string
	LastChange   int64 // last-rc-change, seconds since the epoch; 0 if not there
	OnNode       string
	ExitReason   string

	TransitionKey   string
	TransitionMagic string
	TargetRC        int // the expected result, of the transition key; -1 if it says none

	MigrateSource, MigrateTarget string

	Digest, SecureDigest, RestartDigest string
	RestartParams, SecureParams         string // op-force-restart, op-secure-params
	HasRestartParams                    bool

	// Whether the attributes are there.
	HasOperationKey, HasTask, HasCallID, HasRC, HasStatus, HasLastChange, HasMigrateSource, HasMigrateTarget bool

	FeatureSet string // crm_feature_set of the controller that recorded it; "" if not there

	Element  *etree.Element
	Resource *ResourceHistory

	odd     fields // see said
	endless bool   // the interval is more than can be: not a probe's 0, though it counts as 0
}

// Failure is an entry of the list of failed operations that status shows: the
// reference's <failed-ops>.
type Failure struct {
	*HistoryEntry
	NodeName   string // where
	ResourceID string // of what, by the id in the configuration and with instance number
}

// failedOperation names a failure: of one operation on one node it is listed
// once.
type failedOperation struct{ key, node string }

// The statuses of an operation (enum pcmk_exec_status).
const (
	ExecUnknown       = -2
	ExecPending       = -1
	ExecDone          = 0
	ExecCancelled     = 1
	ExecTimeout       = 2
	ExecNotSupported  = 3
	ExecError         = 4
	ExecErrorHard     = 5
	ExecErrorFatal    = 6
	ExecNotInstalled  = 7
	ExecNotConnected  = 8
	ExecInvalid       = 9
	ExecNoFenceDevice = 10
	ExecNoSecrets     = 11
)

// The results of an OCF agent (enum ocf_exitcode).
const (
	OCFOK               = 0
	OCFError            = 1
	OCFInvalidParam     = 2
	OCFUnimplemented    = 3
	OCFInsufficientPriv = 4
	OCFNotInstalled     = 5
	OCFNotConfigured    = 6
	OCFNotRunning       = 7
	OCFRunningPromoted  = 8
	OCFFailedPromoted   = 9
	OCFDegraded         = 190
	OCFDegradedPromoted = 191
	OCFUnknownInterval  = 193
)

// CheckReason says why the parameters of a history entry have to be compared
// with the configuration (enum pe_check_parameters).
type CheckReason int

// The reasons to check.
const (
	CheckLastFailure CheckReason = iota // clear the fail count if they changed since
	CheckActive                         // restart or reload what is active if they changed
)

// ParamCheck is a history entry whose parameters are to be compared.
type ParamCheck struct {
	Entry    *HistoryEntry
	Resource *Resource
	Node     *Node
	Reason   CheckReason
}

// DigestResult is how parameters compare with those of a history entry (enum
// rsc_digest_cmp_val).
type DigestResult int

// The outcomes.
const (
	DigestMatch DigestResult = iota
	DigestRestart
	DigestAll
	DigestUnknown
)

// Digests are the digests of an operation's parameters, and how they compare
// (op_digest_cache_t).
type Digests struct {
	Result               DigestResult
	IntervalMS           uint // of the operation: what was asked for, or what wins over that
	All, Secure, Restart string
	AllParams            [][2]string // sorted by name; for those who log or show them
	SecureParams         [][2]string
	RestartParams        [][2]string
}
