//go:build interop

package based

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
	"github.com/ringmaster-ha/ringmaster/interop-tests/mix"
)

// writer creates objects one after the other until it is told to stop, and notes those that were
// acknowledged where a crash leaves them.
const writer = `#!/bin/sh
n=0
while [ ! -e /run/stop ]; do
	n=$((n+1))
	id=$(hostname)-$1-$n
	cibadmin -C -o tags --xml-text "<tag id=\"$id\"><obj_ref id=\"d1\"/></tag>" 2>/dev/null && echo $id >>/var/log/acknowledged
	sleep $2
done
`

// TestLoad has clients write on all three nodes while one after the other crashes, or has its manager
// killed, and comes back: all end with one CIB, and nothing that was acknowledged is lost.
// It does so twice, or as long as RINGMASTER_LOAD says ("10m"). The reference's managers can lose changes that are
// made while a CIB is on its way to who has come back (cib/manager), but have not been seen to here.
func TestLoad(t *testing.T) {
	const crashes = 2
	var long time.Duration
	pause := "0.1" // seconds
	if s := os.Getenv("RINGMASTER_LOAD"); s != "" {
		var err error
		if long, err = time.ParseDuration(s); err != nil {
			t.Fatal(err)
		}
		pause = "1" // the reference's fencer takes half a second for each change once there are thousands of tags
	}
	mix.CompareIn(t, "GoGoGo", []string{daemon}, func(r *mix.Run) {
		hosts := r.Lab.Hosts()
		hosts[0].MustRun("cibadmin", "-C", "-o", "resources", "--xml-text", `<primitive id="d1" class="ocf" provider="pacemaker" type="Dummy"><meta_attributes id="d1-meta"><nvpair id="d1-role" name="target-role" value="Stopped"/></meta_attributes></primitive>`)
		hosts[0].MustRun("cibadmin", "-M", "-c", "-o", "tags", "--xml-text", "<tags/>")
		writers := map[*lab.Host]*lab.Process{}
		write := func(h *lab.Host, from int) {
			h.WriteFile("/run/writer", writer)
			h.MustRun("chmod", "755", "/run/writer")
			writers[h] = h.Start("/run/writer", fmt.Sprint(from), pause)
		}
		for _, h := range hosts {
			write(h, 0)
		}
		r.Busy = true
		until := time.Now().Add(long)
		n := 0
		for ; n < crashes || time.Now().Before(until); n++ {
			node := []int{3, 1, 2}[n%3]
			if n%2 == 1 {
				r.Kill(node, "pacemaker-based")
			} else {
				r.Crash(node)
				r.Return(node)
			}
			if h := r.Host(node); len(h.Pids("writer")) == 0 {
				write(h, n+1)
			}
		}
		for _, h := range hosts {
			h.WriteFile("/run/stop", "")
			<-writers[h].Done()
		}
		r.Busy = false
		cib := r.Same()
		acknowledged := 0
		var lost []string
		for _, h := range hosts {
			for id := range strings.Lines(h.ReadFile("/var/log/acknowledged")) {
				acknowledged++
				if id = strings.TrimSpace(id); !strings.Contains(cib, `"`+id+`"`) {
					lost = append(lost, id)
				}
			}
		}
		r.T.Logf("%d times a node was gone; of %d writes acknowledged %d are lost", n, acknowledged, len(lost))
		if acknowledged < 20 {
			r.T.Error("too few writes")
		}
		if len(lost) > 0 {
			r.T.Errorf("lost: %v", lost)
		}
	})
}
