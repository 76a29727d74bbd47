package xmltree

import "testing"

// TestCopy: a copy is equal, and nothing of it leads back to what was copied.
func TestCopy(t *testing.T) {
	doc, err := Parse([]byte(`<a x="1" n:y="2"><b z="3">text</b><!-- c --></a>`), KeepText)
	if err != nil {
		t.Fatal(err)
	}
	original := doc.Root()
	c := Copy(Copy(original))
	c.Attr[0].Value = "9"
	c.Child[0].(interface{ Index() int }).Index()
	if original.Attr[0].Value != "1" || c.Attr[1].Space != "n" || c.Attr[1].Key != "y" || c.Attr[1].Value != "2" {
		t.Errorf("%v, of %v", c.Attr, original.Attr)
	}
	b := c.SelectElement("b")
	if b.Text() != "text" || b.SelectAttrValue("z", "") != "3" || b.Parent() != c {
		t.Errorf("%v", b)
	}
	for _, a := range append(c.Attr, b.Attr...) {
		if a.Element() != nil {
			t.Errorf("attribute %s leads to an element", a.Key)
		}
	}
}
