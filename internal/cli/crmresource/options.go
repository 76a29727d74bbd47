package crmresource

import (
	"os"
	"strconv"
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/cli/goption"
	"github.com/ringmaster-ha/ringmaster/internal/cli/pcmktool"
	"github.com/ringmaster-ha/ringmaster/internal/iso8601"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

const summary = "crm_resource - perform tasks related to Pacemaker cluster resources"

type command uint8

const (
	none command = iota
	ban
	cleanup
	clearBans
	deleteParameter
	deleteResource
	executeAgent
	fail
	getParameter
	getProperty
	listActive
	listAgents
	listAlternatives
	listForCTS
	listInstances
	listOperations
	listProviders
	listResources
	listStandards
	locate
	move
	queryRaw
	queryXML
	refresh
	restart
	setParameter
	setProperty
	showConstraints
	showDigests
	showMetadata
	waitForCluster
	why
)

// How resources are looked for.
const (
	anonymous = status.FindRenamed | status.FindAnon // instances of anonymous clones by their common name
	named     = status.FindRenamed | status.FindAny  // those of all clones
)

// The elements around pairs.
const (
	instanceAttributes = "instance_attributes"
	metaAttributes     = "meta_attributes"
	utilization        = "utilization"
)

// needs is what a command cannot do without.
type needs struct {
	cib, controller, data, resource, node bool
	find                                  status.Find // 0 if it needs no resource found
}

type options struct {
	pcmktool.Common
	command
	needs
	quiet                               bool
	resource, resourceType              *string
	force, expired, recursive, promoted bool
	node, interval, lifetime, operation *string
	setType                             string
	set, id, name, value                *string // of a pair
	timeout                             int     // ms; negative if it was no time
	spec                                *string // of agents
	file                                *string
	level                               int // of a check, negative if none
	fromCommandLine                     bool
	class, provider, agent              *string
	params, overrides                   map[string]string // nil if none can be
}

func newOptions() *options {
	return &options{setType: instanceAttributes, level: -1, needs: needs{cib: true, data: true, resource: true}}
}

func (o *options) context(args []string) *goption.Context {
	c := o.Context(args, summary, "text (default), xml")
	c.Description = description
	c.Main = append(c.Main,
		goption.Option{Long: "quiet", Short: 'Q', Help: "Be less descriptive in output.", Do: goption.Flag(&o.quiet)},
		goption.Option{Long: "resource", Short: 'r', Arg: goption.Required, Value: "ID", Help: "Resource ID", Do: goption.Given(&o.resource)},
	)
	c.Groups = append(c.Groups,
		goption.Group{Name: "queries", Heading: "Queries:", Help: "Show query help", Options: o.queriesHelp()},
		goption.Group{Name: "commands", Heading: "Commands:", Help: "Show command help", Options: o.commandsHelp()},
		goption.Group{Name: "locations", Heading: "Locations:", Help: "Show location help", Options: o.locationsHelp()},
		goption.Group{Name: "advanced", Heading: "Advanced:", Help: "Show advanced option help", Options: o.advancedHelp()},
		goption.Group{Name: "additional", Heading: "Additional Options:", Help: "Show additional options", Options: o.additionalHelp()},
	)
	return c
}

// effect is what an option does.
type effect = func(name, value string, given bool) error

// choose makes c the command. The last counts, and forgets what those before it need.
func (o *options) choose(c command) {
	if o.command != none {
		o.needs = needs{cib: true, data: true, resource: true}
	}
	o.command = c
}

func (o *options) list(c command) effect {
	return func(string, string, bool) error {
		o.choose(c)
		o.needs.resource = false
		return nil
	}
}

func (o *options) agents(c command) effect {
	return func(_, value string, given bool) error {
		o.choose(c)
		o.cib, o.data, o.needs.resource = false, false, false
		if c != listStandards {
			if o.spec = nil; given {
				o.spec = &value
			}
		}
		return nil
	}
}

func (o *options) find(c command, how status.Find) effect {
	return func(string, string, bool) error {
		o.choose(c)
		o.needs.find = how
		return nil
	}
}

func (o *options) stack(string, string, bool) error {
	o.recursive = true
	return o.find(showConstraints, anonymous)("", "", false)
}

// named is a command about a value of that name.
func (o *options) named(c command) effect {
	return func(_, value string, _ bool) error {
		o.choose(c)
		o.name = &value
		o.needs.find = named
		return nil
	}
}

// any is a command for one resource or all.
func (o *options) any(c command) effect {
	return func(string, string, bool) error {
		o.choose(c)
		o.needs.resource = false
		o.needs.find = anonymous
		return nil
	}
}

// again is a command by which the cluster looks again.
func (o *options) again(c command) effect {
	return func(string, string, bool) error {
		o.choose(c)
		o.needs.resource = false
		if _, ok := os.LookupEnv("CIB_file"); !ok {
			o.controller = true
		}
		o.needs.find = anonymous
		return nil
	}
}

func (o *options) setProperty(_, value string, _ bool) error {
	o.choose(setProperty)
	o.data = false
	o.name = &value
	o.needs.find = named
	return nil
}

func (o *options) remove(string, string, bool) error {
	o.choose(deleteResource)
	o.data = false
	o.needs.find = named
	return nil
}

func (o *options) failResource(string, string, bool) error {
	o.choose(fail)
	o.controller, o.needs.node = true, true
	return nil
}

func (o *options) wait(string, string, bool) error {
	o.choose(waitForCluster)
	o.needs.resource, o.data = false, false
	return nil
}

func (o *options) digests(string, string, bool) error {
	o.choose(showDigests)
	o.needs.find = anonymous
	o.override()
	o.needs.node, o.data = true, true
	return nil
}

// override says that parameters may follow.
func (o *options) override() {
	if o.overrides == nil {
		o.overrides = map[string]string{}
	}
}

// execute is a command that runs the agent, and its name what the agent shall do.
func (o *options) execute(name, value string, given bool) error {
	o.choose(executeAgent)
	action := strings.TrimPrefix(name, "--")
	o.operation = &action
	o.needs.find = anonymous
	o.override()
	if given {
		level, ok := status.LeadingInt(value)
		if !ok || level < 0 {
			return goption.Error("Invalid check level setting: " + value)
		}
		o.level = int(level)
	}
	return nil
}

func (o *options) onlyExpired(string, string, bool) error {
	o.expired = true
	o.needs.resource = false
	return nil
}

func (o *options) setOf(kind string) effect {
	return func(string, string, bool) error {
		o.setType = kind
		return nil
	}
}

// configured is a part of a resource that the command line describes.
func (o *options) configured(part **string) effect {
	return func(_, value string, _ bool) error {
		*part = &value
		o.fromCommandLine = true
		o.needs.resource = false
		return nil
	}
}

func (o *options) parameter(name, value string, _ bool) error {
	key, rest, ok := strings.Cut(value, "=")
	if !ok || key == "" || rest == "" {
		return goption.Error("Error parsing option " + name)
	}
	if o.params == nil {
		o.params = map[string]string{}
	}
	o.params[key] = rest
	return nil
}

func (o *options) limit(_, value string, _ bool) error {
	o.timeout = -1
	if ms, ok := iso8601.ParseMilliseconds(value); ok {
		o.timeout = int(int32(ms))
	}
	return nil
}

// takeOverrides reads the arguments that are no options; whole is the command line.
func (o *options) takeOverrides(rest, whole []string) (problem string) {
	if len(rest) == 0 {
		return ""
	}
	if o.overrides == nil {
		var b strings.Builder
		b.WriteString("non-option ARGV-elements:\n")
		for i, arg := range rest {
			b.WriteString("[" + strconv.Itoa(i+1) + " of " + strconv.Itoa(len(rest)) + "] " + arg + "\n")
		}
		return b.String()
	}
	for _, arg := range rest {
		name, value, ok := strings.Cut(arg, "=")
		words := strings.Fields(value)
		if !ok || name == "" || len(words) == 0 {
			// The reference tells the first argument, whichever is wrong.
			return "Error parsing '" + whole[1] + "' as a name=value pair"
		}
		o.overrides[name] = words[0]
	}
	return ""
}
