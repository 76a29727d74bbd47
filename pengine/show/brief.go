package show

import (
	"slices"

	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// filter are the resources that are asked for, or whose parent is (pe__filter_rsc_list).
func (v viewer) filter(all []*status.Resource) (shown []*status.Resource) {
	for _, r := range all {
		if v.Resources.has(r.PrintableID()) || r.Parent != nil && v.Resources.has(r.Parent.PrintableID()) {
			shown = append(shown, r)
		}
	}
	return shown
}

// brief prints how many primitives of each agent are active where (pe__rscs_brief_output).
func (v viewer) brief(all []*status.Resource) bool {
	type place struct{ agent, node string }
	total, active := map[string]int{}, map[place]int{}
	var agents, nodes []string
	add := func(names *[]string, name string) {
		if !slices.Contains(*names, name) {
			*names = append(*names, name)
		}
	}
	for _, r := range all {
		if r.Variant != status.Primitive {
			continue
		}
		name := agent(r)
		add(&agents, name)
		total[name]++
		for _, n := range r.Running {
			if !n.Unclean && !n.Online && r.Is(status.Managed) {
				continue
			}
			add(&nodes, n.Name)
			active[place{name, n.Name}]++
		}
	}
	slices.Sort(agents)
	sortedNames(nodes)
	shown := false
	item := func(format string, args ...any) {
		v.Item(format, args...)
		shown = true
	}
	for _, name := range agents {
		anywhere := false
		for _, node := range nodes {
			n := active[place{name, node}]
			if n == 0 {
				continue
			}
			anywhere = true
			if v.Detail.Has(ResourceOnly) {
				node = ""
			}
			if v.Detail.Has(Inactive) {
				item("%d/%d\t(%s):\tActive %s", n, total[name], name, node)
			} else {
				item("%d\t(%s):\tActive %s", n, name, node)
			}
		}
		if !anywhere && v.Detail.Has(Inactive) {
			item("0/%d\t(%s):\tActive", total[name], name)
		}
	}
	return shown
}
