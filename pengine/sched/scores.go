package sched

import (
	"strings"

	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// unusableScore marks a node in a table of scores as lost for good, while
// colocations are added up (INFINITY_HACK).
const unusableScore = -100 * status.Infinity

// colocationFlags say how the scores of colocated resources are added
// (enum pcmk__coloc_select).
type colocationFlags uint

const (
	// onlyIfUsable takes what a resource adds only if a node is left then.
	onlyIfUsable colocationFlags = 1 << iota
	// nonNegative does not let a node with a score of 0 or more get below 0.
	nonNegative
	// followPrimaries goes on with what a resource is colocated with, instead of
	// with what is colocated with it.
	followPrimaries
)

// colocationFactor is the weight that a colocation gives to scores.
func colocationFactor(c *status.Colocation) float32 { return float32(c.Score) / status.Infinity }

// hasInfluence tells whether the dependent matters for where the resource goes:
// the primary, or for nil r that of the colocation
// (pcmk__colocation_has_influence). The connection to a bundle's replica does not
// move an active, sound container.
func hasInfluence(c *status.Colocation, r *status.Resource) bool {
	if r == nil {
		r = c.Primary
	}
	if c.Dependent.Is(status.AllowRemoteRemotes) && !r.Is(status.Failed) && len(r.Running) == 1 {
		return false
	}
	return c.Influence || len(r.Running) == 0
}

// scoreTable is a working copy of the scores of a node table. Only scores change
// while colocations are added up; so this is all that has to be copied.
type scoreTable struct {
	nodes  *status.NodeTable
	scores []int // by Node.Index
}

// colocations adds up the scores of colocated resources. It keeps what can be
// used again.
type colocations struct {
	ws      *status.WorkingSet
	free    [][]int            // scores to be used again
	classes map[string]*valued // by the name of the node attribute
}

func newColocations(ws *status.WorkingSet) *colocations {
	return &colocations{ws: ws, classes: map[string]*valued{}}
}

func (s *colocations) scores() []int {
	if last := len(s.free) - 1; last >= 0 {
		scores := s.free[last]
		s.free = s.free[:last]
		return scores
	}
	return make([]int, s.ws.NodeCount())
}

func (s *colocations) release(t *scoreTable) { s.free = append(s.free, t.scores) }

// table are the scores of a node table.
func (s *colocations) table(nodes *status.NodeTable) *scoreTable {
	t := &scoreTable{nodes: nodes, scores: s.scores()}
	for c := range nodes.ByIndex() {
		t.scores[c.Index] = c.Score
	}
	return t
}

func (s *colocations) copy(t *scoreTable) *scoreTable {
	c := &scoreTable{nodes: t.nodes, scores: s.scores()}
	copy(c.scores, t.scores)
	return c
}

func (t *scoreTable) anyUsable() bool {
	for c := range t.nodes.ByIndex() {
		if t.scores[c.Index] >= 0 && available(c.Node) {
			return true
		}
	}
	return false
}

// addTo adds the scores of the other resource of a colocation, and of those
// colocated with that, to a resource's own.
func (s *colocations) addTo(to *status.Resource, c *status.Colocation, other *status.Resource, flags colocationFlags) {
	t := s.table(&to.Allowed)
	s.add(&t, other, to.ID, c.NodeAttribute, colocationFactor(c), flags)
	takeScores(to, t, status.Cause{Colocation: c, With: other})
	s.release(t)
}

// takeScores makes the scores of a table the resource's own.
func takeScores(r *status.Resource, from *scoreTable, cause status.Cause) {
	t := r.WorkingSet().Options.Trace
	for entry := range r.Allowed.ByIndex() {
		score := from.scores[entry.Index]
		if t != nil {
			t.Set(r, entry.Node, entry.Score, score, cause)
		}
		entry.Score = score
	}
}

// add adds the best scores of a resource's nodes, and of those of the resources
// that are colocated with it and so on, to the table: for each node the best of
// those that have the same value of the attribute, times the factor. A nil table
// starts with the resource's own (pcmk__add_colocated_node_scores).
func (s *colocations) add(table **scoreTable, r *status.Resource, who, attribute string, factor float32, flags colocationFlags) {
	if r.Is(status.Merging) {
		s.ws.At("pcmk__add_colocated_node_scores").Infof("%s: Breaking dependency loop at %s", who, r.ID)
		return
	}
	r.Set(status.Merging)
	defer r.Clear(status.Merging)

	work := s.start(*table, r, who, attribute, factor, flags)
	if work == nil {
		return
	}
	if work.anyUsable() {
		s.follow(&work, r, who, factor, flags)
	} else if flags&onlyIfUsable != 0 {
		s.ws.At("pcmk__add_colocated_node_scores").Infof("%s: Rolling back optional scores from %s", who, r.ID)
		s.release(work)
		return
	}
	if flags&nonNegative != 0 {
		for c := range work.nodes.ByIndex() {
			if work.scores[c.Index] == unusableScore {
				work.scores[c.Index] = 1
			}
		}
	}
	if *table != nil {
		s.release(*table)
	}
	*table = work
}

// start is a copy of the table with the resource's own scores added: for a group
// with those of its first member, which that has from all others; without a
// table with those of the last (init_group_colocated_nodes,
// init_nongroup_colocated_nodes).
func (s *colocations) start(table *scoreTable, r *status.Resource, who, attribute string, factor float32, flags colocationFlags) (work *scoreTable) {
	if table != nil {
		work = s.copy(table)
	}
	switch {
	case r.Variant == status.Group && len(r.Children) == 0:
		if work != nil {
			s.release(work)
		}
		return nil
	case r.Variant == status.Group && table == nil:
		s.add(&work, r.GroupData.LastMember, who, attribute, factor, flags)
	case r.Variant == status.Group:
		s.add(&work, r.Children[0], who, attribute, factor, flags)
	case table == nil:
		work = s.table(&r.Allowed)
	default:
		s.addMatching(work, r, attribute, factor, flags&nonNegative != 0)
	}
	return work
}

// follow goes on with the resources that are colocated with this one, or with
// those that it is colocated with.
func (s *colocations) follow(work **scoreTable, r *status.Resource, who string, factor float32, flags colocationFlags) {
	sign := float32(1)
	if factor < 0 {
		sign = -1
	}
	list := r.WithThis
	switch {
	case flags&followPrimaries != 0:
		list = r.ThisWith
	case r.Variant == status.Group:
		list = r.GroupData.LastMember.WithThis
	}
	for _, c := range list {
		other := c.Dependent
		if flags&followPrimaries != 0 {
			other = c.Primary
		} else if !hasInfluence(c, nil) {
			continue
		}
		s.add(work, other, who, c.NodeAttribute, float32(sign*float32(c.Score))/status.Infinity, flags|onlyIfUsable)
	}
}

// addMatching adds for each node the best score that the resource has for one
// with the same value of the attribute (add_node_scores_matching_attr).
func (s *colocations) addMatching(work *scoreTable, r *status.Resource, attribute string, factor float32, onlyPositive bool) {
	best := s.bestScores(r, attribute)
	for c := range work.nodes.ByIndex() {
		score := best(c.Node)
		own := work.scores[c.Index]
		if factor < 0 && score < 0 || own == unusableScore {
			continue // to be away from where something cannot be is no preference
		}
		weight := scaled(score, factor)
		sum := status.AddScores(weight, own)
		switch {
		case onlyPositive && sum < 0 && own > 0:
			work.scores[c.Index] = unusableScore
		case onlyPositive && sum < 0 && own == 0:
		default:
			work.scores[c.Index] = sum
		}
	}
}

// scaled is a score times a factor, rounded, but not to 0 unless one of them is.
func scaled(score int, factor float32) int {
	product := float64(float32(factor * float32(score)))
	weight := 0
	if product < 0 {
		weight = int(product - 0.5)
	} else {
		weight = int(product + 0.5)
	}
	if weight == 0 && score != 0 {
		switch {
		case factor > 0:
			return 1
		case factor < 0:
			return -1
		}
	}
	return weight
}

// valued groups nodes by the value of an attribute.
type valued struct {
	class []int // by Node.Index
	n     int
	own   bool  // each node has a value of its own
	best  []int // by class; scratch
}

// valuesOf groups the nodes by an attribute, values compared without regard to
// case; those without it are one group.
func (s *colocations) valuesOf(attribute string) *valued {
	v := s.classes[attribute]
	if v != nil {
		return v
	}
	v = &valued{class: make([]int, s.ws.NodeCount())}
	type value struct {
		text string
		ok   bool
	}
	classes := map[value]int{}
	for i := range v.class {
		text, ok := s.ws.NodeByIndex(i).Attribute(attribute)
		key := value{strings.ToLower(text), ok}
		class, known := classes[key]
		if !known {
			class = len(classes)
			classes[key] = class
		}
		v.class[i] = class
	}
	v.n = len(classes)
	v.own = v.n == len(v.class)
	v.best = make([]int, v.n)
	s.classes[attribute] = v
	return v
}

// bestScores is the best score that the resource has for an available node with
// the same value of the attribute as another; -Infinity if there is none
// (best_node_score_matching_attr).
func (s *colocations) bestScores(r *status.Resource, attribute string) func(*status.Node) int {
	if attribute == "" {
		attribute = "#uname"
	}
	v := s.valuesOf(attribute)
	if v.own {
		return func(n *status.Node) int {
			if c := r.Allowed.Get(n); c != nil && c.Score > -status.Infinity && available(n) {
				return c.Score
			}
			return -status.Infinity
		}
	}
	for i := range v.best {
		v.best[i] = -status.Infinity
	}
	for c := range r.Allowed.ByIndex() {
		if class := v.class[c.Index]; c.Score > v.best[class] && available(c.Node) {
			v.best[class] = c.Score
		}
	}
	return func(n *status.Node) int { return v.best[v.class[n.Index]] }
}
