//go:build interop

package corosyncconf

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// reference starts the reference's corosync in namespaces of its own, on the
// addresses of newWorld, and prints what corosync-cmapctl says of it.
const reference = `
set -e
mount -t tmpfs none /run; mount -t tmpfs none /var/lib/corosync; mount -t tmpfs none /dev/shm; mount -t tmpfs none /var/log
mkdir -p /run/corosync /var/log/corosync
mount --bind "$DIR" /etc/corosync
mount --bind "$DIR/hosts" /etc/hosts
hostname n1
ip link set lo up
ip link add v0 type veth peer name v1
ip link set v0 up; ip link set v1 up
ip addr add 10.0.0.1/24 dev v0; ip -6 addr add fd00::1/64 dev v0 nodad
corosync -f >"$DIR/log" 2>&1 & pid=$!
n=0
until corosync-cmapctl -b runtime.members. 2>/dev/null | grep -q config_version; do
	kill -0 $pid; n=$((n+1)); [ $n -lt 100 ]; sleep 0.1
done
corosync-cmapctl
if [ -f "$DIR/reload.conf" ]; then
	cp "$DIR/reload.conf" /etc/corosync/corosync.conf
	corosync-cfgtool -R >&2 || true
	echo "=== reloaded"
	corosync-cmapctl
fi
kill $pid
`

// notConfig are keys that others than this package put into the map.
var notConfig = []string{
	"internal_configuration.", // the service loader
	"runtime.services.",       // counters of messages
	"runtime.members.",        // membership
	"runtime.votequorum.",     // votequorum
	"runtime.blackbox.",       // the daemon
	"runtime.force_gather",    // the daemon
	"resources.",              // wd and mon, which we do not have
}

// deviations are values in which we differ on purpose, after a reload.
var deviations = map[string]string{
	"runtime.config.totem.interface.0.knet_ping_interval": "the reference works it out from the token timeout before the reload",
	"runtime.config.totem.interface.0.knet_ping_timeout":  "as knet_ping_interval",
	"config.totemconfig_reload_in_progress":               "the reference leaves it at 1 when the file cannot be parsed",
}

func TestKeysEqualReference(t *testing.T) {
	simple := totemConf("udpu", 1)
	for _, tt := range []struct{ name, conf, reload string }{
		{name: "udpu", conf: simple},
		{name: "udpu with three nodes", conf: totemConf("udpu", 3, "token: 2000", "config_version: 7", "send_join: 10", "block_unlisted_ips: no", "window_size: 300")},
		{name: "udpu with twelve nodes", conf: totemConf("udpu", 12)},
		{name: "udp", conf: totemConf("udp", 2)},
		{name: "udp broadcast", conf: totemConf("udp", 2, "interface {", "broadcast: yes", "}")},
		{name: "udp ipv6", conf: strings.Replace(totemConf("udp", 1, "ip_version: ipv6"), "10.0.0.1", "both", 1)},
		{name: "udp with an interface section", conf: totemConf("udp", 2, "interface {", "bindnetaddr: 10.0.0.0", "mcastaddr: 239.1.2.3", "mcastport: 5409", "ttl: 3", "}")},
		{name: "udpu with members", conf: totemConf("udpu", 2, "interface {", "bindnetaddr: 10.0.0.0", "member {", "memberaddr: 10.0.0.1", "}", "member {", "memberaddr: 10.0.0.2", "}", "}")},
		{name: "generated ids", conf: strings.NewReplacer("\t\tnodeid: 1\n", "", "\t\tnodeid: 2\n", "").Replace(totemConf("udpu", 2, "clear_node_high_bit: yes"))},
		{name: "everything else", conf: totemConf("udpu", 2, "max_messages: 20", "merge: 300", "threads: 2", "unknown: x", "knet_compression_level: -1", "hold: 100") +
			"logging {\nto_syslog: no\ndebug: off\nlogger_subsys {\nsubsys: QUORUM\ndebug: on\n}\nlogging_daemon {\nname: qnetd\nx: y\n}\n}\n" +
			"quorum {\nprovider: corosync_votequorum\nexpected_votes: 2\ntwo_node: 1\nwait_for_all: 0\n}\nsystem {\nsched_rr: no\nqb_ipc_type: socket\n}\nuidgid {\nuid: 5\ngid: 6\n}\nfoo {\nbar {\nbaz: 1\n}\n}\n"},
		{name: "reload", conf: totemConf("udpu", 2, "token: 2000", "join: 60", "interface {", "mcastport: 5411", "}"),
			reload: strings.Replace(totemConf("udpu", 3, "token: 2500", "netmtu: 1400", "interface {", "mcastport: 5411", "}"), "cluster_name: test", "cluster_name: other", 1) + "quorum {\nx: y\n}\n"},
		{name: "reload of udp", conf: totemConf("udp", 2), reload: totemConf("udp", 2, "config_version: 3")},
		{name: "bad reload", conf: totemConf("udpu", 2), reload: totemConf("udpu", 2, "token: 3s")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			first, second := runReference(t, tt.conf, tt.reload)
			w := newWorld(tt.conf)
			f, totem, err := w.read()
			if err != nil {
				t.Fatal(err)
			}
			compare(t, "start", f, first)
			if tt.reload == "" {
				return
			}
			w.files["/etc/corosync/corosync.conf"] = tt.reload
			_, err = Reload(w.env(), totem, f.Map, "/etc/corosync/corosync.conf")
			t.Logf("reload: %v", err)
			compare(t, "reload", f, second)
		})
	}
}

// hosts are those of newWorld.
const hosts = "127.0.0.1 localhost\n10.0.0.1 n1 both\nfd00::1 both six\n10.0.0.2 n2\n10.0.0.3 n3\n"

func inNamespaces(t *testing.T, script, dir string) string {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "unshare", "-mnpu", "--mount-proc", "--fork", "--kill-child", "sh", "-c", script)
	cmd.Env = append(os.Environ(), "DIR="+dir)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "log"))
		t.Fatalf("%v\n%s\n%s", err, errs.String(), log)
	}
	return string(out)
}

func runReference(t *testing.T, conf, reload string) (first, second string) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("corosync.conf", conf)
	if reload != "" {
		write("reload.conf", reload)
	}
	write("hosts", hosts)
	first, second, _ = strings.Cut(inNamespaces(t, reference, dir), "=== reloaded\n")
	return first, second
}

func compare(t *testing.T, when string, f *File, dump string) {
	t.Helper()
	want := make(map[string]string)
	for _, line := range strings.Split(strings.TrimSpace(dump), "\n") {
		key, rest, _ := strings.Cut(line, " ")
		if !slices.ContainsFunc(notConfig, func(p string) bool { return strings.HasPrefix(key, p) }) {
			want[key] = rest
		}
	}
	got := make(map[string]string)
	for k, v := range f.Map.Iterate("") {
		got[k] = fmt.Sprintf("(%v) = %v", v.Type(), v)
	}
	for _, k := range slices.Sorted(maps.Keys(want)) {
		if why, ok := deviations[k]; ok && when == "reload" {
			t.Logf("%s: %q, the reference has %q: %s", k, got[k], want[k], why)
		} else if got[k] != want[k] {
			t.Errorf("%s: %s: got %q, the reference has %q", when, k, got[k], want[k])
		}
		delete(got, k)
	}
	for _, k := range slices.Sorted(maps.Keys(got)) {
		t.Errorf("%s: %s %s: the reference has no such key", when, k, got[k])
	}
}

// check has the reference test files 0, 1, ... of DIR.
const check = `
set -e
mount -t tmpfs none /run; mount -t tmpfs none /var/lib/corosync; mount -t tmpfs none /dev/shm; mount -t tmpfs none /etc/corosync
mkdir -p /run/corosync
mount --bind "$DIR/hosts" /etc/hosts
cp "$DIR/key" /key; cp "$DIR/short" /short
hostname n1
ip link set lo up
ip link add v0 type veth peer name v1
ip link set v0 up; ip link set v1 up
ip addr add 10.0.0.1/24 dev v0; ip -6 addr add fd00::1/64 dev v0 nodad
n=0
while [ -f "$DIR/$n" ]; do
	cp "$DIR/$n" /etc/corosync/corosync.conf
	status=0
	corosync -t >/run/o 2>&1 || status=$?
	echo "=#= $status"
	cat /run/o
	n=$((n+1))
done
rm /key /short
`

// unlike are files about which the reference says something else, and why.
var unlike = map[string]string{
	"config_version: x": "the reference aborts",
	"netmtu: ":          "the reference aborts when it starts",
	"gid: broken":       "a group database that fails is not to be had here",
	"subsys: X":         "the log's own texts are the log's to test",
}

// What is wrong with a file is said in the reference's words, and what is wrong
// with none is wrong with neither.
func TestErrorsEqualReference(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("hosts", hosts)
	write("key", strings.Repeat("k", 128))
	write("short", "abc")
	type test struct{ conf, want string }
	var tests []test
	for _, p := range parseErrors {
		tests = append(tests, test{p.conf, fmt.Sprintf("%s:%d: %s", conf, p.line, p.want)})
	}
	for _, v := range validations {
		_, text, _ := strings.Cut(strings.TrimPrefix(v.want, conf), ": ")
		tests = append(tests, test{v.conf, text})
	}
	for i, tt := range tests {
		write(fmt.Sprint(i), tt.conf)
	}
	out := strings.Split(inNamespaces(t, check, dir), "=#= ")[1:]
	if len(out) != len(tests) {
		t.Fatalf("%d answers to %d files", len(out), len(tests))
	}
	for i, tt := range tests {
		status, said, _ := strings.Cut(out[i], "\n")
		if tt.want == "" && status == "0" || tt.want != "" && status != "0" && strings.Contains(said, tt.want) {
			continue
		}
		known := false
		for part := range unlike {
			known = known || strings.Contains(tt.conf, part)
		}
		if !known {
			t.Errorf("%q:\nwe say %q\nthe reference, with status %s, %s", tt.conf, tt.want, status, said)
		}
	}
}
