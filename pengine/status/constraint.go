package status

// Location is a location constraint on one resource (pe__location_t).
type Location struct {
	ID         string
	Resource   *Resource
	RoleFilter Role // applies to instances in this role only; RoleUnknown for any
	Discovery  Discovery
	Nodes      []*Candidate // each with the score that it adds
}

// Colocation is a colocation constraint between two resources
// (pcmk__colocation_t).
type Colocation struct {
	ID            string
	NodeAttribute string // what "the same node" is the same in; "" for the name
	Dependent     *Resource
	Primary       *Resource
	DependentRole Role // RoleUnknown for any
	PrimaryRole   Role
	Score         int
	Influence     bool // the dependent matters for where an active primary goes
}

// Ordering is an ordering constraint, configured or implied, between two
// actions or, where these are nil, between those of the resources that have
// these keys or names (pe__ordering_t).
type Ordering struct {
	ID    int // number, from 1
	Flags OrderFlags

	FirstResource *Resource
	FirstAction   *Action
	FirstTask     string // a key or a name

	ThenResource *Resource
	ThenAction   *Action
	ThenTask     string
}

// AddOrdering numbers an ordering and adds it to the others.
func (ws *WorkingSet) AddOrdering(o Ordering) *Ordering {
	added := ws.orderings.take()
	*added = o
	added.ID = ws.NextOrderID
	ws.NextOrderID++
	ws.Orderings = append(ws.Orderings, added)
	return added
}

// LossPolicy is what a ticket constraint does when the ticket is lost.
type LossPolicy int

// The loss policies.
const (
	LossStop LossPolicy = iota
	LossDemote
	LossFence
	LossFreeze
)

// TicketConstraint ties a resource to a ticket (rsc_ticket_t).
type TicketConstraint struct {
	ID         string
	Resource   *Resource
	Ticket     *Ticket
	Role       Role // RoleUnknown for any
	LossPolicy LossPolicy
}

// Ticket is a booth ticket (pe_ticket_t).
type Ticket struct {
	ID          string
	Granted     bool
	Standby     bool
	LastGranted int64             // seconds since the epoch; -1 if never
	State       map[string]string // all that the CIB says of it, but the id
}

// Tag is a tag with the ids that it refers to, or a template with those of the
// resources made from it (pe_tag_t).
type Tag struct {
	ID   string
	Refs []string
}
