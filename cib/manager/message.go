package manager

import (
	"strconv"
	"strings"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/document"
	"github.com/ringmaster-ha/ringmaster/cib/patch"
	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/packed"
)

// The attributes of messages (lib/cib's F_CIB_* and those of lib/common), and the elements that hold what
// they are about.
const (
	fType       = "t"
	fSubtype    = "subt"
	fOrigin     = "src"
	fClient     = "cib_clientid"
	fClientName = "cib_clientname"
	fCallID     = "cib_callid"
	fOptions    = "cib_callopt"
	fOperation  = "cib_op"
	fSection    = "cib_section"
	fHost       = "cib_host"
	fReplyTo    = "cib_isreplyto"
	fDelegate   = "cib_delegated_from"
	fResult     = "cib_rc"
	fUser       = "cib_user"
	fACLUser    = "acl_target"
	fGlobal     = "cib_update"
	fPing       = "cib_ping_id"
	fSchemaMax  = "cib_schema_max"
	fUpgradeRC  = "cib_upgrade_rc"
	fObject     = "cib_object"
	fObjectType = "cib_object_type"
	fNotify     = "cib_notify_type"
	fActivate   = "cib_notify_activate"
	fSections   = "cib_change_section"
	fFeatures   = "crm_feature_set"
	fDigest     = "digest"

	dataHolder  = "cib_calldata"
	diffHolder  = "cib_update_diff"
	inputHolder = "cib_update"
	afterHolder = "cib_update_result"

	typeCIB    = "cib"
	typeNotify = "cib_notify"
)

// options are a request's (enum cib_call_options).
type options int

const (
	optXPath      options = 0x2
	optMultiple   options = 0x4
	optCanCreate  options = 0x8
	optNoReply    options = 0x10
	optNoChildren options = 0x20
	optPaths      options = 0x40
	optMixed      options = 0x80
	optLocal      options = 0x100
	optDryRun     options = 0x200
	optSync       options = 0x1000
	optNoTime     options = 0x2000
	optZeroCopy   options = 0x4000
	optQuiet      options = 0x10000
	optAlone      options = 0x1000000 // inhibits broadcasts
	optForceDiff  options = 0x10000000
)

func (o options) has(all options) bool { return o&all == all }

func optionsOf(m *etree.Element) options {
	n, _ := patch.Int(m, fOptions)
	return options(n)
}

// get is an attribute, "" if it is not there.
func get(m *etree.Element, name string) string {
	value, _ := document.Get(m, name)
	return value
}

// isTrue tells whether an attribute is set to one of the reference's words for true.
func isTrue(m *etree.Element, name string) bool {
	switch strings.ToLower(get(m, name)) {
	case "true", "on", "yes", "y", "1":
		return true
	}
	return false
}

// held is what an element of a message holds, or nil (get_message_xml).
func held(m *etree.Element, holder string) *etree.Element {
	if m == nil {
		return nil
	}
	h := patch.Child(m, holder)
	if h == nil {
		return nil
	}
	for _, token := range h.Child {
		if e, ok := token.(*etree.Element); ok {
			return e
		}
	}
	return nil
}

// message is one being made. It is written down at the end, so that a CIB in it
// needs no copy.
type message struct {
	head  *etree.Element // the element without what it holds
	parts []part
}

// usualAttrs is how many attributes a message has room for from the beginning.
const usualAttrs = 8

type part struct {
	holder string
	data   *etree.Element
	inner  *message       // instead of data
	shared *packed.Shared // likewise; of the last part only
}

func newMessage(tag string) *message {
	m := &message{head: etree.NewElement(tag)}
	m.head.Attr = make([]etree.Attr, 0, usualAttrs)
	return m
}

// set gives the message an attribute.
func (m *message) set(name, value string) *message {
	m.head.CreateAttr(name, value)
	return m
}

// setInt gives the message a number.
func (m *message) setInt(name string, value int) *message {
	return m.set(name, strconv.Itoa(value))
}

// copyOf gives the message an attribute of another, if that has it.
func (m *message) copyOf(other *etree.Element, from, to string) *message {
	if value, ok := document.Get(other, from); ok {
		m.set(to, value)
	}
	return m
}

// hold puts an element into one that holds it.
func (m *message) hold(holder string, data *etree.Element) *message {
	m.parts = append(m.parts, part{holder: holder, data: data})
	return m
}

// holdMessage is hold of a message.
func (m *message) holdMessage(holder string, inner *message) *message {
	m.parts = append(m.parts, part{holder: holder, inner: inner})
	return m
}

// holdShared is hold of an element whose text other messages share. It is to be the last.
func (m *message) holdShared(holder string, data *packed.Shared) *message {
	m.parts = append(m.parts, part{holder: holder, shared: data})
	return m
}

func (m *message) String() string { return m.text().String() }

// text is the document.
func (m *message) text() packed.Text {
	var t packed.Text
	b := text.AppendLine(make([]byte, 0, 512), m.head)
	if len(m.parts) == 0 {
		t.Head = string(b)
		return t
	}
	b = append(b[:len(b)-len("/>")], '>')
	for _, p := range m.parts {
		b = append(append(append(b, '<'), p.holder...), '>')
		switch {
		case p.shared != nil:
			t.Head, t.Shared, b = string(b), p.shared, b[:0]
		case p.inner != nil:
			b = append(b, p.inner.String()...)
		default:
			b = text.AppendLine(b, p.data)
		}
		b = append(append(append(b, "</"...), p.holder...), '>')
	}
	b = append(append(append(b, "</"...), m.head.Tag...), '>')
	if t.Shared != nil {
		t.Tail = string(b)
	} else {
		t.Head = string(b)
	}
	return t
}

// shallow is a message with the attributes of an element.
func shallow(tag string, e *etree.Element) *message {
	m := newMessage(tag)
	for i := range e.Attr {
		if a := &e.Attr[i]; text.IsAttribute(a) {
			m.set(a.Key, a.Value)
		}
	}
	return m
}
