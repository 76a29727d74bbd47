package cibadmin

import (
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/beevik/etree"
	"golang.org/x/sys/unix"

	"github.com/ringmaster-ha/ringmaster/cib/acl"
	"github.com/ringmaster-ha/ringmaster/cib/client"
	"github.com/ringmaster-ha/ringmaster/cib/schema"
	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/account"
)

// look is how what a user may do with an element is shown.
type look struct {
	signs      [3]string // by acl.Access
	reset      string    // after each element
	namespaces bool      // signs are prefixes of names
	lines      bool      // signs have lines of their own
}

const prefix = "pcmk-access-"

var looks = sync.OnceValue(func() map[access]look {
	return map[access]look{
		namespaceAccess: {signs: [3]string{prefix + "denied:", prefix + "readable:", prefix + "writable:"}, namespaces: true},
		colorAccess:     {signs: [3]string{"\x1b[31m", "\x1b[34m", "\x1b[32m"}, reset: "\x1b[0m"},
		textAccess:      {signs: [3]string{"vvv---[ ~DENIED~ ]---vvv", "vvv---[ READABLE ]---vvv", "vvv---[ WRITABLE ]---vvv"}, lines: true},
	}
})

// showAccess is an answer with what a user may see and change of it
// (pcmk__acl_annotate_permissions and the stylesheet access-render-2).
func (t *tool) showAccess(answer *etree.Element, seenBy *string) (string, error) {
	if seenBy == nil || strings.ContainsAny(*seenBy, "<>&") {
		return "", errInvalid
	}
	user := acl.User{Name: *seenBy, InGroup: func(group string) bool { return account.InGroup(*seenBy, group) }}
	if !user.Required() {
		return "", &client.Refused{RC: crmexit.RCAlready}
	}
	if version := answer.SelectAttr("validate-with"); version != nil && schema.Named(version.Value) < schema.V2_0 {
		return "", &client.Refused{RC: crmexit.RCSchemaValidation}
	}
	how := t.access
	if how == autoAccess {
		how = textAccess
		if f, ok := t.stdout.(*os.File); ok && isTerminal(f) {
			how = colorAccess
		}
	}
	if answer.Parent() == nil {
		etree.NewDocumentWithRoot(answer)
	}
	r := renderer{look: looks()[how], access: acl.Evaluate(answer, user), root: answer}
	fmt.Fprintf(&r.b, "<!-- ACLs as evaluated for user %s -->\n", *seenBy)
	r.element(answer, 0)
	return r.b.String(), nil
}

func isTerminal(f *os.File) bool {
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}

type renderer struct {
	look
	access func(*etree.Element) acl.Access
	root   *etree.Element
	b      strings.Builder
}

// sign is an element's, or "" where that of the one around it says the same.
func (r *renderer) sign(e *etree.Element) string {
	own := r.access(e)
	if r.reset == "" && e != r.root && r.access(e.Parent()) == own {
		return ""
	}
	return r.signs[own]
}

// element writes an element. Values are not escaped, as in the reference.
func (r *renderer) element(e *etree.Element, depth int) {
	sign := r.sign(e)
	indent := "\n" + strings.Repeat("  ", depth)
	switch {
	case r.lines && sign != "" && e == r.root:
		r.b.WriteString(sign + "\n<")
	case r.lines && sign != "":
		r.b.WriteString(indent + sign + indent + "<")
	case r.namespaces:
		r.b.WriteString("<" + sign)
	default:
		r.b.WriteString(sign + "<")
	}
	r.b.WriteString(e.Tag)
	for i := range e.Attr {
		if a := &e.Attr[i]; text.IsAttribute(a) {
			r.b.WriteString(" " + a.Key + `="` + a.Value + `"`)
		}
	}
	if r.namespaces && e == r.root {
		r.declare()
	}
	if len(e.Child) == 0 {
		r.b.WriteString("/>" + r.reset)
		return
	}
	r.b.WriteByte('>')
	for _, token := range e.Child {
		r.b.WriteString(indent + "  ")
		switch c := token.(type) {
		case *etree.Element:
			r.element(c, depth+1)
		case *etree.Comment:
			r.b.WriteString("<!-- " + c.Data + " -->\n")
		}
	}
	r.b.WriteString(indent)
	switch {
	case r.namespaces:
		r.b.WriteString("</" + sign)
	case r.lines:
		r.b.WriteString("</")
	default:
		r.b.WriteString(sign + "</")
	}
	r.b.WriteString(e.Tag + ">" + r.reset)
}

// declare writes the declarations of the prefixes that there are.
func (r *renderer) declare() {
	var used [3]bool
	var look func(e *etree.Element)
	look = func(e *etree.Element) {
		used[r.access(e)] = true
		for _, c := range e.ChildElements() {
			look(c)
		}
	}
	look(r.root)
	for _, a := range []acl.Access{acl.Writable, acl.Readable, acl.Denied} {
		if used[a] {
			name := strings.TrimSuffix(r.signs[a], ":")
			fmt.Fprintf(&r.b, ` xmlns:%s="http://clusterlabs.org/ns/pacemaker/access/%s"`, name, strings.TrimPrefix(name, prefix))
		}
	}
}
