// Package metadata writes what a Pacemaker daemon prints about the cluster options that
// it looks at, when it is run with the argument "metadata": a document in the style of
// resource agents' (pcmk__format_option_metadata of lib/common/options.c). pcs and crmsh
// read it. Daemons import it.
package metadata

import (
	"strings"

	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/internal/featureset"
)

// Option is one cluster option.
type Option struct {
	Name    string
	Type    string // boolean, integer, select, time, ...
	Default string
	Values  string // allowed ones of a select, with commas
	// NoDefault is that there is none, not even an empty one.
	NoDefault bool
	Short     string // one line
	Long      string // Short if empty
}

// ocf is the version of the standard for agents.
const ocf = "1.1"

// Document is the metadata of a daemon.
func Document(daemon, short, long string, options []Option) string {
	var b strings.Builder
	write := func(parts ...string) {
		for _, p := range parts {
			b.WriteString(p)
		}
	}
	describe := func(indent, tag, description, values string) {
		write(indent, "<", tag, ` lang="en">`, string(text.AppendEscaped(nil, description, text.Readable)))
		if values != "" {
			write("  Allowed values: ", values)
		}
		write("</", tag, ">\n")
	}
	write("<?xml version=\"1.0\"?>\n<resource-agent name=\"", daemon, `" version="`, featureset.Release, "\">\n  <version>", ocf, "</version>\n")
	describe("  ", "longdesc", long, "")
	describe("  ", "shortdesc", short, "")
	write("  <parameters>\n")
	for _, o := range options {
		long := o.Long
		if long == "" {
			long = o.Short
		}
		write(`    <parameter name="`, o.Name, "\">\n")
		describe("      ", "longdesc", long, o.Values)
		describe("      ", "shortdesc", o.Short, "")
		write(`      <content type="`, o.Type, `"`)
		if !o.NoDefault {
			write(` default="`, o.Default, `"`)
		}
		if o.Values == "" || o.Type != "select" {
			write("/>\n")
		} else {
			write(">\n")
			for _, v := range strings.Split(o.Values, ", ") {
				write(`        <option value="`, v, "\" />\n")
			}
			write("      </content>\n")
		}
		write("    </parameter>\n")
	}
	write("  </parameters>\n</resource-agent>\n")
	return b.String()
}
