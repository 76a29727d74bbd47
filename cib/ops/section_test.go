package ops_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/cib/ops"
)

func TestSection(t *testing.T) {
	for xml, want := range map[string]string{
		`<cib><configuration><nodes/></configuration><status/></cib>`:               "cib configuration nodes status - cib",
		`<cib><configuration/></cib>`:                                               "cib configuration - - - cib",
		`<cib><configuration><nodes/><nodes/></configuration></cib>`:                "cib configuration - - - cib",
		`<cib><configuration><nodes/></configuration><status><cib/></status></cib>`: "- configuration nodes status - cib",
		`<x><cib><configuration/></cib></x>`:                                        "cib configuration - - - x",
		`<x/>`:                                                                      "- - - - - x",
	} {
		var got []string
		for _, name := range []string{"", "configuration", "nodes", "status", "tags", "bogus"} {
			if e := ops.Section(parse(xml), name); e != nil {
				got = append(got, e.Tag)
			} else {
				got = append(got, "-")
			}
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%s: %s, want %s", xml, s, want)
		}
	}
}

func BenchmarkModify(b *testing.B) {
	var s strings.Builder
	s.WriteString(`<cib validate-with="pacemaker-3.9" crm_feature_set="3.16.1" epoch="3" num_updates="1" admin_epoch="0"><configuration><crm_config/><nodes/><resources>`)
	for i := range 10000 {
		fmt.Fprintf(&s, `<primitive id="p%d" class="ocf" provider="pacemaker" type="Dummy"><meta_attributes id="m%d"><nvpair id="n%d" name="x" value="1"/></meta_attributes></primitive>`, i, i, i)
	}
	s.WriteString(`</resources><constraints/></configuration><status/></cib>`)
	cib := parse(s.String())
	data := parse(`<nvpair id="n9000" value="value++"/>`)
	b.SetBytes(int64(s.Len()))
	for b.Loop() {
		if _, err := ops.Perform(cib, ops.Request{Op: ops.Modify, Section: "resources", Data: data, Options: ops.Options{NoTime: true}}); err != nil {
			b.Fatal(err)
		}
	}
}
