package agent

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/ringmaster-ha/ringmaster/lrmd"
)

// Installed are the agents of a class on this machine, of OCF those of a provider or, if it
// is nil, of all; of class service those of LSB, and systemd's units (resources_list_agents).
func (r *Runner) Installed(class string, provider *string) (names []string) {
	switch {
	case lrmd.Is(class, lrmd.ClassOCF) && provider != nil:
		return listed(filepath.Join(r.o.Path(OCFPath), *provider), true)
	case lrmd.Is(class, lrmd.ClassOCF):
		for _, p := range r.Providers() {
			names = append(names, r.Installed(class, &p)...)
		}
	case lrmd.Is(class, lrmd.ClassLSB):
		return listed(r.o.Path(lsbDir), true)
	case lrmd.Is(class, lrmd.ClassService):
		return append(listed(r.o.Path(lsbDir), true), r.o.Units.Listed()...)
	case lrmd.Is(class, lrmd.ClassSystemd):
		return r.o.Units.Listed()
	}
	return names
}

// Providers are those of OCF agents on this machine, by name (resources_list_providers).
func (r *Runner) Providers() []string { return listed(r.o.Path(OCFPath), false) }

// Standards are the classes of agents that can be run, but for the fencer's; systemd's if it
// has units (resources_list_standards).
func (r *Runner) Standards() []string {
	standards := []string{lrmd.ClassOCF, lrmd.ClassLSB, lrmd.ClassService}
	if len(r.o.Units.Listed()) > 0 {
		standards = append(standards, lrmd.ClassSystemd)
	}
	return standards
}

// Exists tells whether there is an agent; nil is what is not given (resources_agent_exists).
func (r *Runner) Exists(class, provider, agent *string) bool {
	if class == nil || agent == nil {
		return false
	}
	there := func(path string) bool {
		_, err := os.Stat(path)
		return err == nil
	}
	switch *class {
	case lrmd.ClassOCF:
		return provider != nil && there(filepath.Join(r.o.Path(OCFPath), *provider)) && there(filepath.Join(r.o.Path(OCFPath), *provider, *agent))
	case lrmd.ClassLSB, lrmd.ClassService:
		return provider == nil && (there(r.full(lsbDir, *agent)) || *class == lrmd.ClassService && r.o.Units.exists(*agent))
	case lrmd.ClassSystemd:
		return provider == nil && r.o.Units.exists(*agent)
	}
	return false
}

// listed are a folder's programs, or its folders, by name (services_os_get_single_directory_list).
func listed(dir string, programs bool) (names []string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		info, err := os.Stat(filepath.Join(dir, e.Name()))
		const execute = 0o111
		if err == nil && (programs && info.Mode().IsRegular() && info.Mode()&execute != 0 || !programs && info.IsDir()) {
			names = append(names, e.Name())
		}
	}
	return names
}
