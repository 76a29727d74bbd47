package schema

import (
	"fmt"
	"strings"
	"testing"
)

// large is a CIB of about 10 MB for pacemaker-2.10: resources, constraints and status.
func large() string {
	var resources, constraints, status strings.Builder
	for i := range 6500 {
		fmt.Fprintf(&resources, `<primitive id="p%d" class="ocf" provider="heartbeat" type="Dummy">`+
			`<instance_attributes id="p%d-i"><nvpair id="p%d-i1" name="state" value="/run/p%d"/><nvpair id="p%d-i2" name="fake" value="x"/></instance_attributes>`+
			`<meta_attributes id="p%d-m"><nvpair id="p%d-m1" name="target-role" value="Started"/></meta_attributes>`+
			`<operations><op id="p%d-mon" name="monitor" interval="10s" timeout="20s"/><op id="p%d-start" name="start" interval="0" timeout="20s" on-fail="restart" requires="fencing"/></operations>`+
			`</primitive>`, i, i, i, i, i, i, i, i, i)
		fmt.Fprintf(&constraints, `<rsc_location id="l%d" rsc="p%d" node="n%d" score="100"/><rsc_order id="o%d" first="p%d" then="p%d" kind="Optional"/>`,
			i, i, i%16, i, i, (i+1)%6500)
		fmt.Fprintf(&status, `<lrm_resource id="p%d" class="ocf" provider="heartbeat" type="Dummy"><lrm_rsc_op id="p%d_last_0" operation_key="p%d_start_0" operation="start" crm-debug-origin="do_update_resource" transition-magic="0:0;3:1:0:f" call-id="5" rc-code="0" op-status="0" interval="0" last-rc-change="1" exec-time="10"/></lrm_resource>`, i, i, i)
	}
	return `<cib validate-with="pacemaker-2.10" admin_epoch="0" epoch="1" num_updates="0"><configuration><crm_config/><nodes/><resources>` +
		resources.String() + `</resources><constraints>` + constraints.String() + `</constraints></configuration><status><node_state id="1"><lrm id="1"><lrm_resources>` +
		status.String() + `</lrm_resources></lrm></node_state></status></cib>`
}

func BenchmarkValidate(b *testing.B) {
	text := large()
	cib := parse(b, text)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if !V2_10.Validate(cib) {
			b.Fatal("refused")
		}
	}
}

// BenchmarkUpgrade goes from 2.10 to 3.9 through the transformation, which all
// operations with requires need.
func BenchmarkUpgrade(b *testing.B) {
	text := large()
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		cib := parse(b, text)
		b.StartTimer()
		if u, err := Upgrade(cib, Options{}); err != nil || u.Version != Latest {
			b.Fatal(u.Version, err)
		}
	}
}
