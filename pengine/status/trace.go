package status

import (
	"slices"

	"github.com/beevik/etree"
)

// Trace is what reading a CIB and scheduling remember of why they decided as they
// did, for Options.Trace. Without one nothing is remembered and nothing allocated:
// each place that has something to say asks for it first.
type Trace struct {
	// Scores is how each score in a resource's table of nodes came to be, in
	// order. Beginning with the first change's Before and adding each Delta (or
	// taking After, if Reset is set) leads to the score as it is.
	Scores map[TracedScore][]ScoreChange

	Choices    map[*Resource]*Choice      // the last comparison of nodes for each primitive
	Roles      map[*Resource][]RoleChange // of what was wanted
	Unheeded   map[*Resource][]*Colocation
	Shortages  map[TracedScore]Shortage
	Promotions map[*Resource]Promotion
	Priorities map[*Resource][]ScoreChange     // of how readily an instance is promoted, like Scores
	Fencing    map[*Node][]string              // why each node is to be fenced, or would be
	Rules      map[*Location]RuleSource        // of locations that have a rule
	OrderIDs   map[int]string                  // the constraint of each Ordering that has one, by Ordering.ID
	Failures   map[TracedScore][]*HistoryEntry // failures of each resource on each node, whether listed or not

	orderID string // of the rsc_order that is being read
}

// NewTrace is an empty trace.
func NewTrace() *Trace {
	return &Trace{
		Scores: map[TracedScore][]ScoreChange{}, Choices: map[*Resource]*Choice{}, Roles: map[*Resource][]RoleChange{},
		Unheeded: map[*Resource][]*Colocation{}, Shortages: map[TracedScore]Shortage{}, Promotions: map[*Resource]Promotion{}, Priorities: map[*Resource][]ScoreChange{},
		Fencing: map[*Node][]string{}, Rules: map[*Location]RuleSource{}, OrderIDs: map[int]string{},
		Failures: map[TracedScore][]*HistoryEntry{},
	}
}

// TracedScore is an entry of a resource's table of nodes.
type TracedScore struct {
	Resource *Resource
	Node     *Node
}

// ScoreChange is one change of a score.
type ScoreChange struct {
	Cause
	Before, Delta, After int

	// Reset says that After does not follow from adding Delta.
	Reset bool
	// Records is how many of the working set's Records were there before: those
	// from there on know of the change.
	Records int
}

// Cause is what changed a score.
type Cause struct {
	Tag        string      // what it is called; for constraints of the scheduler's own making, the reference's name
	Location   *Location   // the location constraint, or nil
	Colocation *Colocation // the colocation, or nil
	With       *Resource   // of a colocation: what decided, the primary or the dependent
}

// Tags of changes that the reference has no name for.
const (
	TagAvoidRemote     = "avoids-remote-nodes"
	TagBundleReplica   = "bundle-replica"
	TagCloneBanned     = "clone-banned"
	TagCloneNodeMax    = "clone-node-max"
	TagContainer       = "container-node"
	TagDisallowed      = "disallowed"
	TagEverywhere      = "banned-everywhere"
	TagExclusive       = "exclusive-discovery"
	TagNodeUnavailable = "node-unavailable"
	TagPromotion       = "promotion-score"
)

// Choice is a comparison of nodes for a primitive.
type Choice struct {
	Nodes  []RatedNode // the best first
	Chosen *Node       // before it was asked whether the resource can run there; nil without nodes
	How    ChoiceKind
}

// ChoiceKind says how a node was chosen.
type ChoiceKind int

// The ways.
const (
	ChoiceBest      ChoiceKind = iota // the first of those compared
	ChoicePreferred                   // as good as the first, and asked for
	ChoiceStay                        // as good as the first, and the resource is active there
	ChoiceUnmanaged                   // the cluster leaves it where it is
	ChoiceStopAll                     // stop-all-resources
)

// RatedNode is a node as it was compared.
type RatedNode struct {
	*Node
	Score     int
	Resources int    // how many resources had been assigned to it
	Usable    bool   // it can run resources
	Why       string // if not, what is the matter with it
	Criterion Criterion
}

// Criterion is what decided between a node and the first one.
type Criterion int

// The criteria, in the order in which they are asked.
const (
	CriterionNone Criterion = iota
	CriterionScore
	CriterionCapacity
	CriterionCount // how many resources are assigned to the nodes
	CriterionActive
	CriterionName
)

// RoleChange is a change of the role that is wanted.
type RoleChange struct {
	From, To Role
	Why      string
}

// Shortage is what a node lacks for a resource.
type Shortage struct {
	Needed, Free map[string]string
	With         []*Resource // what else has to be there and counts in
}

// Promotion is what was decided of an instance's role.
type Promotion struct {
	Promoted     bool
	Score        int  // by which instances were sorted
	Before, Most int  // how many were promoted before, and how many may be
	Quorum       bool // it may not be, without quorum
}

// RuleSource is where a location constraint with a rule comes from.
type RuleSource struct {
	Constraint, Rule *etree.Element // the rsc_location, and the rule that it has or refers to
	Groups           []string       // what rsc-pattern matched
}

// Add remembers that delta was added to a score.
func (t *Trace) Add(r *Resource, n *Node, before, delta int, cause Cause) {
	if delta == 0 {
		return
	}
	t.append(r, n, ScoreChange{Cause: cause, Before: before, Delta: delta, After: AddScores(before, delta)})
}

// Set remembers that a score became another.
func (t *Trace) Set(r *Resource, n *Node, before, after int, cause Cause) {
	if before != after {
		t.append(r, n, changed(before, after, cause))
	}
}

// changed is the change from one score to another, by adding if that is possible.
func changed(before, after int, cause Cause) ScoreChange {
	c := ScoreChange{Cause: cause, Before: before, Delta: after - before, After: after}
	switch {
	case after <= -Infinity:
		c.Delta = -Infinity
	case after >= Infinity:
		c.Delta = Infinity
	}
	c.Reset = AddScores(before, c.Delta) != after
	return c
}

// Prioritize remembers that how readily an instance is promoted became another
// score.
func (t *Trace) Prioritize(r *Resource, before, after int, cause Cause) {
	t.Priorities[r] = append(t.Priorities[r], changed(before, after, cause))
}

func (t *Trace) append(r *Resource, n *Node, c ScoreChange) {
	c.Records = len(r.ws.Records)
	key := TracedScore{r, n}
	t.Scores[key] = append(t.Scores[key], c)
}

// Fail remembers a failure, once.
func (t *Trace) Fail(r *Resource, n *Node, e *HistoryEntry) {
	key := TracedScore{r, n}
	if !slices.Contains(t.Failures[key], e) {
		t.Failures[key] = append(t.Failures[key], e)
	}
}

// TraceMark is a point to which the changes of a resource's scores can be taken
// back.
type TraceMark map[*Node]int

// Mark is the point where they are now.
func (t *Trace) Mark(r *Resource) TraceMark {
	mark := TraceMark{}
	for c := range r.Allowed.ByIndex() {
		mark[c.Node] = len(t.Scores[TracedScore{r, c.Node}])
	}
	return mark
}

// TakeBack forgets what changed a resource's scores since then.
func (t *Trace) TakeBack(r *Resource, mark TraceMark) {
	for n, length := range mark {
		key := TracedScore{r, n}
		t.Scores[key] = t.Scores[key][:length]
	}
}

// Forget drops the history of a resource's scores: its table is made anew.
func (t *Trace) Forget(r *Resource) {
	for _, n := range r.ws.nodesByIndex {
		delete(t.Scores, TracedScore{r, n})
	}
}

// ReadingOrder says which rsc_order the next orderings come from, "" for none.
func (t *Trace) ReadingOrder(id string) { t.orderID = id }

// Order remembers the constraint that an ordering comes from.
func (t *Trace) Order(o *Ordering) {
	if t.orderID != "" {
		t.OrderIDs[o.ID] = t.orderID
	}
}

// Unavailable is what keeps a node from running resources, whatever they think of
// it, in a word or two; "" if nothing does.
func (n *Node) Unavailable() string {
	switch {
	case n.Unclean:
		return "unclean"
	case !n.Online:
		return "offline"
	case n.Shutdown:
		return "shutting down"
	case n.Pending:
		return "pending"
	case n.Standby:
		return "in standby"
	case n.Maintenance:
		return "in maintenance mode"
	}
	return ""
}
