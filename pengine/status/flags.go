package status

// ClusterFlags are what the cluster options and the mode of the run switch.
type ClusterFlags uint64

// The flags of a WorkingSet (pe_flag_*).
const (
	HaveQuorum ClusterFlags = 1 << iota
	SymmetricCluster
	MaintenanceMode
	FencingEnabled
	HaveFenceDevice // a stonith resource, or a watchdog
	EnableUnfencing
	ConcurrentFencing
	StopOrphans
	StopOrphanActions
	StopEverything
	StartFailureFatal
	RemoveAfterStop
	StartupFencing
	ShutdownLock
	StartupProbes
	HaveStatus // set when Unpack is done
	HaveRemoteNodes
	QuickLocation // constraints only: no status, no remote nodes
	Sanitized     // the input has had its secrets removed
	NoCounts      // leave Instances, Disabled and Blocked at 0
	NoCompat      // skip what only old interfaces need
	ShowScores
	ShowUtilization
	CheckConfig // unpack and check, schedule nothing
	Daemon      // it is for a live cluster: lists that only tests need sorted are not
)

// ResourceFlags are the properties and the transient states of a resource.
type ResourceFlags uint64

// The flags of a Resource (pe_rsc_*).
const (
	Orphan ResourceFlags = 1 << iota
	Managed
	Blocked
	OrphanContainerFiller
	Notify
	Unique
	FenceDevice
	Promotable
	Provisional // not yet assigned
	Assigning   // being assigned now, to find loops
	Merging     // its colocations are being looked at, to find loops
	Restarting
	Stop
	Reload
	AllowRemoteRemotes
	Critical
	Failed
	Runnable
	StartPending
	StopUnexpected
	AllowMigrate
	FailureIgnored
	Maintenance
	IsContainer
	NeedsQuorum
	NeedsFencing
	NeedsUnfencing
)

// ActionFlags are the states of an action.
type ActionFlags uint32

// The flags of an Action (pe_action_*).
const (
	Pseudo           ActionFlags = 0x00001
	ActionRunnable   ActionFlags = 0x00002
	Optional         ActionFlags = 0x00004
	PrintAlways      ActionFlags = 0x00008
	HaveNodeAttrs    ActionFlags = 0x00010
	ImpliedByFencing ActionFlags = 0x00040
	MigrateRunnable  ActionFlags = 0x00080
	Dumped           ActionFlags = 0x00100
	Processed        ActionFlags = 0x00200
	Dangle           ActionFlags = 0x00800
	RequiresAny      ActionFlags = 0x01000 // needs RequiredBefore of its predecessors to be runnable
	Reschedule       ActionFlags = 0x02000
	Tracking         ActionFlags = 0x04000
	Dedup            ActionFlags = 0x08000 // state of the graph's making
	OnDC             ActionFlags = 0x10000 // may run on the DC instead of its node
)

// OrderFlags say how one action depends on another (enum pe_ordering).
type OrderFlags uint32

// The kinds of ordering, in the reference's numbers. "First" and "then" are the
// two actions, in the order in which they are to run.
const (
	OrderNone                    OrderFlags = 0         // deleted
	OrderOptional                OrderFlags = 0x1       // order only, nothing is implied
	OrderApplyFirstNonMigratable OrderFlags = 0x2       // only if first's resource cannot migrate
	OrderImpliesFirst            OrderFlags = 0x10      // then required: first is, too
	OrderImpliesThen             OrderFlags = 0x20      // first required: then is, too
	OrderPromotedImpliesFirst    OrderFlags = 0x40      // then required and its resource promoted: first is required
	OrderImpliesFirstMigratable  OrderFlags = 0x80      // first needs then runnable and able to migrate
	OrderRunnableFirst           OrderFlags = 0x100     // then needs first runnable (pe_order_runnable_left)
	OrderPseudoFirst             OrderFlags = 0x200     // then can be pseudo only if first is runnable
	OrderImpliesThenOnNode       OrderFlags = 0x400     // first required on a node: then's instances there are
	OrderProbe                   OrderFlags = 0x800     // ignored if first's resource is about to stop, else as OrderRunnableFirst
	OrderRestart                 OrderFlags = 0x1000    // then is runnable if first is optional or runnable
	OrderFencingStop             OrderFlags = 0x2000    // unused, kept for its number
	OrderSerializeOnly           OrderFlags = 0x4000    // only not at the same time
	OrderSameNode                OrderFlags = 0x8000    // only if both are on one node
	OrderImpliesFirstPrinted     OrderFlags = 0x10000   // first gets into the graph, not required
	OrderImpliesThenPrinted      OrderFlags = 0x20000   // then gets into the graph, not required
	OrderAsymmetrical            OrderFlags = 0x100000  // one way only
	OrderLoad                    OrderFlags = 0x200000  // utilization: first frees what then needs
	OrderOneOrMore               OrderFlags = 0x400000  // then needs at least RequiredBefore of these
	OrderAntiColocation          OrderFlags = 0x800000  // only if both are on one node, from an anti-colocation
	OrderPreserve                OrderFlags = 0x1000000 // not dropped in containers
	OrderThenCancelsFirst        OrderFlags = 0x2000000 // then required: first becomes optional
)

// Has tells whether all of the flags are set.
func (f ClusterFlags) Has(flags ClusterFlags) bool { return f&flags == flags }

// Any tells whether one of the flags is set.
func (f ClusterFlags) Any(flags ClusterFlags) bool { return f&flags != 0 }

// Has tells whether all of the flags are set.
func (f ResourceFlags) Has(flags ResourceFlags) bool { return f&flags == flags }

// Any tells whether one of the flags is set.
func (f ResourceFlags) Any(flags ResourceFlags) bool { return f&flags != 0 }

// Has tells whether all of the flags are set.
func (f ActionFlags) Has(flags ActionFlags) bool { return f&flags == flags }

// Any tells whether one of the flags is set.
func (f ActionFlags) Any(flags ActionFlags) bool { return f&flags != 0 }

// Has tells whether all of the flags are set.
func (f OrderFlags) Has(flags OrderFlags) bool { return f&flags == flags }

// Any tells whether one of the flags is set.
func (f OrderFlags) Any(flags OrderFlags) bool { return f&flags != 0 }
