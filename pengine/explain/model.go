package explain

// Explanation is the answer to one question.
type Explanation struct {
	Subject   string // as it was asked
	Resources []*Resource
	Nodes     []*Node
}

// Resource is the answer for one resource.
type Resource struct {
	ID      string
	Kind    string   // primitive, group, clone, bundle
	Active  []string // the nodes where it is
	Place   []string // the nodes where it shall be
	Role    string   // now
	Next    string   // the role that it shall have
	Managed bool
	Node    string // the one node that was asked about, or ""

	Changes  []Change
	Answer   string
	Reasons  []string  // what decided, the most decisive first
	Verdicts []Verdict // of each node, the best first, or of the one that was asked about
	Facts    []Fact
	Parts    []*Resource // members, instances, replicas: answers without verdicts
}

// Change is what the transition does to a resource.
type Change struct {
	Task     string // as the transition's summary has it, in small letters
	Resource string
	From, To string // nodes, or ""
	Reason   string // as the summary has it, or ""
	Text     string // the reason in a sentence, or ""
	Blocked  bool
}

// Verdict is what is to be said of a resource on a node.
type Verdict struct {
	Node    string
	Active  bool
	Chosen  bool
	Allowed bool // the node has a score at all
	Score   int
	Text    string
	Terms   []Term
}

// Term is a part of a score.
type Term struct {
	Kind  string // what it comes from; see the constants of cause.go
	ID    string // of the constraint, or ""
	With  string // the other resource of a colocation, or ""
	Score int
	Reset bool // the score became this, whatever it was
	Text  string
}

// Fact is something that is good to know.
type Fact struct {
	Kind string
	Text string
}

// Node is the answer for a node.
type Node struct {
	Name    string
	State   string
	Fenced  bool // by this transition
	Answer  string
	Reasons []string
	Facts   []Fact
}
