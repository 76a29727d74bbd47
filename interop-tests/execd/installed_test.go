//go:build interop

package execd

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

// build makes a program of this folder.
func build(t *testing.T, name string) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), name)
	cmd := exec.Command("go", "build", "-o", bin, "./"+name)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return bin
}

// cycle takes a resource through its life, and looks at it in between.
func cycle(id, agent, params string) string {
	var b strings.Builder
	for _, action := range []string{"validate-all", "monitor", "start", "monitor", "start", "monitor", "promote", "demote", "reload", "notify", "stop", "monitor", "stop"} {
		fmt.Fprintf(&b, "%s %s %s 20000 crm_feature_set=3.16.1 CRM_meta_timeout=20000 %s\n", id, agent, action, params)
	}
	return b.String()
}

// postgres is a database's folder, made where PostgreSQL is installed.
const postgres = `set -e
bin=$(ls -d /usr/lib/postgresql/*/bin | tail -1)
mkdir -p /run/pg /run/postgresql
chown postgres /run/pg /run/postgresql
su postgres -s /bin/sh -c "$bin/initdb -D /run/pg/data -A trust >/dev/null && sed -i 's/^#*shared_buffers.*/shared_buffers = 1MB/;s/^#*dynamic_shared_memory_type.*/dynamic_shared_memory_type = mmap/' /run/pg/data/postgresql.conf"
echo $bin`

const nginxConf = `worker_processes 1; pid /run/nginx.pid; error_log /run/nginx.error;
events { worker_connections 16; }
http { access_log off; server { listen 127.0.0.1:8088; location / { return 200 "well\n"; } } }
`

// lives are those of real agents: the common ones, and what there is of servers.
func lives(t *testing.T, h *lab.Host) string {
	t.Helper()
	ocf := func(name string) string { return "ocf heartbeat " + name }
	h.WriteFile("/run/script-1", script)
	h.MustRun("sh", "-c", "mkdir -p /run/mounted "+records+" && chmod 777 "+records+" && chmod 755 /run/script-1 && ip link set lo up")
	all := cycle("ip", ocf("IPaddr2"), "ip=10.77.0.51 cidr_netmask=24 nic=eth0") + cycle("noip", ocf("IPaddr2"), "cidr_netmask=24") +
		cycle("fs", ocf("Filesystem"), "device=tmpfs directory=/run/mounted fstype=tmpfs") + cycle("nofs", ocf("Filesystem"), "device=/dev/nothing directory=/run/mounted fstype=ext4") +
		cycle("dummy", ocf("Dummy"), "") + cycle("pdummy", "ocf pacemaker Dummy", "op_sleep=0 fail_start_on=nobody") + cycle("stateful", "ocf pacemaker Stateful", "") +
		cycle("ping", "ocf pacemaker ping", "host_list=127.0.0.1 attempts=1 dampen=0") + cycle("any", ocf("anything"), "binfile=/bin/sleep cmdline_options=1000") +
		cycle("link", ocf("symlink"), "target=/run/mounted link=/run/linked") + cycle("delay", ocf("Delay"), "startdelay=0 stopdelay=0 mondelay=0") +
		cycle("route", ocf("Route"), "destination=192.0.2.0/24 device=eth0") + cycle("lsb", "lsb - /run/script-1", "")
	if r := h.Exec("sh", "-c", postgres); r.Code == 0 {
		bin := strings.TrimSpace(r.Stdout)
		all += cycle("pg", ocf("pgsql"), "pgdata=/run/pg/data pgctl="+bin+"/pg_ctl psql="+bin+"/psql logfile=/run/pg/log socketdir=/run/postgresql")
	} else {
		t.Logf("%s: no PostgreSQL: %s", h.Name, r.Stderr)
	}
	if h.Exec("test", "-x", "/usr/sbin/nginx").Code == 0 {
		h.WriteFile("/run/nginx.conf", nginxConf)
		all += cycle("nginx", ocf("nginx"), "configfile=/run/nginx.conf port=8088")
	} else {
		t.Logf("%s: no nginx", h.Name)
	}
	return all
}

// installed asks every agent that there is what it says of itself, and without parameters.
func installed(t *testing.T, h *lab.Host) string {
	t.Helper()
	var b strings.Builder
	for _, provider := range []string{"heartbeat", "pacemaker"} {
		for _, name := range strings.Fields(h.MustRun("ls", filepath.Join(ocfDir, provider))) {
			for _, action := range []string{"meta-data", "validate-all", "monitor", "nonsense"} {
				fmt.Fprintf(&b, "%s-%s ocf %[1]s %[2]s %s 20000 crm_feature_set=3.16.1\n", provider, name, action)
			}
		}
	}
	return b.String()
}

// passing is what is not the same twice: times, and numbers of processes.
var passing = regexp.MustCompile(`\w{3} \d\d \d\d:\d\d:\d\d|\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?|\[\d+\]|(?i)\bpid:? \d+|\b\d{3,}\b|\d+(?:\.\d+)?e?-?\d* ?(?:seconds|msec|ms|kB)`)

// TestInstalled has the reference's executor on one host and ours on another run what agents Debian has,
// without a cluster: what they end with, say and give as their reason has to be the same.
func TestInstalled(t *testing.T) {
	if os.Getenv("RINGMASTER_AGENTS") == "" {
		t.Skip("it takes three minutes: set RINGMASTER_AGENTS")
	}
	peer := build(t, "peer")
	l := lab.New(t, 2)
	l.Host(1).Lay(daemonPath)
	for _, part := range []struct {
		name  string
		lines func(*testing.T, *lab.Host) string
	}{{"lives", lives}, {"installed", installed}} {
		t.Run(part.name, func(t *testing.T) {
			var said [2]bytes.Buffer
			var running [2]*exec.Cmd
			for i, h := range l.Hosts() {
				lines := part.lines(t, h)
				daemon := h.Start(daemonPath)
				defer daemon.Kill()
				running[i] = h.Command(h.Copy(peer, "/run/peer"), "run")
				running[i].Stdin, running[i].Stdout, running[i].Stderr = strings.NewReader(lines), &said[i], &said[i]
				if err := running[i].Start(); err != nil {
					t.Fatal(err)
				}
			}
			var stories [2]map[string]string
			var titles []string
			for i, cmd := range running {
				if err := cmd.Wait(); err != nil {
					t.Fatalf("%v\n%s", err, said[i].String())
				}
				stories[i], titles = told(passing.ReplaceAllString(said[i].String(), "*"))
			}
			for _, title := range titles {
				if got, want := stories[1][title], stories[0][title]; got != want {
					t.Errorf("%s\ngot\n%s\nwant\n%s", title, got, want)
				}
			}
			ended, starts := map[string]int{}, ""
			for _, title := range titles {
				_, how, _ := strings.Cut(stories[0][title], ": ")
				how, _, _ = strings.Cut(how, ",")
				ended[how]++
				if f := strings.Fields(title); f[4] == "start" && !strings.HasSuffix(title, ")") {
					starts += " " + f[0] + ":" + how
				}
			}
			t.Logf("%d operations; how many ended with each code: %v; the first starts:%s", len(titles), ended, starts)
		})
	}
}

// told are the operations of a run, with what came of them; those that were repeated have a number.
func told(said string) (parts map[string]string, titles []string) {
	parts = map[string]string{}
	for part := range strings.SplitSeq(said, "== ") {
		title, rest, ok := strings.Cut(part, "\n")
		if !ok {
			continue
		}
		for n := 1; parts[title] != ""; n++ {
			title = strings.TrimSuffix(title, fmt.Sprintf(" (%d)", n)) + fmt.Sprintf(" (%d)", n+1)
		}
		if strings.HasPrefix(rest, "stop ") { // agents look for servers that go meanwhile, and complain or do not
			rest, _, _ = strings.Cut(rest, "\n")
		}
		parts[title] = rest
		titles = append(titles, title)
	}
	return parts, titles
}
