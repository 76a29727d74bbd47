//go:build interop

package fenced

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

// passing is what is not the same twice in what fence agents say.
var passing = regexp.MustCompile(`TIME,\d+|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[,.]?\d*|\[\d+\]|0x[0-9a-f]+`)

// devices are of agents that cannot reach what they are to fence with: nobody listens there.
var devices = []string{
	"fence_ipmilan -o ip=127.0.0.1 -o username=a -o password=b -o lanplus=1 -o power_timeout=2",
	"fence_apc_snmp -o ip=127.0.0.1 -o pcmk_host_list=x1;x2",
	"fence_redfish -o ip=127.0.0.1 -o username=a -o password=b -o systems_uri=/x -o pcmk_host_check=none",
	"fence_vmware_rest -o ip=127.0.0.1 -o username=a -o password=b -o ssl_insecure=1 -o pcmk_host_check=dynamic-list",
	"fence_xvm -o pcmk_host_check=static-list -o pcmk_host_list=x1",
	"fence_dummy -o type=file -o status_file=/run/dummy-status -o pcmk_host_list=x1",
	"fence_scsi -o devices=/dev/nothing -o nodename=x1 -o pcmk_host_list=x1",
	"fence_ilo_ssh -o ip=127.0.0.1 -o username=a -o identity_file=/nothing",
}

// TestInstalled has the reference's fencer and stonith_admin on one host, and ours on another, each without a cluster,
// look at all fence agents that there are: what they say of themselves and of their parameters, and, for some devices that cannot
// be reached, of their lists and states. What the tool prints has to be the same.
func TestInstalled(t *testing.T) {
	if os.Getenv("RINGMASTER_AGENTS") == "" {
		t.Skip("it takes two minutes: set RINGMASTER_AGENTS")
	}
	l := lab.New(t, 2)
	l.DumpLogs(pacemakerLog)
	l.Host(1).Lay(daemonPath)
	l.Host(1).Lay("/usr/sbin/stonith_admin")
	var commands []string
	for _, name := range strings.Fields(l.Host(0).MustRun("stonith_admin", "-I", "-q")) {
		if strings.HasPrefix(name, "fence_") {
			commands = append(commands, "-M -a "+name, "-K -a "+name+" -o ip=127.0.0.1 -o username=a -o password=b -o plug=1 --output-as=xml")
		}
	}
	for i, d := range devices {
		agent, options, _ := strings.Cut(d, " ")
		id := fmt.Sprintf("d%d", i)
		commands = append(commands, fmt.Sprintf("-R %s -a %s %s", id, agent, options), "-Q "+id+" -t 5", "-s "+id+" -t 5")
	}
	commands = append(commands, "-L", "-l x1 -t 20", "-l x2 -t 20", "-F x1 -t 20", "-H * -V")
	var said [2][]string
	var both sync.WaitGroup
	for i, h := range l.Hosts() {
		h.MustRun("ip", "link", "set", "lo", "up")
		h.Start(daemonPath, "-s")
		l.Eventually(20*time.Second, h.Name+"'s fencer answers", func() bool { return h.Exec("stonith_admin", "-L").Code == 0 })
		both.Go(func() {
			for _, c := range commands {
				r := run(h, "stonith_admin "+strings.ReplaceAll(strings.ReplaceAll(c, ";", `\;`), "*", `'*'`))
				said[i] = append(said[i], passing.ReplaceAllString(mask(r), "*"))
			}
		})
	}
	both.Wait()
	fails := 0
	for i, c := range commands {
		if said[0][i] != said[1][i] {
			t.Errorf("stonith_admin %s\ngot\n%s\nwant\n%s", c, said[1][i], said[0][i])
		}
		if !strings.HasSuffix(said[0][i], "-> 0\n") {
			fails++
		}
	}
	t.Logf("%d commands, of which %d fail", len(commands), fails)
}

// run runs a command line and returns what it said, and its status.
func run(h *lab.Host, line string) string {
	cmd := h.Command("timeout", "30", "sh", "-c", line+" 2>&1")
	out, _ := cmd.Output()
	return fmt.Sprintf("%s-> %d\n", out, cmd.ProcessState.ExitCode())
}
