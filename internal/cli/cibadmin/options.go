package cibadmin

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/ringmaster-ha/ringmaster/cib/call"
	"github.com/ringmaster-ha/ringmaster/cib/ops"
	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/internal/cli/getopt"
	"github.com/ringmaster-ha/ringmaster/internal/cli/pcmktool"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
)

// digests that can be asked for.
type digests int

const (
	noDigest digests = iota
	onDiskDigest
	versionedDigest
)

// access is how to show what a user may see and change.
type access int

const (
	noAccess access = iota
	autoAccess
	namespaceAccess
	textAccess
	colorAccess
)

var accesses = sync.OnceValue(func() map[string]access {
	return map[string]access{"auto": autoAccess, "namespace": namespaceAccess, "text": textAccess, "color": colorAccess}
})

// options are what the command line says.
type options struct {
	request   call.Request // without what it is about
	digest    digests
	user      *string
	access    access
	file      *string // -x
	text      *string // -X
	pipe      bool    // -p
	dangerous bool
	force     bool
	verbosity int
	timeout   time.Duration
}

const short = "?$VuQEBCMPRDda56S::ft:U:slcnbX:x:po:A:eN:!h:"

var long = []getopt.Long{
	{Name: "help", Val: '?'}, {Name: "version", Val: '$'}, {Name: "verbose", Val: 'V'},
	{Name: "upgrade", Val: 'u'}, {Name: "query", Val: 'Q'}, {Name: "erase", Val: 'E'}, {Name: "bump", Val: 'B'},
	{Name: "create", Val: 'C'}, {Name: "modify", Val: 'M'}, {Name: "patch", Val: 'P'}, {Name: "replace", Val: 'R'},
	{Name: "delete", Val: 'D'}, {Name: "delete-all", Val: 'd'}, {Name: "empty", Val: 'a'},
	{Name: "md5-sum", Val: '5'}, {Name: "md5-sum-versioned", Val: '6'},
	{Name: "show-access", Arg: getopt.Optional, Val: 'S'}, {Name: "blank", Val: '-'},
	{Name: "force", Val: 'f'}, {Name: "timeout", Arg: getopt.Required, Val: 't'}, {Name: "user", Arg: getopt.Required, Val: 'U'},
	{Name: "sync-call", Val: 's'}, {Name: "local", Val: 'l'}, {Name: "allow-create", Val: 'c'}, {Name: "no-children", Val: 'n'},
	{Name: "no-bcast", Val: 'b'},
	{Name: "xml-text", Arg: getopt.Required, Val: 'X'}, {Name: "xml-file", Arg: getopt.Required, Val: 'x'}, {Name: "xml-pipe", Val: 'p'},
	{Name: "scope", Arg: getopt.Required, Val: 'o'}, {Name: "xpath", Arg: getopt.Required, Val: 'A'}, {Name: "node-path", Val: 'e'},
	{Name: "node", Arg: getopt.Required, Val: 'N'}, {Name: "host", Arg: getopt.Required, Val: 'h'},
}

// commands are the options that say what to do; -d is one, too.
var commands = sync.OnceValue(func() map[rune]ops.Op {
	return map[rune]ops.Op{
		'u': ops.Upgrade, 'E': ops.Erase, 'Q': ops.Query, 'P': ops.Patch, 'M': ops.Modify, 'R': ops.Replace, 'C': ops.Create,
		'D': ops.Delete, 'd': ops.Delete, 'B': ops.Bump,
	}
})

// flags are the options that become those of the request.
var flags = sync.OnceValue(func() map[rune]call.Options {
	return map[rune]call.Options{
		'A': call.XPath, 'e': call.XPathAddress, 'S': call.SyncCall, 'c': call.CanCreate, 'n': call.NoChildren, 'V': call.Verbose,
		'l': call.ScopeLocal, 'd': call.Multiple, 'b': call.NoBroadcast | call.ScopeLocal, 's': call.SyncCall, 'f': call.QuorumOverride,
	}
})

// dangerous are the options that need --force.
const dangerousOptions = "uEdb"

// parse reads the command line. The error is a pcmktool.Ended.
func (t *tool) parse(args []string) error {
	p := pcmktool.NewGetopt(args, short, long, help, t.stdout, t.stderr)
	if err := p.Read(args, func(option rune) (bool, error) { return t.take(option, p) }); err != nil {
		return err
	}
	if t.request.Op == "" && t.digest == noDigest {
		return p.Help(crmexit.Usage)
	}
	if t.user != nil {
		t.request.User = *t.user
	}
	return nil
}

// take understands an option; false means that it is wrong.
func (t *tool) take(option rune, p *pcmktool.Getopt) (ok bool, err error) {
	if op, ok := commands()[option]; ok {
		t.request.Op, t.digest = op, noDigest
	}
	t.request.Options |= flags()[option]
	for _, c := range dangerousOptions {
		t.dangerous = t.dangerous || c == option
	}
	value := p.Arg
	switch option {
	case 'A', 'o':
		t.request.Section = value
	case '5':
		t.request.Op, t.digest = "", onDiskDigest
	case '6':
		t.request.Op, t.digest = "", versionedDigest
	case 'S':
		t.access = autoAccess
		if p.Given {
			if t.access, ok = accesses()[value]; !ok {
				fmt.Fprintf(t.stderr, "Unrecognized value for --show-access: \"%s\"\n", value)
				return false, nil
			}
		}
	case 't':
		t.timeout = defaultTimeout
		if n := leadingInt(value); n > 0 {
			t.timeout = time.Duration(n) * time.Second
		}
	case 'U':
		t.user = &value
	case 'V':
		t.verbosity++
	case 'f':
		t.force = true
	case 'X':
		t.text = &value
	case 'x':
		t.file = &value
	case 'p':
		t.pipe = true
	case 'N', 'h':
		t.request.Host = value
	case 'a':
		t.empty(p)
		return false, pcmktool.Ended(crmexit.OK)
	default:
		if commands()[option] == "" && flags()[option] == 0 {
			p.Unsupported(option)
			return false, nil
		}
	}
	return true, nil
}

// empty writes a CIB without content, of the schema that the next argument names.
func (t *tool) empty(p *pcmktool.Getopt) {
	cib := ops.Empty("1")
	if schema, ok := p.Upcoming(); ok {
		cib.CreateAttr("validate-with", schema)
	}
	_, _ = io.WriteString(t.stdout, text.Lines(cib))
}

// leadingInt is the number that a text begins with, 0 for none (atoi).
func leadingInt(s string) int {
	var n int
	if _, err := fmt.Sscanf(s, "%d", &n); err != nil {
		return 0
	}
	return n
}
