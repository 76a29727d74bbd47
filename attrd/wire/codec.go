package wire

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/pcmk/election"
)

// ErrMalformed is a message that is none of attrd's.
var ErrMalformed = errors.New("malformed attrd message")

// Names of XML attributes and elements.
const (
	xmlType    = "t"
	xmlSubtype = "subt"
	xmlOrigin  = "src"
	xmlTask    = "task"
	xmlVersion = "attr_version"
	xmlWriter  = "attr_writer"
	xmlHostID  = "attr_host_id"
	xmlVote    = "crm_task"

	tagNode      = "node"
	tagOperation = "op"
	tagSynced    = "attrd_add_value_xml" // any will do
	tagMessage   = "create_attrd_op"     // likewise
)

type textField struct {
	name string
	at   **string
}

// texts are the attributes that are texts, in the order in which the reference's clients
// write them.
func (a *Attribute) texts() [11]textField {
	return [...]textField{
		{"attr_user", &a.User},
		{"attr_name", &a.Name},
		{"attr_regex", &a.Pattern},
		{"attr_value", &a.Value},
		{"attr_dampening", &a.Dampening},
		{"attr_host", &a.Host},
		{"attr_resource", &a.Resource},
		{"attr_clear_operation", &a.Operation},
		{"attr_clear_interval", &a.Interval},
		{"attr_set", &a.Set},
		{"attr_key", &a.UUID},
	}
}

type flagField struct {
	name string
	at   *Flag
}

func (a *Attribute) flags() [3]flagField {
	return [...]flagField{
		{"attr_is_remote", &a.Remote},
		{"attr_is_private", &a.Private},
		{"attrd_is_force_write", &a.Force},
	}
}

// IsVote tells whether a message of a peer belongs to the election of the writer.
func IsVote(e *etree.Element) bool { return e.SelectAttr(xmlVote) != nil }

// Encode is a message as XML.
func (m *Message) Encode() *etree.Element {
	tag := m.Tag
	if tag == "" {
		tag = tagMessage
	}
	e := etree.NewElement(tag)
	e.CreateAttr(xmlType, Service)
	set(e, xmlOrigin, m.Origin)
	if m.Answer {
		e.CreateAttr(xmlSubtype, string(Query))
	}
	m.Attribute.encode(e, m.Task)
	if m.Version != 0 {
		e.CreateAttr(xmlVersion, strconv.Itoa(m.Version))
	}
	if m.Version != 0 && !m.Answer || m.Writer != 0 {
		e.CreateAttr(xmlWriter, strconv.Itoa(int(m.Writer)))
	}
	for i := range m.Values {
		v := &m.Values[i]
		child := e.CreateElement(m.tagWithin())
		v.encode(child, v.Task)
	}
	return e
}

// tagWithin is what the elements in a message are called.
func (m *Message) tagWithin() string {
	switch {
	case m.Answer:
		return tagNode
	case m.Task == SyncResponse:
		return tagSynced
	}
	return tagOperation
}

func set(e *etree.Element, name string, value *string) {
	if value != nil {
		e.CreateAttr(name, *value)
	}
}

func (a *Attribute) encode(e *etree.Element, task Task) {
	for _, t := range a.texts() {
		if t.at == &a.Value && task != "" {
			e.CreateAttr(xmlTask, string(task))
		}
		set(e, t.name, *t.at)
		if t.at == &a.Host && a.HostID != 0 {
			e.CreateAttr(xmlHostID, strconv.FormatUint(uint64(a.HostID), 10))
		}
	}
	for _, f := range a.flags() {
		if *f.at != Absent {
			e.CreateAttr(f.name, strconv.Itoa(int(*f.at-No)))
		}
	}
}

// Decode reads a message. What is in elements of other names than the task has, and
// attributes that are not attrd's, are passed over. An error is an [ErrMalformed].
func Decode(e *etree.Element) (*Message, error) {
	if t := e.SelectAttrValue(xmlType, ""); t != Service {
		return nil, fmt.Errorf("%w: %s %q, want %q", ErrMalformed, xmlType, t, Service)
	}
	m := &Message{Tag: e.Tag, Origin: get(e, xmlOrigin), Task: Task(e.SelectAttrValue(xmlTask, ""))}
	if m.Task == "" {
		// Managers before 2.1.3 do not say of answers that they are.
		if s := e.SelectAttrValue(xmlSubtype, string(Query)); s != string(Query) {
			return nil, fmt.Errorf("%w: %s %q, want %q", ErrMalformed, xmlSubtype, s, Query)
		}
		m.Answer = true
	}
	var err error
	if m.Version, err = number(e, xmlVersion); err != nil {
		return nil, err
	}
	writer, err := number(e, xmlWriter)
	if err != nil {
		return nil, err
	}
	if m.Writer = election.State(writer); m.Writer > election.Invalid {
		return nil, fmt.Errorf("%w: %s %d is no state", ErrMalformed, xmlWriter, writer)
	}
	if err := m.Attribute.decode(e); err != nil {
		return nil, err
	}
	for _, child := range e.ChildElements() {
		if m.Task != SyncResponse && child.Tag != m.tagWithin() {
			continue
		}
		v := Attribute{Task: Task(child.SelectAttrValue(xmlTask, ""))}
		if err := v.decode(child); err != nil {
			return nil, fmt.Errorf("%w, in element %d", err, len(m.Values)+1)
		}
		m.Values = append(m.Values, v)
	}
	return m, nil
}

func get(e *etree.Element, name string) *string {
	if a := e.SelectAttr(name); a != nil {
		value := a.Value
		return &value
	}
	return nil
}

func (a *Attribute) decode(e *etree.Element) error {
	for _, t := range a.texts() {
		*t.at = get(e, t.name)
	}
	id, err := number(e, xmlHostID)
	if err != nil {
		return err
	}
	a.HostID = uint32(id)
	for _, f := range a.flags() {
		if e.SelectAttr(f.name) == nil {
			continue
		}
		n, err := number(e, f.name)
		if err != nil {
			return err
		}
		*f.at = FlagOf(n != 0)
	}
	return nil
}

// number is an attribute from 0 to 2^31-1, and 0 if it is not there.
func number(e *etree.Element, name string) (int, error) {
	a := e.SelectAttr(name)
	if a == nil {
		return 0, nil
	}
	const bits = 31
	n, err := strconv.ParseUint(a.Value, 10, bits)
	if err != nil {
		return 0, fmt.Errorf("%w: %s %q, want a number from 0 to %d", ErrMalformed, name, a.Value, 1<<bits-1)
	}
	return int(n), nil
}
