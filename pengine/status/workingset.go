package status

import (
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/iso8601"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/pengine/rules"
)

// Options are what Unpack needs beside the document.
type Options struct {
	Now   time.Time    // the moment that rules, timeouts and locks are judged by
	Flags ClusterFlags // set beforehand: QuickLocation, NoCounts, ShowScores and so on

	// Clock is the wall clock's time, which completes dates without day or
	// offset in rules. Zero counts as Now; the two differ only where another
	// time is simulated.
	Clock time.Time

	// Log takes what the reference logs; nil drops it. Errors and warnings are
	// those that crm_simulate and crm_verify print.
	Log loglevel.Logger

	// Info takes what the reference prints on its output object while it
	// unpacks or schedules, a line at a time; nil drops it.
	Info func(line string)

	// Localhost adds a node of that name if the configuration has none
	// (data_set->localhost).
	Localhost string

	// Warned remembers the warnings that one process gives only once, over
	// several working sets. Nil counts for this one only.
	Warned *Warned

	// Trace takes why what was decided; nil for nothing.
	Trace *Trace

	// DCUUID overrides the dc-uuid of the document, if not empty.
	DCUUID string
}

// WorkingSet is the cluster as the scheduler sees it (pe_working_set_t).
type WorkingSet struct {
	Input   *etree.Element // the cib element; never changed
	Options Options

	DCID string // dc-uuid
	DC   *Node  // nil if there is none

	Flags                ClusterFlags
	NoQuorumPolicy       QuorumPolicy
	FencingAction        string // stonith-action: reboot or off
	FencingTimeoutMS     int
	PriorityFencingDelay int // seconds
	ShutdownLockLimit    int // seconds; 0 for no limit
	PlacementStrategy    string
	Health               Health
	Config               map[string]string // cluster options as configured; Option has the defaults, too

	Nodes     []*Node     // by name, numbers in it taken as such; see NodeByIndex for the order of creation
	Resources []*Resource // the top ones, by priority
	Tags      map[string]*Tag
	Templates map[string]*Tag // nil for a template that nothing uses
	Tickets   map[string]*Ticket

	// Constraints; package sched fills these. Each list is in the order in
	// which the reference's is walked.
	Locations         []*Location
	Orderings         []*Ordering
	Colocations       []*Colocation
	TicketConstraints []*TicketConstraint
	NextOrderID       int // from 1

	// Actions are all that have a number, the oldest first. The reference
	// prepends: where it walks, use NewestFirst.
	Actions      []*Action
	NextActionID int // from 1

	History     []*NodeHistory // node_state entries, in the order of the document
	Failures    []*Failure     // what status lists as failed, in that order
	ParamChecks []*ParamCheck  // history entries to compare with the configuration, the oldest first; the reference walks NewestFirst

	Records []Record // what package sched decided by, in order; see ShowScores and ShowUtilization

	RecheckBy int64 // when rules or failures change something by themselves, seconds since the epoch; 0 for never

	Instances int // primitives, instances counted each
	Disabled  int // of these by target-role
	Blocked   int // of these by failures

	// Configuration and processing errors and warnings so far: crm_verify's
	// exit status and the name under which a schedulerd saves its input
	// (crm_config_error, crm_config_warning, was_processing_error,
	// was_processing_warning).
	ConfigError, ConfigWarning, ProcessingError, ProcessingWarning bool

	log                 loglevel.Logger
	warned              *Warned
	opDefaults          *etree.Element
	rscDefaults         *etree.Element
	nodesByIndex        []*Node
	nodesByID           map[string][]*Node // folded
	nodesByName         map[string][]*Node // folded
	resources           []*Resource        // all, by Index
	byID                map[string][]*Resource
	byHistoryID         map[string][]*Resource
	byKey               map[string][]*Action // the first indexedActions of Actions, by folded key
	indexedActions      int
	singletons          map[string]*Action // those without resource, by key
	histories           map[string][]*NodeHistory
	featureSet          string // of the controller that wrote the CIB
	perResourceFailures bool   // that counts failures by resource, not by operation: before 3.0.13

	orderings  blocks[Ordering]
	actions    blocks[Action]
	orders     blocks[ordered]
	relations  relationLists
	candidates blocks[Candidate] // in the resources' own tables

	now            iso8601.Time
	document       *rules.Document
	ticketIDs      []string         // of Tickets, in order of creation
	implicit       []*etree.Element // connections of guest nodes, which no configuration has
	templates      map[string]*etree.Element
	expanded       map[*etree.Element]*etree.Element
	operations     map[*etree.Element][]*Operation
	readSets       map[setsKey]*rules.Sets
	params         map[*etree.Element]*params
	operationMetas map[operationKind]operationMeta
	stopNeeded     []*Resource              // containers to be stopped once it is known where they are
	failed         map[failedOperation]bool // what is in Failures
}

// Health is how the health attributes of nodes turn into scores.
type Health struct {
	Strategy           HealthStrategy
	Base               int // node-health-base
	Red, Yellow, Green int // the scores of the colours
}

// HealthStrategy is node-health-strategy.
type HealthStrategy int

// The health strategies.
const (
	HealthNone HealthStrategy = iota
	HealthMigrateOnRed
	HealthOnlyGreen
	HealthProgressive
	HealthCustom
)

// NodeByIndex is the node with that Index.
func (ws *WorkingSet) NodeByIndex(index int) *Node { return ws.nodesByIndex[index] }

// NodeCount is the number of nodes, which is above every Node.Index.
func (ws *WorkingSet) NodeCount() int { return len(ws.nodesByIndex) }

// AllResources are the resources of all levels, by Index.
func (ws *WorkingSet) AllResources() []*Resource { return ws.resources }
