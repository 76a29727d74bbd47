package notifyd

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gosnmp/gosnmp"

	"github.com/ringmaster-ha/ringmaster/cmap"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

var vm = here{"vm", 1}

// As corosync-notifyd -o -d of the reference tells them.
func TestEvents(t *testing.T) {
	for _, tt := range []struct {
		e            event
		text, signal string
	}{
		{nodeChange{"node8", 8, "10.1.2.3", "joined"}, "node8[8] ip:10.1.2.3 joined", "NodeStateChange [node8 8 10.1.2.3 joined]"},
		{quorumChange{vm, true}, "vm[1] is now quorate", "QuorumStateChange [vm 1 quorate]"},
		{quorumChange{vm, false}, "vm[1] has lost quorum", "QuorumStateChange [vm 1 not quorate]"},
		{connectionChange{vm, "0x1.70.corosync-cmapct", true}, "vm[1] 0x1.70.corosync-cmapct is now connected to corosync", "ConnectionStateChange [vm 1 0x1.70.corosync-cmapct connected]"},
		{connectionChange{vm, "0x1.70.corosync-cmapct", false}, "vm[1] 0x1.70.corosync-cmapct is now disconnected from corosync", "ConnectionStateChange [vm 1 0x1.70.corosync-cmapct disconnected]"},
		{linkChange{vm, 2, 1, true}, "vm[1] link 1 to node 2 is now operational", "QuorumStateChange [vm 1 2 1 operational]"},
		{linkChange{vm, 2, 1, false}, "vm[1] link 1 to node 2 is now disconnected", "QuorumStateChange [vm 1 2 1 disconnected]"},
	} {
		if got := tt.e.text(); got != tt.text {
			t.Errorf("text %q, want %q", got, tt.text)
		}
		member, args := tt.e.signal()
		if got := fmt.Sprint(member, " ", args); got != tt.signal {
			t.Errorf("signal %q, want %q", got, tt.signal)
		}
	}
}

func TestTraps(t *testing.T) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	m, err := newManager(conn.LocalAddr().String(), "secret")
	if err != nil {
		t.Fatal(err)
	}
	defer m.close()
	if err := m.notify(connectionChange{vm, "0x1.70.x", true}); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		golden string
		e      event
	}{
		{"trap_quorum", quorumChange{vm, true}},
		{"trap_node", nodeChange{"10.1.2.3", 8, "10.1.2.3", "joined"}},
	} {
		if err := m.notify(tt.e); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, 2000)
		_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		n, _, err := conn.ReadFrom(got)
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile("testdata/" + tt.golden + ".hex")
		if err != nil {
			t.Fatal(err)
		}
		want, err := hex.DecodeString(strings.TrimSpace(string(text)))
		if err != nil {
			t.Fatal(err)
		}
		if got, want := decoded(t, got[:n]), decoded(t, want); got != want {
			t.Errorf("%s:\n%s\nwant\n%s", tt.golden, got, want)
		}
	}
}

// decoded is all of a trap but its time and number, which are the first variable
// and the request id.
func decoded(t *testing.T, b []byte) string {
	t.Helper()
	p, err := gosnmp.Default.SnmpDecodePacket(b)
	if err != nil {
		t.Fatal(err)
	}
	out := fmt.Sprintf("%v %s %v %s\n", p.Version, p.Community, p.PDUType, p.Variables[0].Name)
	for _, v := range p.Variables[1:] {
		out += fmt.Sprintf("%s %v %v\n", v.Name, v.Type, v.Value)
	}
	return out
}

// fixed is a map that does not change.
type fixed map[string]string

func (f fixed) Get(_ context.Context, key string) (cmap.Value, error) {
	if v, ok := f[key]; ok {
		return cmap.String(v), nil
	}
	return cmap.Value{}, cmap.ErrNotExist
}

func (f fixed) Next(ctx context.Context) (cmap.Change, error) {
	<-ctx.Done()
	return cmap.Change{}, ctx.Err()
}

func TestWatch(t *testing.T) {
	var logged []string
	w := &watcher{addresses: true, local: func() here { return vm }, log: func(_ loglevel.Level, s string) { logged = append(logged, s) }}
	config := fixed{
		"runtime.members.8.ip": "r(0) ip(10.1.2.3) r(1) ip(10.1.3.3) ",
		"runtime.members.9.ip": "nowhere",
	}
	joined, name := cmap.String("joined"), cmap.String("corosync-cmapct")
	for _, tt := range []struct {
		ch   cmap.Change
		want string // "" for nothing
	}{
		{cmap.Change{Key: "runtime.members.8.status", Event: cmap.Added, New: joined}, "10.1.3.3[8] ip:10.1.3.3 joined"},
		{cmap.Change{Key: "runtime.members.8.status", Event: cmap.Modified, New: cmap.String("left")}, "10.1.3.3[8] ip:10.1.3.3 left"},
		{cmap.Change{Key: "runtime.members.8.join_count", Event: cmap.Added, New: cmap.Uint32(1)}, ""},
		{cmap.Change{Key: "runtime.members.7.status", Event: cmap.Added, New: joined}, ""},
		{cmap.Change{Key: "runtime.members.9.status", Event: cmap.Added, New: joined}, ""},
		{cmap.Change{Key: "runtime.members.99999999999.status", Event: cmap.Added, New: joined}, ""},
		{cmap.Change{Key: "stats.ipcs.service0.70.0x1.procname", Event: cmap.Added, New: name, Old: name}, "vm[1] 0x1.70.corosync-cmapct is now connected to corosync"},
		{cmap.Change{Key: "stats.ipcs.service0.70.0x1.procname", Event: cmap.Deleted, New: name, Old: name}, "vm[1] 0x1.70.corosync-cmapct is now disconnected from corosync"},
		{cmap.Change{Key: "stats.ipcs.service0.70.0x1.sent", Event: cmap.Added}, ""},
		{cmap.Change{Key: "stats.ipcs.global.active", Event: cmap.Added}, ""},
		{cmap.Change{Key: "stats.knet.node2.link0.mtu", Event: cmap.Added}, ""},
	} {
		var e event
		ok := false
		if strings.HasPrefix(tt.ch.Key, "stats.") {
			e, ok = w.statistic(t.Context(), tt.ch)
		} else {
			e, ok = w.member(t.Context(), config, tt.ch)
		}
		if ok != (tt.want != "") || ok && e.text() != tt.want {
			t.Errorf("%s: %v %v, want %q", tt.ch.Key, e, ok, tt.want)
		}
	}
	if len(logged) != 1 || logged[0] != "ip_str: nowhere" {
		t.Errorf("logged %q", logged)
	}
}

func TestCommandLine(t *testing.T) {
	for _, tt := range []struct{ args, stderr string }{
		{"-h", usage},
		{"-x", "corosync-notifyd: invalid option -- 'x'\n" + usage},
	} {
		var stdout, stderr bytes.Buffer
		if status := Main(append([]string{"corosync-notifyd"}, strings.Fields(tt.args)...), nil, &stdout, &stderr); status != 1 {
			t.Errorf("%q: status %d", tt.args, status)
		}
		if stdout.Len() > 0 || stderr.String() != tt.stderr {
			t.Errorf("%q: %q, %q, want %q", tt.args, stdout.String(), stderr.String(), tt.stderr)
		}
	}
	for args, want := range map[string]string{
		"":        "no event type enabled, see corosync-notifyd -h, exiting.",
		"-f -n":   "no event type enabled, see corosync-notifyd -h, exiting.",
		"-o":      "configured to print to stdout and run in the background, exiting",
		"-f -o":   "",
		"-m host": "",
	} {
		o, _ := parse(append([]string{"corosync-notifyd"}, strings.Fields(args)...), nil)
		if err := o.check(); (err == nil) != (want == "") || err != nil && err.Error() != want {
			t.Errorf("%q: %v, want %q", args, err, want)
		}
	}
	o, ok := parse(strings.Fields("corosync-notifyd -flnsd -c secret -m 10.0.0.1"), nil)
	if want := (options{foreground: true, log: true, snmp: true, dbus: true, addresses: true, manager: "10.0.0.1", community: "secret"}); !ok || o != want {
		t.Errorf("%+v, want %+v", o, want)
	}
	if err := o.check(); err != nil {
		t.Error(err)
	}
}
