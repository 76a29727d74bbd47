package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/bench"
	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

// configuration is the CIB that the nodes begin with: all options have their defaults, but nobody is fenced.
const configuration = `<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" epoch="1" num_updates="0" admin_epoch="0">
  <configuration>
    <crm_config><cluster_property_set id="o"><nvpair id="o-stonith" name="stonith-enabled" value="false"/></cluster_property_set></crm_config>
    <nodes/>
    <resources/>
    <constraints/>
  </configuration>
  <status/>
</cib>
`

// daemons are those whose memory counts.
var daemons = []string{
	"corosync", "pacemakerd", "pacemaker-based", "pacemaker-fenced", "pacemaker-execd", "pacemaker-attrd", "pacemaker-schedulerd", "pacemaker-controld",
}

// cluster is three nodes of a kind.
type cluster struct{ *lab.Lab }

// limit is how long anything may take.
const limit = 3 * time.Minute

// begin is a cluster whose nodes have a ring, and no daemons of Pacemaker yet.
func begin(b *bench.TB, kind lab.Kind) *cluster {
	c := &cluster{lab.New(b, 3, lab.Bridged)}
	conf := strings.Replace(lab.Ring{Transport: "knet"}.Conf(c.Hosts()), "debug: on", "debug: off", 1)
	for _, h := range c.Hosts() {
		h.Use(kind)
		if kind == lab.Go {
			h.LayPacemaker()
		}
		h.WriteFile("/etc/corosync/corosync.conf", conf)
		const file = "/var/lib/pacemaker/cib/cib.xml"
		h.WriteFile(file, configuration)
		h.MustRun("chown", "hacluster:haclient", file)
		h.MustRun("chmod", "600", file)
		h.StartCorosync()
	}
	c.Form(c.Hosts()...)
	return c
}

// cold starts Pacemaker, and gives the seconds until all nodes are online.
func (c *cluster) cold() float64 {
	start := time.Now()
	for _, h := range c.Hosts() {
		h.Start("pacemakerd", "-f")
	}
	return c.until(start, func(status string) bool { return strings.Contains(status, "Online: [ node1 node2 node3 ]") })
}

// run configures resources, and gives the seconds until all are started.
func (c *cluster) run(resources int) float64 {
	list := primitives(resources)
	start := time.Now()
	c.Host(0).MustRun("cibadmin", "-R", "-o", "resources", "--xml-text", list)
	return c.until(start, func(status string) bool { return strings.Count(status, ":\t Started node") == resources })
}

// measure takes a cluster of a kind through all that is measured.
func measure(kind lab.Kind, resources int) []float64 {
	b := bench.New("bench-cluster", kind)
	defer b.Close()
	c := begin(b, kind)
	cold := c.cold()
	started := c.run(resources)

	first := c.Host(0)
	writes := c.writes()
	queries := c.repeat("cibadmin -Q")
	var memory float64
	for _, name := range daemons {
		for _, pid := range first.Pids(name) {
			memory += c.RSS(pid)
		}
	}

	start := time.Now()
	first.MustRun("cibadmin", "-M", "-c", "-o", "rsc_defaults", "--xml-text",
		`<meta_attributes id="d"><nvpair id="d-role" name="target-role" value="Stopped"/></meta_attributes>`)
	stopped := c.until(start, func(status string) bool {
		return strings.Count(status, ":\t Stopped") == resources && !strings.Contains(status, "Started")
	})

	first.MustRun("cibadmin", "-D", "-o", "rsc_defaults", "--xml-text", `<meta_attributes id="d"/>`)
	first.MustRun("cibadmin", "-R", "-o", "resources", "--xml-text", primitives(1))
	first.MustRun("cibadmin", "-C", "-o", "constraints", "--xml-text", `<rsc_location id="l" rsc="r0" node="node2" score="100"/>`)
	c.until(time.Now(), func(status string) bool { return strings.Contains(status, "Started node2") })
	time.Sleep(3 * time.Second) // so that nothing is under way any more
	start = time.Now()
	c.Host(1).Crash()
	failover := c.until(start, func(status string) bool {
		return strings.Contains(status, "OFFLINE: [ node2 ]") && (strings.Contains(status, "Started node1") || strings.Contains(status, "Started node3"))
	})
	return []float64{cold, started, writes, queries, memory, stopped, failover}
}

// repeat runs a command fifty times on the first node, and gives the seconds.
func (c *cluster) repeat(command string) float64 {
	begin := time.Now()
	c.Host(0).MustRun("sh", "-c", "i=0; while [ $i -lt 50 ]; do "+command+" >/dev/null || exit 1; i=$((i+1)); done")
	return time.Since(begin).Seconds()
}

func (c *cluster) writes() float64 { return c.repeat("crm_attribute -n bench$i -v $i") }

// until looks at the status as the first node shows it until it is as wanted, and gives the seconds since a time.
func (c *cluster) until(start time.Time, wanted func(status string) bool) float64 {
	for {
		status := c.Host(0).Exec("crm_mon", "-1", "-r").Stdout
		took := time.Since(start)
		if wanted(status) {
			return took.Seconds()
		}
		if took > limit {
			panic(fmt.Sprintf("after %v:\n%s", took, status))
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// primitives are so many resources.
func primitives(n int) string {
	var b strings.Builder
	b.WriteString("<resources>")
	for i := range n {
		fmt.Fprintf(&b, `<primitive id="r%[1]d" class="ocf" provider="pacemaker" type="Dummy"><operations><op id="r%[1]d-m" name="monitor" interval="10s"/></operations></primitive>`, i)
	}
	b.WriteString("</resources>")
	return b.String()
}
