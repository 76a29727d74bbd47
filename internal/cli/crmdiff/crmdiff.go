// Package crmdiff is crm_diff(8): it compares two configurations and prints the patchset from
// one to the other, or applies one (the reference's tools/crm_diff.c).
//
// It differs from the reference where that crashes: on text and CDATA sections between
// elements, and on patchsets that delete what they are applied to. Of the log, the
// reference's lines for programmers (failed assertions and what follows them) are left
// out, but for the one that documents of different names get.
package crmdiff

import (
	"errors"
	"fmt"
	"io"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/document"
	"github.com/ringmaster-ha/ringmaster/cib/patch"
	"github.com/ringmaster-ha/ringmaster/cib/result"
	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/internal/cli/cibinput"
	"github.com/ringmaster-ha/ringmaster/internal/cli/goption"
	"github.com/ringmaster-ha/ringmaster/internal/cli/pcmktool"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

const summary = "Compare two Pacemaker configurations (in XML format) to produce a custom diff-like output, " +
	"or apply such an output as a patch"

const description = `Examples:

Obtain the two different configuration files by running cibadmin on the two cluster setups to compare:

	# cibadmin --query > cib-old.xml

	# cibadmin --query > cib-new.xml

Calculate and save the difference between the two files:

	# crm_diff --original cib-old.xml --new cib-new.xml > patch.xml

Apply the patch to the original file:

	# crm_diff --original cib-old.xml --patch patch.xml > updated.xml

Apply the patch to the running cluster:

	# cibadmin --patch -x patch.xml
`

// source is where a document comes from. Once given as text, it is text, whatever option
// comes later: as in the reference.
type source struct {
	value *string
	text  bool
}

type options struct {
	pcmktool.Common
	original, next   source
	apply, cib       bool
	stdin, noVersion bool
}

func (o *options) context(args []string) *goption.Context {
	c := o.Context(args, summary, "")
	c.Description = description
	given := func(s *source, flag *bool) func(string, string, bool) error {
		return func(_, value string, _ bool) error {
			s.value = &value
			if flag != nil {
				*flag = true
			}
			return nil
		}
	}
	c.Groups = append(c.Groups,
		goption.Group{Name: "xml", Heading: "Original XML:", Help: "Show original XML options", Options: []goption.Option{
			{Long: "original", Short: 'o', Arg: goption.Required, Value: "FILE", Help: "XML is contained in the named file", Do: given(&o.original, nil)},
			{Long: "original-string", Short: 'O', Arg: goption.Required, Value: "STRING", Help: "XML is contained in the supplied string", Do: given(&o.original, &o.original.text)},
		}},
		goption.Group{Name: "operation", Heading: "Operation:", Help: "Show operation options", Options: []goption.Option{
			{Long: "new", Short: 'n', Arg: goption.Required, Value: "FILE", Help: "Compare the original XML to the contents of the named file", Do: given(&o.next, nil)},
			{Long: "new-string", Short: 'N', Arg: goption.Required, Value: "STRING", Help: "Compare the original XML with the contents of the supplied string", Do: given(&o.next, &o.next.text)},
			{Long: "patch", Short: 'p', Arg: goption.Required, Value: "FILE", Help: "Patch the original XML with the contents of the named file", Do: given(&o.next, &o.apply)},
		}},
		goption.Group{Name: "additional", Heading: "Additional Options:", Help: "Show additional options", Options: []goption.Option{
			{Long: "cib", Short: 'c', Help: "Compare/patch the inputs as a CIB (includes versions details)", Do: goption.Flag(&o.cib)},
			{Long: "stdin", Short: 's', Help: "", Do: goption.Flag(&o.stdin)},
			{Long: "no-version", Short: 'u', Help: "Generate the difference without versions details", Do: goption.Flag(&o.noVersion)},
		}},
	)
	return c
}

// Main runs the tool and returns its exit status.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var o options
	_, help, err := pcmktool.Parse(o.context(args), args, "nopNO", stdout)
	if help {
		return int(crmexit.OK)
	}
	if err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", pcmktool.Program(args), err)
		return int(crmexit.Usage)
	}
	log := o.NewLog("crm_diff", stderr)
	if o.Version {
		pcmktool.WriteVersion(stdout)
		return log.Exit(crmexit.OK)
	}
	return log.Exit(o.run(stdin, stdout, stderr, log))
}

func (o *options) run(stdin io.Reader, stdout, stderr io.Writer, log *pcmktool.Log) crmexit.Code {
	switch {
	case o.apply && o.noVersion:
		fmt.Fprintln(stderr, "warning: -u/--no-version ignored with -p/--patch")
	case o.cib && o.noVersion:
		fmt.Fprintln(stderr, "error: -u/--no-version incompatible with -c/--cib")
		return crmexit.Usage
	}
	r := &cibinput.Reader{Log: log, Stdin: stdin, Stderr: stderr}
	original := o.read(o.original, "first", r)
	next := o.read(o.next, "second", r)
	for _, d := range []struct {
		which string
		root  *etree.Element
	}{{"first", original}, {"second", next}} {
		if d.root == nil {
			fmt.Fprintf(stderr, "Could not parse the %s XML fragment\n", d.which)
			return crmexit.DataErr
		}
	}
	var err error
	code := crmexit.OK
	if o.apply {
		if err = patch.Apply(original, next, o.cib); err != nil {
			rc := result.RC(err)
			fmt.Fprintf(stderr, "Could not apply patch: %s\n", rc)
			return rc.Exit()
		}
		_, err = io.WriteString(stdout, text.Lines(original))
	} else if patchset := o.compare(original, next, log); patchset != nil {
		code = crmexit.RCError.Exit()
		_, err = io.WriteString(stdout, text.Lines(patchset))
	}
	if err != nil {
		return crmexit.IOErr
	}
	return code
}

// read reads a document; nil means that there is none.
func (o *options) read(from source, which string, r *cibinput.Reader) *etree.Element {
	var d *cibinput.Document
	switch {
	case from.text:
		d = r.Text(*from.value)
	case o.stdin:
		fmt.Fprintf(r.Stderr, "Input %s XML fragment:", which)
		d = r.Input()
	case from.value != nil:
		d = r.File(*from.value)
	}
	if d == nil {
		return nil
	}
	return d.Root
}

var versionFields = []string{"admin_epoch", "epoch", "num_updates"}

// compare is the patchset from original to next, or nil if they are equal (generate_patch).
func (o *options) compare(original, next *etree.Element, log *pcmktool.Log) *etree.Element {
	if o.noVersion { // as if both had one
		for _, field := range versionFields {
			if value, ok := document.Get(original, field); ok {
				next.CreateAttr(field, value)
			}
		}
	}
	d := document.New(next)
	d.Significant = o.cib
	var mismatch *document.MismatchError
	if err := d.Compare(original); errors.As(err, &mismatch) {
		line, call := 2514, "crm_element_name"
		if mismatch.What == "id" {
			line, call = 2516, "ID"
		}
		log.Always(loglevel.Error, "log_assertion_as", fmt.Sprintf("xml_calculate_changes: Triggered fatal assertion at xml.c:%d : "+
			"pcmk__str_eq(%[2]s(old_xml), %[2]s(new_xml), pcmk__str_casei)", line, call))
	}
	patchset, _ := patch.Create(original, d, patch.Options{})
	d.Accept()
	if patchset == nil {
		return nil
	}
	patch.AddDigest(patchset, original, next, o.cib)
	if o.noVersion {
		stripVersion(patchset)
	}
	for _, line := range patch.Describe(patchset, "generate_patch") {
		log.Print(loglevel.Notice, "generate_patch", line)
	}
	return patchset
}

// stripVersion takes all versions out of a patchset.
func stripVersion(patchset *etree.Element) {
	if patch.Format(patchset) == 2 {
		if version := patch.Child(patchset, "version"); version != nil {
			patchset.RemoveChild(version)
		}
		return
	}
	for _, name := range []string{"diff-removed", "diff-added"} {
		part := patch.Child(patchset, name)
		for _, e := range []*etree.Element{part, patch.Child(part, "cib")} {
			if e == nil {
				continue
			}
			for _, field := range versionFields {
				e.RemoveAttr(field)
			}
		}
	}
}
