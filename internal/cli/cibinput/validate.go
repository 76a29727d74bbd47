package cibinput

import (
	"fmt"
	"slices"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/schema"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// AddStatus gives a CIB a status section if it has none, and tells whether it had one.
func AddStatus(cib *etree.Element) bool {
	if cib.SelectElement("status") != nil {
		return true
	}
	cib.CreateElement("status")
	return false
}

// Validate tells whether the CIB is what it claims to be. What is wrong goes to stderr,
// as libxml2 prints it. One that claims nothing is tried with all versions, and the last
// that takes it becomes its own: none, which takes all (validate_xml).
func (r *Reader) Validate(d *Document) bool { return r.validate(d, false) }

// validate is Validate, by which what is wrong may go to the log instead.
func (r *Reader) validate(d *Document, toLog bool) bool {
	at := d.Root.SelectAttr("validate-with")
	if at == nil {
		for _, version := range append(schema.Versions(), schema.None) {
			if r.validateWith(d, version, false) {
				d.Root.CreateAttr("validate-with", version.String())
				r.Log.Print(loglevel.Info, "validate_xml", "XML validated against "+version.String())
			}
		}
		return true
	}
	if at.Value == schema.None.String() {
		return true
	}
	return r.validateWith(d, schema.Named(at.Value), toLog)
}

func (r *Reader) validateWith(d *Document, version schema.Version, toLog bool) bool {
	if version == schema.Next {
		r.Log.Print(loglevel.Warning, "validate_with", "The pacemaker-next schema is deprecated and will be removed in a future release.")
	}
	if version.Validate(d.Root) {
		return true
	}
	r.refused(d, version.Explain(d.Root), toLog)
	return false
}

// refused says what is wrong with a document.
func (r *Reader) refused(d *Document, faults []schema.Fault, toLog bool) {
	for _, f := range faults {
		if toLog {
			r.Log.Print(loglevel.Error, "xml_log", f.Text)
		} else {
			fmt.Fprintln(r.Stderr, f.Print(d.file, d.line))
		}
	}
}

// line is the line of an element of the document, or of a copy of it; 0 if there is
// none.
func (d *Document) line(e *etree.Element) int {
	if at, ok := d.lines[e]; ok {
		return at
	}
	return d.lines[d.original(e)]
}

// original is the element as read in the place of e, or nil.
func (d *Document) original(e *etree.Element) *etree.Element {
	parent := e.Parent()
	if parent == nil || parent.Tag == "" {
		return d.read
	}
	place := slices.Index(parent.ChildElements(), e)
	if parent = d.original(parent); parent == nil {
		return nil
	}
	if siblings := parent.ChildElements(); place < len(siblings) && siblings[place].Tag == e.Tag {
		return siblings[place]
	}
	return nil
}

// Update brings the CIB to a version that the scheduler knows, and says what comes of
// it. With false there is none (cli_config_update).
func (r *Reader) Update(d *Document) bool {
	upgraded, ok := schema.UpdateConfigurationWith(d.Root, schema.Options{Explain: true})
	r.tell(d, upgraded.Messages)
	if ok {
		d.Root = upgraded.CIB
	}
	return ok
}

// tell says what an upgrade of a document has to say.
func (r *Reader) tell(d *Document, messages []schema.Message) {
	for _, m := range messages {
		switch m.Kind {
		case schema.Configuration, schema.Transforming:
			fmt.Fprintln(r.Stderr, m.Text)
		case schema.Logging:
			if m.XML != nil {
				LogXML(m.XML, func(line string) { r.Log.Print(level(m), "update_validation", m.Text+" "+line) })
			} else {
				r.Log.Print(level(m), "update_validation", m.Text)
			}
		case schema.Refused:
			copied := *d
			copied.file = "" // it is no more the document that was read
			r.refused(&copied, m.Faults, m.Logged)
		}
	}
}

func level(m schema.Message) loglevel.Level { return loglevel.Level(m.Level) }
