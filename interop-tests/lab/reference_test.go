//go:build interop

package lab

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestReferenceRing shows that the reference itself lives on these hosts.
func TestReferenceRing(t *testing.T) {
	l := New(t, 3)
	var nodes strings.Builder
	for i, h := range l.Hosts() {
		fmt.Fprintf(&nodes, "  node {\n    ring0_addr: %s\n    name: %s\n    nodeid: %d\n  }\n", h.Addr(), h.Name, i+1)
	}
	l.WriteFile("/etc/corosync/corosync.conf", `totem {
  version: 2
  cluster_name: lab
  transport: udpu
  token: 1000
}
nodelist {
`+nodes.String()+`}
quorum {
  provider: corosync_votequorum
}
logging {
  to_stderr: yes
  to_syslog: no
}
`)
	for _, h := range l.Hosts() {
		h.Start("corosync", "-f")
	}
	quorate := func(h *Host) bool {
		out := h.Exec("corosync-quorumtool", "-s").Stdout
		return strings.Contains(out, "Quorate:          Yes") && strings.Contains(out, "Nodes:            3")
	}
	for _, h := range l.Hosts() {
		l.Eventually(20*time.Second, h.Name+" sees three nodes", func() bool { return quorate(h) })
	}
}
