package metadata

import "testing"

func TestDocument(t *testing.T) {
	const want = `<?xml version="1.0"?>
<resource-agent name="d" version="2.1.5">
  <version>1.1</version>
  <longdesc lang="en">All &amp; everything</longdesc>
  <shortdesc lang="en">All</shortdesc>
  <parameters>
    <parameter name="a">
      <longdesc lang="en">Which  Allowed values: x, y</longdesc>
      <shortdesc lang="en">Which</shortdesc>
      <content type="select" default="x">
        <option value="x" />
        <option value="y" />
      </content>
    </parameter>
    <parameter name="b">
      <longdesc lang="en">&quot;More&quot;  Allowed values: 1 to 2</longdesc>
      <shortdesc lang="en">Less</shortdesc>
      <content type="integer" default="1"/>
    </parameter>
  </parameters>
</resource-agent>
`
	got := Document("d", "All", "All & everything", []Option{
		{Name: "a", Type: "select", Default: "x", Values: "x, y", Short: "Which"},
		{Name: "b", Type: "integer", Default: "1", Values: "1 to 2", Short: "Less", Long: `"More"`},
	})
	if got != want {
		t.Errorf("got\n%s", got)
	}
}
