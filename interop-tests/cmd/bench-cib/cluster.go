package main

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/bench"
	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

// Where the daemons are, and what the kernel calls their processes.
const (
	basedPath = "/usr/lib/pacemaker/pacemaker-based"
	basedName = "pacemaker-based"
	attrdPath = "/usr/lib/pacemaker/pacemaker-attrd"
	attrdName = "pacemaker-attrd"
)

// cluster is three nodes with one kind of CIB and attribute managers, and no more of
// Pacemaker; corosync is the reference's.
type cluster struct {
	*lab.Lab
	b    *bench.TB
	kind lab.Kind
}

// clientOnHost is this program there.
const clientOnHost = "/run/bench-cib"

// form makes a cluster whose CIB has about so many bytes.
func form(kind lab.Kind, size int) *cluster {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	c := &cluster{b: bench.New("bench-cib", kind), kind: kind}
	c.Lab = lab.New(c.b, 3, lab.Bridged)
	conf := strings.Replace(lab.Ring{Transport: "udpu"}.Conf(c.Hosts()), "debug: on", "debug: off", 1)
	for _, h := range c.Hosts() {
		h.WriteFile("/etc/corosync/corosync.conf", conf)
		h.Copy(self, clientOnHost)
		h.StartCorosync()
	}
	c.Form(c.Hosts()...)
	for _, h := range c.Hosts() {
		if kind == lab.Go {
			h.LayPacemaker()
		}
		const file = "/var/lib/pacemaker/cib/cib.xml"
		h.WriteFile(file, configuration(size))
		h.MustRun("chown", "hacluster:haclient", file)
		h.MustRun("chmod", "600", file)
		h.Start("env", "PCMK_ipc_buffer="+strconv.Itoa(max(buffer, 2*size)), basedPath)
	}
	for _, h := range c.Hosts() {
		c.Eventually(time.Minute, h.Name+" answers", func() bool {
			_, err := h.Run("cibadmin", "-Q", "-l", "-o", "nodes")
			return err == nil
		})
	}
	for _, h := range c.Hosts() {
		h.Start(attrdPath)
	}
	return c
}

// buffer is what PCMK_ipc_buffer is without being set. A CIB that does not fit into it when it has
// been compressed cannot be had from the reference's manager.
const buffer = 128 << 10

// configuration is a CIB of about so many bytes.
func configuration(size int) string {
	var b bytes.Buffer
	b.WriteString(`<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" epoch="1" num_updates="0" admin_epoch="0">
  <configuration>
    <crm_config/>
    <nodes>
      <node id="1" uname="node1"/>
      <node id="2" uname="node2"/>
      <node id="3" uname="node3"/>
    </nodes>
    <resources>
`)
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, `      <primitive id="r%[1]d" class="ocf" provider="pacemaker" type="Dummy">
        <instance_attributes id="r%[1]d-params">
          <nvpair id="r%[1]d-state" name="state" value="/run/state/r%[1]d"/>
          <nvpair id="r%[1]d-delay" name="op_sleep" value="%[2]d"/>
        </instance_attributes>
        <operations>
          <op id="r%[1]d-monitor" name="monitor" interval="10s" timeout="20s"/>
          <op id="r%[1]d-start" name="start" interval="0" timeout="20s"/>
        </operations>
      </primitive>
`, i, i%60)
	}
	b.WriteString(`    </resources>
    <constraints/>
  </configuration>
  <status/>
</cib>
`)
	return b.String()
}

// times runs the client on the first host: how many calls a second.
func (c *cluster) times(what string, span time.Duration) float64 {
	var n, seconds float64
	out := c.Host(0).MustRun(clientOnHost, clientMode, what, span.String())
	if _, err := fmt.Sscan(out, &n, &seconds); err != nil {
		panic(fmt.Sprintf("the client said %q: %v", out, err))
	}
	return n / seconds
}

// pids are those of a daemon on all hosts. The reference's CIB manager has children
// of its name, which write the file; it is older than they.
func (c *cluster) pids(name string) (pids []int) {
	for _, h := range c.Hosts() {
		pids = append(pids, slices.Min(h.Pids(name)))
	}
	return pids
}
