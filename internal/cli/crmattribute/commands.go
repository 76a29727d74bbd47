package crmattribute

import (
	"errors"
	"fmt"
	"regexp"
	"syscall"

	"github.com/beevik/etree"

	attrd "github.com/ringmaster-ha/ringmaster/attrd/client"
	"github.com/ringmaster-ha/ringmaster/attrd/wire"
	"github.com/ringmaster-ha/ringmaster/cib/attrs"
	"github.com/ringmaster-ha/ringmaster/internal/cli/pcmktool"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// place is where the value is or shall be.
func (t *tool) place() attrs.Place {
	p := attrs.Place{Section: *t.section, SetType: t.setType, Set: t.set, ID: t.id, Name: t.name}
	if t.own {
		p.Node = &t.node.UUID
	}
	return p
}

// all is where all pairs are that a pattern may mean.
func (t *tool) all() attrs.Place {
	p := t.place()
	p.ID, p.Name = nil, nil
	return p
}

// orNull is a text as C prints it.
func orNull(s *string) string {
	if s == nil {
		return "(null)"
	}
	return *s
}

func text(e *etree.Element, name string) *string {
	if a := e.SelectAttr(name); a != nil {
		return &a.Value
	}
	return nil
}

// matches tells whether a name is one that the pattern means; an invalid pattern means none.
func (t *tool) matches(name *string) bool {
	if name == nil {
		return false
	}
	re, err := regexp.CompilePOSIX(*t.pattern)
	if err != nil {
		t.log.Print(loglevel.Error, "pcmk__strcmp", fmt.Sprintf("Bad regex '%s' for update: %v", *t.pattern, err))
		return false
	}
	return re.MatchString(*name)
}

// tellManager leaves a change to the manager of attributes (send_attrd_update).
func (t *tool) tellManager() error {
	a := wire.Attribute{Name: t.name, Value: t.value, Host: t.host, Set: t.set, Remote: wire.FlagOf(t.node.Remote)}
	if t.pattern != nil {
		a.Name, a.Pattern = nil, t.pattern
	}
	m := attrd.Delete(program, a)
	if t.command == update {
		m = attrd.Update(program, wire.Update, a)
	}
	rc := crmexit.RCOK
	if a.Name == nil && a.Pattern == nil {
		rc = attrs.RC(syscall.EINVAL)
	} else {
		rc = attrd.RC(attrd.Send(t.ctx, attrd.Options{}, m))
	}
	if rc != crmexit.RCOK {
		_, err := pcmktool.Fail(rc.Exit(), "Could not update %s=%s: %s (%d)", orNull(t.name), orNull(t.value), rc, int(rc))
		return err
	}
	value := "<none>"
	if t.command == update {
		value = *t.value
	}
	t.log.Print(loglevel.Info, "main", fmt.Sprintf("Update %s=%s sent via pacemaker-attrd", orNull(t.name), value))
	return nil
}

// each calls f for each pair that the pattern means, until it fails. Where there is a single pair,
// the reference looks for pairs inside of it.
func (t *tool) each(f func(p attrs.Place) error) error {
	found, err := attrs.Find(t.ctx, t.cib, t.all())
	if err != nil {
		return err
	}
	for _, e := range attrs.Children(found) {
		name := text(e, "name")
		if !t.matches(name) {
			continue
		}
		p := t.place()
		p.Name = name
		if err := f(p); err != nil {
			return err
		}
	}
	return nil
}

// delete is -D. What is not there need not be deleted.
func (t *tool) delete() error {
	one := func(p attrs.Place) error {
		if err := t.deleteOne(p); err != nil && !attrs.IsMissing(err) {
			return err
		}
		return nil
	}
	if t.pattern == nil {
		return one(t.place())
	}
	if err := t.each(one); err != nil && !attrs.IsMissing(err) {
		return err
	}
	return nil
}

func (t *tool) deleteOne(p attrs.Place) error {
	id, err := attrs.Delete(t.ctx, t.cib, p, t.call)
	var several *attrs.MultipleError
	switch {
	case errors.As(err, &several):
		t.list(p, several)
		return nil // it shall not matter
	case err != nil:
		return err
	}
	kind := "option"
	if p.Node != nil {
		kind = "attribute"
	}
	line := fmt.Sprintf("Deleted %s %s: id=%s", p.Section, kind, orNull(id))
	if p.Set != nil {
		line += " set=" + *p.Set
	}
	if p.Name != nil {
		line += " name=" + *p.Name
	}
	t.info("%s", line)
	return nil
}

// info shows a line where that is wanted.
func (t *tool) info(format string, args ...any) {
	if !t.quiet {
		t.out.Info(format, args...)
	}
}

// list shows what there is to choose from.
func (t *tool) list(p attrs.Place, several *attrs.MultipleError) {
	t.info("Multiple attributes match name=%s", orNull(p.Name))
	for _, e := range several.Matches {
		t.info("  Value: %s \t(id=%s)", orNull(text(e, "value")), orNull(text(e, "id")))
	}
}

// update is -v.
func (t *tool) update() error {
	if t.pattern == nil {
		return t.updateOne(t.place())
	}
	return t.each(t.updateOne)
}

func (t *tool) updateOne(p attrs.Place) error {
	err := attrs.Update(t.ctx, t.cib, p, *t.value, attrs.Change{Options: t.call, Remote: t.node.Remote})
	var several *attrs.MultipleError
	var refused *attrs.UpdateError
	switch {
	case errors.As(err, &several):
		t.list(p, several)
	case errors.As(err, &refused):
		set := "<null>"
		if refused.Set != nil {
			set = *refused.Set
		}
		t.out.Err("Error setting %s=%s (section=%s, set=%s): %s", orNull(refused.Name), *t.value, refused.Section, set, attrs.RC(refused.Err))
	}
	return err
}

// query is -G.
func (t *tool) query() error {
	p := t.place()
	if t.pattern != nil {
		p = t.all()
	}
	found, err := attrs.Find(t.ctx, t.cib, p)
	switch {
	case attrs.IsMissing(err) && t.fallback != nil:
		t.show(t.name, t.fallback, t.host)
		return nil
	case err != nil:
		return err
	}
	pairs := attrs.Children(found)
	if len(pairs) == 0 {
		t.showPair(found)
		return nil
	}
	shown := false
	for _, e := range pairs {
		shown = t.showPair(e) || shown
	}
	if !shown {
		return syscall.ENXIO
	}
	return nil
}

func (t *tool) showPair(e *etree.Element) bool {
	name, value := text(e, "name"), text(e, "value")
	if t.pattern != nil && !t.matches(name) {
		return false
	}
	t.show(name, value, text(e, "attr_host"))
	in := ""
	if t.set != nil {
		in = "in " + *t.set
	}
	shown := [...]string{"<null>", ""}
	for i, s := range []*string{name, value} {
		if s != nil {
			shown[i] = *s
		}
	}
	t.log.Print(loglevel.Info, "output_one_attribute", fmt.Sprintf("Read %s='%s' %s", shown[0], shown[1], in))
	return true
}

// show shows a value.
func (t *tool) show(name, value, host *string) {
	var of []string
	if name != nil {
		of = append(of, "name", *name)
	}
	plain := ""
	if value != nil {
		plain = *value
	}
	if e := t.out.Element("attribute", append(of, "value", plain)...); e != nil {
		for _, a := range []struct {
			name  string
			value *string
		}{{"scope", t.section}, {"id", t.id}, {"host", host}} {
			if a.value != nil && *a.value != "" {
				e.Set(a.name, *a.value)
			}
		}
		return
	}
	if t.quiet {
		if value != nil {
			t.out.Printf("%s\n", *value)
		}
		return
	}
	line := "scope=" + *t.section + " "
	if t.id != nil {
		line += "id=" + *t.id
	}
	line += " "
	if name != nil {
		line += "name=" + *name
	}
	t.info("%s", line+" value="+orNull(value))
}
