package crmresource

import (
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/root"
	"github.com/ringmaster-ha/ringmaster/lrmd"
	"github.com/ringmaster-ha/ringmaster/lrmd/agent"
	"github.com/ringmaster-ha/ringmaster/lrmd/wire"
	fence "github.com/ringmaster-ha/ringmaster/stonithd/agent"
)

// runner runs agents. Its connection to systemd, if one is needed, ends with the tool.
func (t *tool) runner(env []string) *agent.Runner {
	return agent.New(agent.Options{Env: env, Log: t.log, Path: root.Path, Units: agent.NewUnits(t.log, root.Path)})
}

func (t *tool) fencing() *fence.Runner { return &fence.Runner{Log: t.log} }

// text is a value, "" if there is none.
func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// checkConfiguration says what is wrong with a resource that the command line describes.
func (t *tool) checkConfiguration() string {
	switch {
	case t.resource != nil:
		return "--resource cannot be used with --class, --agent, and --provider"
	case t.command != executeAgent:
		return "--class, --agent, and --provider can only be used with --validate and --force-*"
	case text(t.class) == lrmd.ClassStonith:
		if t.provider != nil {
			return "stonith does not support providers"
		}
		if t.agent == nil || t.fencing().Namespace(*t.agent) == "" {
			return text(t.agent) + " is not a known stonith agent"
		}
	case !t.runner(nil).Exists(t.class, t.provider, t.agent):
		return text(t.class) + ":" + text(t.provider) + ":" + text(t.agent) + " is not a known resource"
	}
	if t.params == nil {
		t.params = map[string]string{}
	}
	t.needs.resource, t.data, t.needs.cib = false, false, false
	return ""
}

// show shows a list of words, in XML as elements in one with attributes.
func (t *tool) words(title string, words []string, list, each string, attributes ...string) {
	if list != "" && t.out.IsXML() {
		e := t.out.Element(list, attributes...)
		for _, w := range words {
			e.Add(each).SetText(w)
		}
		return
	}
	t.begin(title)
	for _, w := range words {
		t.item("", "%s", w)
	}
	t.endList()
}

// listProviders lists standards, or providers, of all agents or one.
func (t *tool) listProviders() error {
	r := t.runner(nil)
	if t.command == listStandards {
		standards := r.Standards()
		if len(t.fencing().Installed()) > 0 {
			standards = append(standards, lrmd.ClassStonith)
		}
		t.words("Standards", standards, "", "")
		return nil
	}
	var found []string
	for _, p := range r.Providers() {
		has := t.spec == nil
		if !has {
			for _, a := range r.Installed(lrmd.ClassOCF, &p) {
				has = has || equalFold(a, *t.spec)
			}
		}
		if has {
			found = append(found, p)
		}
	}
	switch {
	case len(found) == 0 && t.spec != nil:
		t.failed("No OCF providers found for %s", *t.spec)
		return syscall.ENXIO
	case len(found) == 0:
		t.failed("No OCF providers found")
		return syscall.ENXIO
	case t.command == listAlternatives:
		t.words("Providers", found, "providers", "provider", "for", *t.spec)
	case t.spec != nil:
		t.words("Providers", found, "providers", "provider", "standard", "ocf", "agent", *t.spec)
	default:
		t.words("Providers", found, "providers", "provider", "standard", "ocf")
	}
	return nil
}

// listAgents lists the agents of a standard, and of one of its providers.
func (t *tool) listAgents() error {
	standard, named, ok := strings.Cut(*t.spec, ":")
	var provider *string
	if ok {
		provider = &named
	}
	var found []string
	if lrmd.Is(standard, lrmd.ClassStonith) {
		found = t.fencing().Installed()
	} else {
		found = t.runner(nil).Installed(standard, provider)
	}
	if len(found) == 0 {
		if provider == nil {
			t.failed("No agents found for standard '%s'", standard)
		} else {
			t.failed("No agents found for standard '%s' and provider '%s'", standard, named)
		}
		return rcError(crmexit.RCError)
	}
	title, attributes := standard, []string{"standard", standard}
	if named != "" {
		title = named
		attributes = append(attributes, "provider", named)
	}
	t.words(title+" agents", found, "agents", "agent", attributes...)
	return nil
}

// metadataTimeout is how long an agent may take to tell its metadata.
const metadataTimeout = 30 * time.Second

// showMetadata shows an agent's metadata.
func (t *tool) showMetadata() error {
	spec := *t.spec
	standard, rest, ok := strings.Cut(spec, ":")
	provider, name := "", rest
	ok = ok && standard != ""
	if ok && lrmd.HasProvider(standard) {
		provider, name, ok = strings.Cut(rest, ":")
		ok = ok && provider != ""
	}
	if !ok || name == "" {
		t.failed("'%s' is not a valid agent specification", spec)
		return syscall.ENXIO
	}
	metadata := ""
	if lrmd.Is(standard, lrmd.ClassStonith) {
		metadata, _ = t.fencing().Metadata(t.ctx, name, metadataTimeout) // none is said below
	} else {
		res := t.runner(os.Environ()).Metadata(&lrmd.Operation{RscID: name, Class: standard, Provider: provider, Type: name, Action: "meta-data", Timeout: int(metadataTimeout.Milliseconds())})
		metadata = res.Stdout
	}
	if metadata == "" {
		t.failed("Metadata query for %s failed: %s", spec, crmexit.RC(syscall.ENXIO))
		return syscall.ENXIO
	}
	t.out.Document("metadata", metadata)
	return nil
}

// runAgent runs an agent to its end.
func (t *tool) runAgent(env []string, op *lrmd.Operation) *lrmd.Result {
	done := make(chan *lrmd.Result, 1)
	t.runner(env).Start(1, op, func(_ lrmd.Token, res *lrmd.Result) { done <- res })
	return <-done
}

// params are parameters in the order of the reference's table.
func params(values [][2]string) (all []wire.Param) {
	for _, v := range values {
		all = append(all, wire.Param{Name: v[0], Value: v[1]})
	}
	return all
}
