//go:build interop

package alerts

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
	"github.com/ringmaster-ha/ringmaster/interop-tests/mix"
)

var daemons = flag.String("daemons", "pacemaker-attrd", "which daemons are ours where one is")

func TestMain(m *testing.M) {
	lab.Init()
	os.Exit(m.Run())
}

const (
	folder   = "/run/alerts"
	recorded = folder + "/recorded"
	// The agent notes what it was called with, in one write.
	agent = `#!/bin/sh
echo "$(env | grep -E '^(CRM_(alert|notify)_|extra|more)' | grep -v '_sequence=' | sort | tr '\n' ' ')" >>` + recorded + `
`
	section = `<alerts>
	<alert id="default" path="` + folder + `/agent"/>
	<alert id="all" path="` + folder + `/agent">
		<select><select_attributes/></select>
		<meta_attributes id="m"><nvpair id="m1" name="timestamp-format" value="%d%m%H%M"/></meta_attributes>
		<instance_attributes id="i"><nvpair id="i1" name="extra" value="x y"/></instance_attributes>
		<recipient id="r1" value="one"/>
		<recipient id="r2" value="two">
			<meta_attributes id="n"><nvpair id="n1" name="timestamp-format" value="at %H:%M:%S.%03N"/></meta_attributes>
			<instance_attributes id="j"><nvpair id="j1" name="extra" value="own"/><nvpair id="j2" name="more" value="&lt;&amp;&quot;"/></instance_attributes>
		</recipient>
	</alert>
	<alert id="some" path="` + folder + `/agent"><select><select_attributes><attribute id="s1" name="a1"/></select_attributes></select></alert>
</alerts>`
)

// clock are times, whose digits differ each time.
var (
	clock = regexp.MustCompile(`timestamp(?:_epoch|_usec)?=(?:at )?[\d:.]+`)
	digit = regexp.MustCompile(`\d`)
)

// TestAttributes: each value of an attribute that is written is told to all who want to know of it.
func TestAttributes(t *testing.T) {
	var paths []string
	for name := range strings.SplitSeq(*daemons, ",") {
		paths = append(paths, filepath.Join("/usr/lib/pacemaker", name))
	}
	mix.CompareIn(t, "CCC,GoGoGo", paths, func(r *mix.Run) {
		for _, h := range r.Lab.Hosts() {
			h.WriteFile(folder+"/agent", agent)
			h.MustRun("chmod", "755", folder+"/agent")
			h.MustRun("chmod", "777", folder)
		}
		r.Do(1, "cibadmin", "-M", "-c", "-o", "configuration", "--xml-text", section)
		r.Same()
		// Which node's manager writes, and its executor therefore runs the agent, is the managers' affair.
		all := func() (lines []string) {
			for _, h := range r.Lab.Hosts() {
				for line := range strings.Lines(h.ReadFile(recorded)) {
					lines = append(lines, clock.ReplaceAllStringFunc(strings.TrimSpace(line), func(s string) string { return digit.ReplaceAllString(s, "9") }))
				}
			}
			slices.Sort(lines)
			return lines
		}
		known := 0
		// step waits for that many calls of the agent.
		step := func(calls, node int, args ...string) {
			t.Helper()
			r.Do(node, args...)
			known += calls
			r.Lab.Eventually(60*time.Second, strings.Join(args, " ")+" is told", func() bool { return len(all()) >= known })
			r.Same() // no write is under way
		}
		step(3, 1, "attrd_updater", "-n", "a1", "-U", "v 1")
		step(6, 2, "attrd_updater", "-n", "a1", "-U", "v&2") // with the value of node1
		step(2, 3, "attrd_updater", "-n", "a2", "-U", "x", "-N", "node2")
		step(0, 1, "attrd_updater", "-n", "secret", "-U", "x", "-p")
		step(6, 1, "attrd_updater", "-n", "a1", "-D")
		step(0, 1, "cibadmin", "-D", "-o", "alerts", "--xml-text", `<alert id="some"/>`)
		step(4, 2, "attrd_updater", "-n", "a1", "-U", "v3")
		step(0, 3, "cibadmin", "-M", "-o", "alerts", "--xml-text", `<alert id="all"><recipient id="r1" value="three"/></alert>`)
		step(2, 2, "attrd_updater", "-n", "a2", "-U", "y")
		r.Note("the agent was called:\n" + strings.Join(all(), "\n"))
	})
}
