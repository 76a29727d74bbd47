//go:build interop

package based

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
	"github.com/ringmaster-ha/ringmaster/interop-tests/mix"
)

const log = "/var/log/pacemaker/pacemaker.log"

// quick is an agent that starts no other program.
const quick = `#!/bin/sh
s=/run/quick/$OCF_RESOURCE_INSTANCE
case $1 in
start) : >"$s" ;;
stop) rm -f "$s" ;;
monitor) [ -f "$s" ] || exit 7 ;;
meta-data) cat <<'END'
<?xml version="1.0"?>
<resource-agent name="quick" version="1.0"><version>1.1</version><longdesc lang="en">Quick</longdesc><shortdesc lang="en">Quick</shortdesc><parameters/>
<actions><action name="start" timeout="60s"/><action name="stop" timeout="60s"/><action name="monitor" timeout="60s" interval="10s"/><action name="meta-data" timeout="5s"/></actions>
</resource-agent>
END
esac
exit 0
`

// evictions are what daemons log of clients that they have thrown out, or of a connection that they have lost.
var evictions = regexp.MustCompile(`(?mi)^.*(?:evicting client|has a backlog of|lost connection to the CIB|connection to .* (?:closed|failed)).*$`)

// TestStandby has resources leave two of three nodes and come back, all at once, while on each node somebody follows
// the CIB: no client is thrown out. There are 60 resources, or as many as RINGMASTER_RESOURCES says.
func TestStandby(t *testing.T) {
	count := 60
	if s := os.Getenv("RINGMASTER_RESOURCES"); s != "" {
		var err error
		if count, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	mix.CompareIn(t, "GoGoGo", []string{daemon, "/usr/lib/pacemaker/pacemaker-attrd"}, func(r *mix.Run) {
		hosts := r.Lab.Hosts()
		for _, h := range hosts {
			h.WriteFile("/run/agent", quick)
			h.MustRun("sh", "-c", "mkdir -p /run/quick /run/ocf/test && cp -a /usr/lib/ocf/resource.d/. /run/ocf && install -m 755 /run/agent /run/ocf/test/quick && mount --bind /run/ocf /usr/lib/ocf/resource.d")
		}
		for _, h := range hosts {
			h.Start("crm_mon", "--daemonize", "--interval=1", "--output-as=html", "--output-to=/run/mon.html")
		}
		var all strings.Builder
		all.WriteString("<resources>")
		for i := range count {
			fmt.Fprintf(&all, `<primitive id="q%d" class="ocf" provider="test" type="quick"><operations><op id="q%[1]d-m" name="monitor" interval="60s"/></operations></primitive>`, i)
		}
		all.WriteString("</resources>")
		hosts[0].WriteFile("/run/resources.xml", all.String())
		limit := 60*time.Second + time.Duration(count)*time.Second
		// spread waits until all resources run, none of them on the first nodes, if these are to be empty, and some if not.
		spread := func(what string, empty int) {
			t.Helper()
			r.Lab.Eventually(limit, what, func() bool {
				status := hosts[2].Exec("crm_mon", "-1").Stdout
				sum := 0
				for i, h := range hosts {
					n := strings.Count(status, "Started "+h.Name+"\n")
					if (n == 0) != (i < empty) {
						return false
					}
					sum += n
				}
				return sum == count
			})
			r.Same()
		}
		said := map[*lab.Host]int{}
		for _, h := range hosts {
			said[h] = len(h.ReadFile(log))
		}
		began := time.Now()
		hosts[0].MustRun("cibadmin", "-R", "-o", "resources", "-x", "/run/resources.xml")
		spread("all resources run", 0)
		for _, node := range []string{"node1", "node2"} {
			hosts[2].MustRun("crm_standby", "-N", node, "-v", "on")
		}
		spread("all resources have left for node3", 2)
		for _, node := range []string{"node1", "node2"} {
			hosts[2].MustRun("crm_standby", "-N", node, "-D")
		}
		spread("all resources are back", 0)
		r.T.Logf("%d resources started, in standby and out in %v", count, time.Since(began).Round(time.Second))
		for _, h := range hosts {
			if len(h.Pids("crm_mon")) != 1 {
				r.T.Errorf("%s: crm_mon has ended", h.Name)
			}
			for _, line := range evictions.FindAllString(h.ReadFile(log)[said[h]:], -1) {
				r.T.Errorf("%s: %s", h.Name, line)
			}
		}
	})
}
