package crmmsg

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/internal/featureset"
	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
)

// Names of attributes and of the element around a message's contents.
const (
	Type       = "t"
	Subtype    = "subt"
	Origin     = "origin"
	Version    = "version"
	Reference  = "reference"
	Task       = "crm_task"
	SystemTo   = "crm_sys_to"
	SystemFrom = "crm_sys_from"
	HostTo     = "crm_host_to"
	HostFrom   = "src"
	User       = "crm_user"
	Contents   = "crm_xml"
)

// Values of Subtype, and the only one of Type.
const (
	TypeCRM         = "crmd"
	SubtypeRequest  = "request"
	SubtypeResponse = "response"
)

// Subsystems, as SystemTo and SystemFrom have them.
const (
	Pacemakerd = "pacemakerd"
	CIB        = "cib"
	Controller = "crmd"
	DC         = "dc"
	Executor   = "lrmd"
	Fencer     = "stonithd"
	Scheduler  = "pengine"
	Transition = "tengine"
)

// Tasks that more than one daemon knows.
const (
	TaskHello  = "hello"
	TaskPECalc = "pe_calc"
	TaskPing   = "ping"
	TaskQuit   = "quit"
	// TaskRemoveNode has a node forgotten.
	TaskRemoveNode = "rm_node_cache"
)

// MessageName is what messages call a daemon: the name that it had before Pacemaker 2.0
// (pcmk__message_name). Other programs go by their own.
func MessageName(program string) string {
	switch program {
	case "":
		return "unknown"
	case "pacemaker-attrd":
		return "attrd"
	case "pacemaker-based":
		return CIB
	case "pacemaker-controld":
		return Controller
	case "pacemaker-execd":
		return Executor
	case "pacemaker-fenced":
		return "stonith-ng"
	case "pacemaker-schedulerd":
		return Scheduler
	}
	return program
}

// Request describes a request. Empty fields are left out.
type Request struct {
	Function string // that makes it
	Task     string
	HostTo   string // node
	SystemTo string // subsystem
	From     string // subsystem or program that asks
	UUID     string // and which of those that are called so
	Contents *etree.Element
	// GivenAway: the contents become part of the message in place of a copy, as a CIB should.
	GivenAway bool
}

// Maker numbers the requests of a process. The zero value is ready; it is not safe for
// concurrent use.
type Maker struct{ count uint32 }

// Request makes a request (create_request_adv). The element owns a copy of its
// contents, or them.
func (m *Maker) Request(r *Request, now time.Time) *etree.Element {
	from := r.From
	if r.UUID != "" {
		from = r.UUID + "_" + or(r.From, "none")
	}
	reference := fmt.Sprintf("%s-%s-%d-%d", or(r.Task, "_empty_"), or(r.From, "_empty_"), now.Unix(), m.count)
	m.count++
	e := envelope("create_request_adv", r.Function, SubtypeRequest)
	set(e, Reference, reference)
	set(e, Task, r.Task)
	set(e, SystemTo, r.SystemTo)
	set(e, SystemFrom, from)
	set(e, HostTo, r.HostTo)
	if r.GivenAway {
		e.CreateElement(Contents).AddChild(r.Contents)
	} else {
		contain(e, r.Contents)
	}
	return e
}

func or(s, instead string) string {
	if s == "" {
		return instead
	}
	return s
}

func envelope(tag, function, subtype string) *etree.Element {
	e := etree.NewElement(tag)
	set(e, Origin, function)
	e.CreateAttr(Type, TypeCRM)
	e.CreateAttr(Version, featureset.Current)
	e.CreateAttr(Subtype, subtype)
	return e
}

func set(e *etree.Element, name, value string) {
	if value != "" {
		e.CreateAttr(name, value)
	}
}

func contain(e, contents *etree.Element) {
	if contents != nil {
		e.CreateElement(Contents).AddChild(xmltree.Copy(contents))
	}
}

// ErrNoSubtype is a message that says neither that it is a request nor a reply.
var ErrNoSubtype = errors.New("message without " + Subtype)

// Reply makes the reply of a function to a message (create_reply_adv). It owns a copy of
// its contents, which may be nil.
func Reply(to *etree.Element, function string, contents *etree.Element) (*etree.Element, error) {
	if to.SelectAttr(Subtype) == nil {
		return nil, ErrNoSubtype
	}
	e := envelope("create_reply_adv", function, SubtypeResponse)
	for _, a := range [][2]string{{Reference, Reference}, {Task, Task}, {SystemTo, SystemFrom}, {SystemFrom, SystemTo}, {HostTo, HostFrom}} {
		set(e, a[0], to.SelectAttrValue(a[1], ""))
	}
	contain(e, contents)
	return e, nil
}

// LineAround is the document of a message without contents, with contents that are
// text already.
func LineAround(e *etree.Element, contents []byte) string {
	line := text.Line(e)
	if len(e.Child) == 0 {
		line = strings.TrimSuffix(line, "/>") + ">"
	} else {
		line = strings.TrimSuffix(line, "</"+e.Tag+">")
	}
	return line + "<" + Contents + ">" + string(contents) + "</" + Contents + "></" + e.Tag + ">"
}

// ContentsOf is what the message is about, or nil (get_message_xml).
func ContentsOf(e *etree.Element) *etree.Element {
	if holder := e.SelectElement(Contents); holder != nil {
		for _, t := range holder.Child {
			if child, ok := t.(*etree.Element); ok {
				return child
			}
		}
	}
	return nil
}
