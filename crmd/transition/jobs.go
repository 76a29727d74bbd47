package transition

// Jobs counts the agents' actions under way on each node, for limits to hold. The zero value is ready.
// What happens on a remote node counts for the one that has the connection.
type Jobs struct{ on map[string]*job }

type job struct{ all, migrations int }

// Reset begins anew, with a new graph.
func (j *Jobs) Reset() { clear(j.on) }

func migrates(a *Action) bool {
	task := a.Task()
	return a.Attr("router_node") == "" && (task == "migrate_to" || task == "migrate_from")
}

// places are the nodes that an action is work for: of a migration both ends.
func places(a *Action) []string {
	if migrates(a) {
		return []string{a.Meta("migrate_source"), a.Meta("migrate_target")}
	}
	return []string{a.Router()}
}

func (j *Jobs) at(node string) *job {
	if j.on == nil {
		j.on = map[string]*job{}
	}
	if j.on[node] == nil {
		j.on[node] = &job{}
	}
	return j.on[node]
}

// Add counts an agent's action that begins (1) or ends (-1).
func (j *Jobs) Add(a *Action, n int) {
	if a.Kind != Resource || a.Node() == "" {
		return
	}
	for _, node := range places(a) {
		if node == "" {
			continue
		}
		at := j.at(node)
		at.all += n
		if migrates(a) {
			at.migrations += n
		}
	}
}

// Allowed says whether there is room for an action, with as many at a time as limit gives for
// a node.
func (j *Jobs) Allowed(g *Graph, a *Action, limit func(node string) int) bool {
	if a.Kind != Resource {
		return true
	}
	for _, node := range places(a) {
		if node == "" {
			continue
		}
		at := j.at(node)
		if at.all >= limit(node) || migrates(a) && g.MigrationLimit > 0 && at.migrations >= g.MigrationLimit {
			return false
		}
	}
	return true
}

// Busy is the number of actions under way on a node.
func (j *Jobs) Busy(node string) int {
	if at := j.on[node]; at != nil {
		return at.all
	}
	return 0
}
