package ops

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/acl"
	"github.com/ringmaster-ha/ringmaster/cib/document"
	"github.com/ringmaster-ha/ringmaster/cib/patch"
	"github.com/ringmaster-ha/ringmaster/cib/schema"
	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/internal/featureset"
	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
)

// Perform does what a request asks for with a CIB, which stays as it is (cib_perform_op).
func Perform(cib *etree.Element, req Request) (Result, error) {
	w := &work{Request: req, current: cib}
	// Only a part of the data may be meant, as in cib_prepare_common.
	if req.Section != "" && req.Data != nil && req.Data.Tag == "cib" && !req.XPath {
		w.Data = Section(req.Data, req.Section)
	}
	if req.Op == Query {
		return w.query()
	}
	return w.change()
}

// work is a request being performed.
type work struct {
	Request
	current *etree.Element     // the CIB given
	next    *document.Document // what it becomes
	answer  *etree.Element
	taken   *taken // from the CIB given; nil for nothing
}

func (w *work) query() (Result, error) {
	visible := w.current
	if acl.Enabled(w.current, w.User, w.Now) {
		if visible = acl.Filter(w.current, w.current, w.User); visible == nil {
			return Result{}, ErrDenied
		}
	}
	answer, err := w.find(visible)
	return Result{CIB: w.current, Answer: answer}, err
}

func (w *work) change() (Result, error) {
	w.next = document.New(w.copyCurrent())
	w.next.Track(w.guard(w.current))
	err := w.process()
	if err == nil && !w.next.Tracking() {
		w.next.Track(w.guard(w.current))
		order := slices.Clone(w.next.Root.Attr)
		brought := w.exchangeNotes()
		if mismatch := w.next.Compare(w.current); mismatch != nil {
			err = nil // the reference goes on as if nothing had changed
		}
		if w.next.Dirty() {
			w.note(brought)
		} else {
			order = w.current.Attr
		}
		if len(brought) > 0 {
			sortAttributes(w.next.Root, order)
		}
	}
	w.next.Unguard()
	if err == nil {
		err = w.admit()
	}
	if err != nil {
		return w.failed(err)
	}
	w.massage()

	var r Result
	r.Patchset, r.ConfigChanged = patch.Create(w.current, w.next, patch.Options{Count: !w.Uncounted})
	w.next.Accept()
	root := w.next.Root
	if r.Patchset != nil {
		patch.AddDigest(r.Patchset, w.current, root, w.WithDigest)
	}
	if r.ConfigChanged && !w.NoTime {
		w.stamp(root)
	}
	if !document.EqualFold(w.Section, "status") && !Validate(root) {
		f, err := w.failed(ErrSchema)
		f.Patchset = r.Patchset
		return f, err
	}
	r.CIB, r.Answer = root, w.answer
	return r, nil
}

// notes are what a node writes of itself into a CIB that it has changed.
var notes = []string{"cib-last-written", "update-origin", "update-client", "update-user"}

// note is one of them; value is nil if a CIB has it not.
type note struct {
	name  string
	value *string
}

// exchangeNotes gives the outcome the notes of the CIB given, and returns its own where they differ.
func (w *work) exchangeNotes() (brought []note) {
	if !w.OwnNotes {
		return nil
	}
	for _, name := range notes {
		is, has := document.Get(w.next.Root, name)
		was, had := document.Get(w.current, name)
		if is == was && has == had {
			continue
		}
		n := note{name: name}
		if has {
			n.value = &is
		}
		brought = append(brought, n)
		if had {
			w.next.Root.CreateAttr(name, was)
		} else {
			w.next.Root.RemoveAttr(name)
		}
	}
	return brought
}

// note writes notes.
func (w *work) note(notes []note) {
	for _, n := range notes {
		if n.value != nil {
			w.next.Set(w.next.Root, n.name, *n.value)
		} else {
			w.next.Unset(w.next.Root, n.name)
		}
	}
}

// sortAttributes puts the attributes of an element into the order that others have; those which are not among them
// come last. What was exchanged is where it was then: the digest of a CIB follows from that, too.
func sortAttributes(e *etree.Element, order []etree.Attr) {
	place := func(a etree.Attr) int {
		if i := slices.IndexFunc(order, func(o etree.Attr) bool { return o.FullKey() == a.FullKey() }); i >= 0 {
			return i
		}
		return len(order)
	}
	slices.SortStableFunc(e.Attr, func(a, b etree.Attr) int { return cmp.Compare(place(a), place(b)) })
}

// guard is what the user may do, by a CIB's permissions; nil if they do not matter.
func (w *work) guard(cib *etree.Element) document.Guard {
	if !acl.Enabled(cib, w.User, w.Now) {
		return nil
	}
	return acl.Of(cib, w.User)
}

// failed is the result with an error: what the user may see of what would have been.
func (w *work) failed(err error) (Result, error) {
	w.next.Accept()
	if w.taken != nil {
		w.taken.giveBack()
		return Result{Answer: w.answer}, err
	}
	r := Result{CIB: w.next.Root, Answer: w.answer}
	if acl.Enabled(w.current, w.User, w.Now) {
		r.CIB = acl.Filter(w.current, w.next.Root, w.User)
	}
	return r, err
}

// admit tells whether the outcome may take the CIB's place.
func (w *work) admit() error {
	root := w.next.Root
	if w.next.Denied() {
		return ErrDenied
	}
	if set, ok := document.Get(root, "crm_feature_set"); ok && featureset.Compare(set, featureset.Current) > 0 {
		return fmt.Errorf("%w: feature set %s is newer than %s", ErrUnsupported, set, featureset.Current)
	}
	for _, field := range []string{"admin_epoch", "epoch"} {
		was, _ := patch.Int(w.current, field)
		is, _ := patch.Int(root, field)
		if was > is {
			return &StepBack{field, was, is}
		}
		if was < is {
			break
		}
	}
	return nil
}

// stamp notes who changed the configuration, and when.
func (w *work) stamp(root *etree.Element) {
	root.CreateAttr("cib-last-written", w.Written)
	claimed, ok := document.Get(root, "validate-with")
	if !ok || schema.Named(claimed) < schema.Named("pacemaker-1.2") {
		return
	}
	for _, a := range [][2]string{{"update-origin", w.Origin}, {"update-client", w.Client}, {"update-user", w.User.Name}} {
		if a[1] == "" {
			root.RemoveAttr(a[0])
		} else {
			root.CreateAttr(a[0], a[1])
		}
	}
}

// Validate tells whether a CIB is what it claims to be. One that claims nothing becomes one that
// is not validated (validate_xml: it is tried with all schemas, and the last is none).
func Validate(cib *etree.Element) bool {
	claimed, ok := document.Get(cib, "validate-with")
	if !ok {
		cib.CreateAttr("validate-with", schema.None.String())
		return true
	}
	return schema.Named(claimed).Validate(cib)
}

// Empty is a CIB without content, of an epoch (createEmptyCib).
func Empty(epoch string) *etree.Element {
	cib := etree.NewElement("cib")
	for _, a := range [][2]string{
		{"crm_feature_set", featureset.Current}, {"validate-with", schema.Latest.String()}, {"epoch", epoch}, {"num_updates", "0"}, {"admin_epoch", "0"},
	} {
		cib.CreateAttr(a[0], a[1])
	}
	configuration := cib.CreateElement("configuration")
	cib.CreateElement("status")
	for _, name := range []string{"crm_config", "nodes", "resources", "constraints"} {
		configuration.CreateElement(name)
	}
	return cib
}

func (w *work) process() error {
	switch w.Op {
	case Create:
		return w.create()
	case Modify:
		return w.modify()
	case Delete:
		return w.remove()
	case Replace:
		return w.replace()
	case Erase:
		return w.erase()
	case Bump:
		w.raise("epoch", false)
		return nil
	case Upgrade:
		return w.upgrade()
	case Patch:
		return w.patch()
	}
	return fmt.Errorf("%w: operation %q", ErrUnsupported, w.Op)
}

// become makes another document the outcome, whose changes are found afterwards.
func (w *work) become(root *etree.Element) {
	w.next = document.New(root)
}

// raise counts a part of the version up, or begins it anew at 1 (cib_update_counter).
func (w *work) raise(field string, reset bool) {
	value, ok := document.Get(w.next.Root, field)
	n := 0
	if ok && !reset {
		n = leadingInt(value)
	}
	w.next.Set(w.next.Root, field, fmt.Sprint(n+1))
}

// leadingInt is C's atoi, in 32 bits.
func leadingInt(s string) int {
	e := etree.NewElement("n")
	e.CreateAttr("n", s)
	n, _ := patch.Int(e, "n")
	if n == -1 && (s == "" || s[0] != '-') {
		return 0
	}
	return n
}

func (w *work) erase() error {
	erased := document.New(Empty("0"))
	for i := range w.current.Attr {
		if a := &w.current.Attr[i]; text.IsAttribute(a) {
			expand(erased, erased.Root, a.Key, a.Value)
		}
	}
	w.next = erased
	w.raise("admin_epoch", false)
	return nil
}

func (w *work) upgrade() error {
	claimed, ok := document.Get(w.current, "validate-with")
	was := schema.V1_0
	if ok {
		was = schema.Named(claimed)
	}
	upgraded, err := schema.Upgrade(xmltree.Copy(w.current), schema.Options{Max: w.SchemaMax})
	if upgraded.Version > was {
		w.become(upgraded.CIB)
		w.raise("admin_epoch", false)
		w.raise("epoch", true)
		w.raise("num_updates", true)
		return nil
	}
	switch {
	case errors.Is(err, schema.ErrInvalid):
		return ErrSchema
	case err != nil:
		return ErrTransform
	}
	return nil
}

func (w *work) patch() error {
	if w.Data == nil {
		return nil
	}
	root := xmltree.Copy(w.current)
	w.become(root)
	return patch.Apply(root, w.Data, true)
}
