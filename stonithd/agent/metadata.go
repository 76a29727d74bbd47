package agent

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
	"github.com/ringmaster-ha/ringmaster/stonithd/wire"
)

// MetadataTimeout is how long an agent may take to say what it is where nobody has said.
const MetadataTimeout = 30 * time.Second

// Error is why there is no metadata, as a result of the reference.
type Error struct{ RC crmexit.RC }

func (e *Error) Error() string { return e.RC.String() }

func errno(no syscall.Errno) *Error { return &Error{crmexit.RC(no)} }

// Metadata is what an agent says of itself, as text; a limit of 0 is MetadataTimeout. The
// error is an *Error.
func (r *Runner) Metadata(ctx context.Context, agent string, limit time.Duration) (string, error) {
	if limit <= 0 {
		limit = MetadataTimeout
	}
	switch r.Namespace(agent) {
	case wire.NamespaceRHCS:
		e, err := r.document(ctx, agent, limit)
		if err != nil {
			return "", err
		}
		return formatted(e), nil
	case wire.NamespaceLHA:
		return r.pluginMetadata(ctx, agent, limit)
	}
	r.logf(loglevel.Error, "stonith_api_device_metadata", "Can't get fence agent '%s' meta-data: No such agent", agent)
	return "", errno(syscall.ENODEV)
}

// document is the metadata of a program, with what Pacemaker adds: the actions start and
// stop, and that nobody needs to set the parameters that it sets itself
// (stonith__rhcs_get_metadata).
func (r *Runner) document(ctx context.Context, agent string, limit time.Duration) (*etree.Element, error) {
	const where = "stonith__rhcs_get_metadata"
	result := r.Run(ctx, &Call{Agent: agent, Action: "metadata"}, limit)
	switch {
	case result.Exec != wire.ExecDone:
		r.logf(loglevel.Warning, where, "Could not execute metadata action for %s: %v", agent, result.Exec)
		return nil, &Error{result.RC()}
	case !result.OK():
		r.logf(loglevel.Warning, where, "Metadata action for %s returned error code %d", agent, int(result.Exit))
		return nil, &Error{result.RC()}
	case result.Output == "":
		r.logf(loglevel.Warning, where, "Metadata action for %s returned no data", agent)
		return nil, errno(syscall.ENODATA)
	}
	doc, _, _ := xmltree.Recover([]byte(result.Output), xmltree.DropBlanks)
	if doc == nil || doc.Root() == nil {
		r.logf(loglevel.Warning, where, "Metadata for %s is invalid", agent)
		return nil, &Error{crmexit.RCSchemaValidation}
	}
	root := doc.Root()
	complete(root)
	return root, nil
}

// defaultTimeout of actions that Pacemaker adds.
const defaultTimeout = "20s"

func complete(root *etree.Element) {
	var actions *etree.Element
	stop := false
	required := map[string]*etree.Element{}
	each(root, func(e *etree.Element) {
		name := e.SelectAttrValue("name", "")
		switch e.Tag {
		case "actions":
			if actions == nil {
				actions = e
			}
		case "action":
			stop = stop || name == "stop"
		case "parameter":
			if required[name] == nil {
				required[name] = e
			}
		}
	})
	if !stop && actions != nil {
		for _, name := range []string{"stop", "start"} {
			a := actions.CreateElement("action")
			a.CreateAttr("name", name)
			a.CreateAttr("timeout", defaultTimeout)
		}
	}
	for _, name := range []string{"action", "plug", "port"} {
		if p := required[name]; p != nil {
			p.CreateAttr("required", "0")
		}
	}
}

func each(e *etree.Element, f func(*etree.Element)) {
	f(e)
	for _, c := range e.ChildElements() {
		each(c, f)
	}
}

// hostArgument is the parameter that the metadata has for the target: port or else plug,
// empty for neither (stonith__device_parameter_flags).
func hostArgument(metadata *etree.Element) string {
	port, plug := false, false
	each(metadata, func(e *etree.Element) {
		if e.Tag == "parameter" {
			name := e.SelectAttrValue("name", "")
			port = port || strings.EqualFold(name, "port")
			plug = plug || strings.EqualFold(name, "plug")
		}
	})
	switch {
	case port:
		return "port"
	case plug:
		return "plug"
	}
	return ""
}

// Validation is what an agent says of a device's parameters.
type Validation struct {
	RC             crmexit.RC
	Output, Errors string // what it wrote
}

// Validate has an agent look at parameters. A limit of 0 is MetadataTimeout.
func (r *Runner) Validate(ctx context.Context, agent string, params Params, limit time.Duration) Validation {
	if limit <= 0 {
		limit = MetadataTimeout
	}
	switch r.Namespace(agent) {
	case wire.NamespaceRHCS:
		return r.validateProgram(ctx, agent, params, limit)
	case wire.NamespaceLHA:
		rc := crmexit.RC(syscall.EOPNOTSUPP)
		text := fmt.Sprintf("Cannot validate Linux-HA fence agents: %v (%d)", rc, int(rc))
		if r.Errors != nil {
			fmt.Fprintln(r.Errors, text)
		}
		r.logf(loglevel.Error, "stonith__lha_validate", "%s", text)
		return Validation{RC: rc}
	}
	return Validation{RC: crmexit.RC(syscall.ENOENT), Errors: fmt.Sprintf("Agent %s not found", agent)}
}

// validateProgram is stonith__rhcs_validate. The target is made up, for agents that need
// one.
func (r *Runner) validateProgram(ctx context.Context, agent string, params Params, limit time.Duration) Validation {
	c := &Call{Agent: agent, Action: "validate-all", Target: "node1", Device: Params{}}
	host, given := "", false
	for _, p := range params {
		if p.Name == ParamHostArgument {
			host, given = p.Value, true
		}
		if !IsSpecial(p.Name) {
			c.Device.Set(p.Name, p.Value)
		}
	}
	switch {
	case !given:
		start := time.Now()
		metadata, err := r.document(ctx, agent, limit)
		if err == nil {
			c.HostArgument = hostArgument(metadata)
		}
		// The reference counts whole seconds.
		if limit -= time.Since(start).Truncate(time.Second); limit <= 0 {
			return Validation{RC: crmexit.RC(syscall.ETIME)}
		}
	case !strings.EqualFold(host, none):
		c.HostArgument = host
	}
	result := r.Run(ctx, c, limit)
	return Validation{RC: result.RC(), Output: result.Output, Errors: result.Errors}
}

// pluginMetadata is what the tool stonith says of a plugin, in Pacemaker's form
// (stonith__lha_metadata), which indents more.
func (r *Runner) pluginMetadata(ctx context.Context, agent string, limit time.Duration) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, or(r.Glue, Glue), "-t", agent, "-m")
	cmd.Stdout, cmd.Stderr = &out, &errs
	// Its status says nothing: what it does not know is simply not there.
	_ = cmd.Run()
	if r.Errors != nil {
		// What plugins complain about goes on, what the tool misses does not.
		_, _ = io.WriteString(r.Errors, missing().ReplaceAllString(errs.String(), ""))
	}
	long, short, params := said(out.String())
	return fmt.Sprintf(pluginTemplate, agent, long, short, params), nil
}

// pluginTemplate is Pacemaker's, for a name, two descriptions and the parameters.
const pluginTemplate = `<?xml version="1.0"?>
<!DOCTYPE resource-agent SYSTEM "ra-api-1.dtd">
<resource-agent name="%s">
  <version>1.0</version>
  <longdesc lang="en">
%s
  </longdesc>
  <shortdesc lang="en">%s</shortdesc>
%s
  <actions>
    <action name="start"   timeout="20" />
    <action name="stop"    timeout="15" />
    <action name="status"  timeout="20" />
    <action name="monitor" timeout="20" interval="3600"/>
    <action name="meta-data"  timeout="15" />
  </actions>
  <special tag="heartbeat">
    <version>2.0</version>
  </special>
</resource-agent>
`

// missing is what the tool stonith says of descriptions that a plugin does not have.
var missing = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`stonithRA plugin: no (long description|short description|list of parameters)`)
})

// said takes apart what the tool stonith writes: two descriptions and the parameters.
func said(text string) (long, short, params string) {
	const unknown = "<!-- no value -->"
	long, short, params = unknown, unknown, unknown
	cut := func(to *string, before, after string) {
		i := strings.Index(text, before)
		if i < 0 {
			return
		}
		rest := text[i+len(before):]
		j := strings.Index(rest, after)
		if j < 0 {
			return
		}
		*to, text = rest[:j], rest[j:]
	}
	cut(&long, "<longdesc lang=\"en\">\n", "\n</longdesc>")
	cut(&short, "<shortdesc lang=\"en\">", "</shortdesc>")
	cut(&params, "</shortdesc>\n", "\n<actions>")
	return long, short, params
}
