package corosyncconf

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/icmap"
)

func started(t *testing.T, conf string) (*world, *File, *Totem) {
	t.Helper()
	w := newWorld(conf)
	f, c, err := w.read()
	if err != nil {
		t.Fatal(err)
	}
	w.log = nil
	return w, f, c
}

func TestReload(t *testing.T) {
	w, f, c := started(t, totemConf("udpu", 2, "join: 60")+"logging {\ndebug: off\n}\n")
	var events []string
	f.Map.Track("", icmap.AllEvents, true, func(ev icmap.Event, key string, new, old icmap.Value) {
		if !strings.HasPrefix(key, "runtime.") {
			events = append(events, fmt.Sprintf("%d %s %v>%v", ev, key, old, new))
		}
	})
	w.files["/etc/corosync/corosync.conf"] = strings.Replace(totemConf("udp", 3, "token: 2000"), "nodeid: 3", "nodeid: 3\nquorum_votes: 2", 1)
	ch, err := Reload(w.env(), c, f.Map, "/etc/corosync/corosync.conf")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"4 config.totemconfig_reload_in_progress none>1",
		"4 config.reload_in_progress none>1",
		"1 logging.debug off>none",
		"1 totem.interface.0.bindnetaddr 10.0.0.1>none",
		"1 totem.join 60>none",
		"4 nodelist.node.2.name none>n3",
		"4 nodelist.node.2.nodeid none>3",
		"4 nodelist.node.2.quorum_votes none>2",
		"4 nodelist.node.2.ring0_addr none>10.0.0.3",
		"4 totem.token none>2000",
		"4 config.reload_status none>1",
		"2 config.totemconfig_reload_in_progress 1>0",
		"2 config.reload_in_progress 1>0",
	}
	if !slices.Equal(events, want) {
		t.Errorf("trackers saw\n%s\nwant\n%s", strings.Join(events, "\n"), strings.Join(want, "\n"))
	}
	if len(ch.Added[0]) != 1 || ch.Added[0][0].NodeID != 3 || ch.Removed[0] != nil {
		t.Errorf("added %v, removed %v", ch.Added[0], ch.Removed[0])
	}
	if n := ch.Totem; n.Transport != UDPU || n.Volatile.Token != 2650 || n.Volatile.Join != 50 || n.Links[0].Port != 5405 || n.NodeID != 1 {
		t.Errorf("got %+v", n)
	}
	if want := []string{"Modified entry 'totem.transport' in corosync.conf cannot be changed at run-time"}; !slices.Equal(w.log, want) {
		t.Errorf("logged %q, want %q", w.log, want)
	}
}

// A reload that fails leaves everything as it was.
func TestBadReload(t *testing.T) {
	good := totemConf("udpu", 2, "token: 2000")
	for _, tt := range []struct {
		conf string
		log  []string
	}{
		{"totem {\n", []string{"Unable to reload config file: /etc/corosync/corosync.conf:1: Missing closing brace"}},
		{totemConf("udpu", 2, "token: 10"), []string{"Configuration is not valid: The token timeout parameter (10 ms) may not be less than (30 ms)."}},
		{strings.Replace(good, "10.0.0.2", "10.0.0.3", 1), []string{
			"new config has different address for link 0 (addr changed from 10.0.0.2 to 10.0.0.3). Internal value was NOT changed.",
			"Cannot configure new interface definitions: To reconfigure an interface it must be deleted and recreated. A working interface needs to be available to corosync at all times"}},
		{strings.Replace(good, "10.0.0.2", "nowhere", 1), []string{"Cannot configure new interface definitions: failed to parse node address 'nowhere'"}},
		{strings.Replace(good, "nodeid: 2", "nodeid: 1", 1) + "totem {\ntoken: 99999\n}\n", nil},
		{good + "logging {\ndebug: maybe\n}\n", []string{"Configuration is not valid: unknown value for debug"}},
	} {
		w, f, c := started(t, good)
		before := keys(f)
		w.files["/etc/corosync/corosync.conf"] = tt.conf
		if _, err := Reload(w.env(), c, f.Map, "/etc/corosync/corosync.conf", debugCheck); err == nil {
			t.Errorf("%q was taken", tt.conf)
		}
		for key := range f.Map.Iterate("config.") {
			f.Map.Delete(key)
		}
		if after := keys(f); after != before {
			t.Errorf("%q: the map was\n%sand is\n%s", tt.conf, before, after)
		}
		if tt.log != nil && !slices.Equal(w.log, tt.log) {
			t.Errorf("%q: logged %q, want %q", tt.conf, w.log, tt.log)
		}
	}
}
