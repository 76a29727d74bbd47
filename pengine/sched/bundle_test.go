package sched_test

import (
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/pengine/sched"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// What runs in a bundle may be colocated with the bundle itself. Assigning it ends
// all the same, which in the reference (2.1.5) it does not for this CIB.
func TestBundleWithinItself(t *testing.T) {
	doc := etree.NewDocument()
	if err := doc.ReadFromString(`<cib validate-with="pacemaker-3.9">
  <configuration>
    <crm_config/>
    <nodes/>
    <resources>
      <bundle id="web">
        <podman image="web:latest" replicas="3"/>
        <network ip-range-start="192.0.2.131" control-port="3121"/>
        <primitive id="inside" class="ocf" provider="heartbeat" type="IPaddr2"/>
      </bundle>
    </resources>
    <constraints>
      <rsc_colocation id="inside-with-web" score="1" rsc="inside" with-rsc="web" node-attribute="rack"/>
    </constraints>
  </configuration>
  <status>
    <node_state id="web-1" uname="web-1" remote_node="true">
      <lrm id="web-1">
        <lrm_resources>
          <lrm_resource id="inside" class="ocf" provider="heartbeat" type="IPaddr2">
            <lrm_rsc_op id="inside_monitor_0" operation_key="inside_monitor_0" operation="monitor" call-id="1" rc-code="7" op-status="0" interval="0"/>
          </lrm_resource>
        </lrm_resources>
      </lrm>
    </node_state>
  </status>
</cib>`); err != nil {
		t.Fatal(err)
	}
	ws, err := status.Unpack(doc.Root(), status.Options{Now: time.Unix(1700000000, 0).UTC()})
	if err != nil {
		t.Fatal(err)
	}
	sched.Schedule(ws)
	for _, r := range ws.Resources {
		if r.AssignedTo != nil {
			t.Errorf("%s is on %s", r.ID, r.AssignedTo.Node)
		}
	}
}
