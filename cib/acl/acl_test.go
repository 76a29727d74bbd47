package acl

import (
	"testing"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/internal/iso8601"
	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
)

func read(t testing.TB, xml string) *etree.Element {
	t.Helper()
	doc, err := xmltree.Parse([]byte(xml), xmltree.DropText)
	if err != nil {
		t.Fatal(err)
	}
	return doc.Root()
}

// TestFilter: what is left of a document for a user called u with permissions.
func TestFilter(t *testing.T) {
	const content = `<r><a id="1" x="y"><!-- c --><b id="2" z="1"/></a><a id="3"/></r>`
	for acls, want := range map[string]string{
		``: "",
		`<acl_target id="v"><role id="r"/></acl_target><acl_role id="r"><acl_permission id="p" kind="read" xpath="//r"/></acl_role>`:                                                  "",
		`<acl_target id="u"><role id="r"/></acl_target><acl_role id="r"><acl_permission id="p" kind="read" xpath="//r"/></acl_role>`:                                                  content,
		`<acl_target id="x" name="u"><role id="r"/></acl_target><acl_role id="r"><acl_permission id="p" kind="write" xpath="//r"/></acl_role>`:                                        content,
		`<acl_group id="g"><role id="r"/></acl_group><acl_role id="r"><acl_permission id="p" kind="read" reference="3"/></acl_role>`:                                                  `<r><a id="3"/></r>`,
		`<acl_group id="other"><role id="r"/></acl_group><acl_role id="r"><acl_permission id="p" kind="read" reference="3"/></acl_role>`:                                              "",
		`<acl_target id="u"><role id="r"/></acl_target><acl_role id="r"><acl_permission id="p" kind="read" object-type="b"/></acl_role>`:                                              `<r><a id="1"><b id="2" z="1"/></a></r>`,
		`<acl_target id="u"><role id="r"/></acl_target><acl_role id="r"><acl_permission id="p" kind="read" object-type="a" attribute="x"/></acl_role>`:                                `<r><a id="1" x="y"><!-- c --><b id="2" z="1"/></a></r>`,
		`<acl_target id="u"><role id="r"/></acl_target><acl_role id="r"><acl_permission id="p" kind="read" xpath="/*"/><acl_permission id="q" kind="deny" reference="1"/></acl_role>`: `<r><a id="3"/></r>`,
		`<acl_user id="u"><role_ref id="r"/><deny id="d" tag="b"/></acl_user><acl_role id="r"><read id="p" xpath="/r"/></acl_role>`:                                                   `<r><a id="1" x="y"><!-- c --></a><a id="3"/></r>`,
		`<acl_target id="u"><role id="r"/></acl_target><acl_role id="r"><role id="r"/><acl_permission id="p" kind="read" reference="3"/><acl_permission id="q"/></acl_role>`:          `<r><a id="3"/></r>`,
		`<acl_target id="u"><role id="r"/></acl_target><acl_role id="r"><acl_permission id="p" kind="read" xpath="//r["/></acl_role>`:                                                 "",
	} {
		source := read(t, "<cib><acls>"+acls+"</acls></cib>")
		user := User{Name: "u", InGroup: func(group string) bool { return group == "g" }}
		got := ""
		if e := Filter(source, read(t, content), user); e != nil {
			got = text.Line(e)
		}
		if got != want {
			t.Errorf("%s:\n%s, want\n%s", acls, got, want)
		}
	}
}

func TestEnabled(t *testing.T) {
	var now iso8601.Time
	for value, want := range map[string]bool{"true": true, "TRUE": true, "y": true, "1": true, "false": false, "": false, "x": false} {
		cib := read(t, `<cib><configuration><crm_config><cluster_property_set id="s"><nvpair id="n" name="enable-acl" value="`+value+`"/></cluster_property_set></crm_config></configuration></cib>`)
		for user, matters := range map[string]bool{"u": true, "root": false, "hacluster": false, "": false} {
			if got := Enabled(cib, User{Name: user}, now); got != (want && matters) {
				t.Errorf("%q for %q: %v", value, user, got)
			}
		}
	}
}
