package agent

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/stonithd/wire"
)

// Installed are the agents of the machine: first the plugins of cluster-glue, if that is
// installed, then the programs, each by name.
func (r *Runner) Installed() []string {
	return append(r.plugins(), r.programs()...)
}

// programs are the agents that are programs (stonith__list_rhcs_agents).
func (r *Runner) programs() (names []string) {
	dir := or(r.Dir, Dir)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "fence_") && isFile(filepath.Join(dir, e.Name())) {
			names = append(names, e.Name())
		}
	}
	return names
}

// plugins are the types that cluster-glue's library lists: its shared objects, but instead
// of two of them what those stand for: the scripts in folder external, and rhcs, which
// finds nothing where the programs are today.
func (r *Runner) plugins() (names []string) {
	if !r.glue() {
		return nil
	}
	dir := or(r.Plugins, Plugins)
	objects, err := os.ReadDir(filepath.Join(dir, "stonith2"))
	if err != nil {
		return nil
	}
	for _, o := range objects {
		switch name, ok := strings.CutSuffix(o.Name(), ".so"); {
		case !ok, name == "rhcs":
		case name == "external":
			scripts, err := os.ReadDir(filepath.Join(dir, name))
			if err != nil {
				continue
			}
			for _, s := range scripts {
				path := filepath.Join(dir, name, s.Name())
				if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 && s.Name()[0] != '.' {
					names = append(names, name+"/"+s.Name())
				}
			}
		default:
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func (r *Runner) glue() bool { return isFile(or(r.Glue, Glue)) }

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// Namespace is what kind an agent is of, empty for one that nobody knows
// (stonith_get_namespace).
func (r *Runner) Namespace(agent string) string {
	if isFile(or(r.Dir, Dir) + "/" + agent) {
		return wire.NamespaceRHCS
	}
	if r.glue() && !strings.Contains(agent, "..") {
		kind, rest, ok := strings.Cut(agent, "/")
		if isFile(filepath.Join(or(r.Plugins, Plugins), "stonith2", kind+".so")) && (!ok || rest != "") && kind != "" {
			return wire.NamespaceLHA
		}
	}
	r.logf(loglevel.Error, "stonith_get_namespace", "Unknown fence agent: %s", agent)
	return ""
}
