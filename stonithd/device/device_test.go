package device

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/stonithd/wire"
)

// metadata is that of an agent with actions, "name" or "name attribute", and parameters.
func metadata(actions, params []string) *etree.Element {
	root := etree.NewElement("resource-agent")
	for _, p := range params {
		root.CreateElement("parameter").CreateAttr("name", p)
	}
	for _, a := range actions {
		name, attr, ok := strings.Cut(a, " ")
		e := root.CreateElement("action")
		e.CreateAttr("name", name)
		if ok {
			e.CreateAttr(attr, "1")
		}
	}
	return root
}

func device(m *etree.Element, pairs ...string) *Device {
	d := &wire.Device{ID: "d", Agent: "fence_x"}
	for i := 0; i < len(pairs); i += 2 {
		d.Params = append(d.Params, wire.Param{Name: pairs[i], Value: pairs[i+1]})
	}
	return New(d, m, loglevel.Discard)
}

func TestMapAction(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"action=", ""}, {"action=reboot", ""}, {"action=off", "pcmk_reboot_action=off"},
		{"action=cycle", "pcmk_off_action=cycle pcmk_reboot_action=cycle"},
		{"action=cycle pcmk_off_action=x", "pcmk_off_action=x pcmk_reboot_action=cycle"},
	} {
		var pairs []string
		for _, w := range strings.Fields(tt.in) {
			name, value, _ := strings.Cut(w, "=")
			pairs = append(pairs, name, value)
		}
		var got []string
		for _, p := range device(nil, pairs...).Params {
			got = append(got, p.Name+"="+p.Value)
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s: got %v, want %s", tt.in, got, tt.want)
		}
	}
}

func TestHostMap(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "a:1;b=2": "a=1 b=2", "A:1,2 b:3\tc:4": "a=1,2 b=3 c=4", `a:x\;y`: "a=x;y", "a": "", "a;b:1": "b=1", ":1": "",
		"a::1": "a=1", "a:": "a=", `a:1;b:2\`: "a=1", "a=b:c": "b=c", ";;": "",
	} {
		m, _ := hostMap(text)
		var got []string
		for _, k := range slices.Sorted(maps.Keys(m)) {
			got = append(got, k+"="+m[k])
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: got %v, want %s", text, got, want)
		}
	}
}

func TestTimes(t *testing.T) {
	d := device(nil, "pcmk_delay_base", "node1:5s;b:1m c:", "pcmk_delay_max", "90s", "pcmk_off_timeout", "33s", "pcmk_reboot_timeout", "44", "pcmk_action_limit", "-1")
	for target, want := range map[string]int{"node1": 5, "NODE1": 5, "node10": 5, "b": 60, "c": 0, "x": 0, "": 0} {
		if got := d.DelayBase("off", target); got != want {
			t.Errorf("base for %q: got %d, want %d", target, got, want)
		}
	}
	if got := d.DelayBase("on", "b"); got != 0 {
		t.Errorf("base for on: %d", got)
	}
	if got := device(nil, "pcmk_delay_base", "7").DelayBase("reboot", "b"); got != 7 {
		t.Errorf("base for all: %d", got)
	}
	if d.DelayMax("off") != 90 || d.DelayMax("monitor") != 0 || device(nil).DelayMax("off") != 0 {
		t.Error("max")
	}
	if d.Timeout("reboot", 1) != 33 || d.Timeout("off", 1) != 33 || d.Timeout("on", 1) != 1 {
		t.Error("timeouts without reboot")
	}
	if d.Describe(metadata([]string{"reboot"}, nil)); d.Timeout("reboot", 1) != 44 {
		t.Error("timeout with reboot")
	}
	for limit, want := range map[string]int{"-1": -1, "0": 1, "3": 3, "x": 1, "9999999999": 1} {
		if got := device(nil, "pcmk_action_limit", limit).Limit(); got != want {
			t.Errorf("limit %s: got %d, want %d", limit, got, want)
		}
	}
	if device(nil).Limit() != 1 {
		t.Error("no limit")
	}
}

func TestCanFence(t *testing.T) {
	all := metadata([]string{"on", "off", "reboot", "list", "status"}, nil)
	for _, tt := range []struct {
		name   string
		device *Device
		search Search
		want   Answer
		why    string
	}{
		{"nobody", device(nil), Search{Action: "off"}, Yes, "No target"},
		{"everybody", device(nil), Search{Target: "a", Action: "off"}, Yes, "none"},
		{"static", device(all, "pcmk_host_list", "a b"), Search{Target: "B", Action: "off"}, Yes, "static-list"},
		{"static, not listed", device(all, "pcmk_host_list", "a b"), Search{Target: "c", Action: "off"}, No, "static-list"},
		{"mapped", device(all, "pcmk_host_map", "a:1"), Search{Target: "A", Action: "off"}, Yes, "static-list"},
		{"mapped by port", device(all, "pcmk_host_map", "a:p"), Search{Target: "p", Action: "off"}, Yes, "static-list"},
		{"dynamic", device(all), Search{Target: "a", Action: "off"}, AskList, "dynamic-list"},
		{"status", device(metadata([]string{"status"}, nil)), Search{Target: "a", Action: "off"}, AskStatus, "status"},
		{"wrong check", device(all, "pcmk_host_check", "maybe"), Search{Target: "a", Action: "off"}, No, "Invalid pcmk_host_check"},
		{"cannot turn on", device(metadata([]string{"off"}, nil)), Search{Target: "a", Action: "on"}, No, "Agent does not support 'on'"},
		{"itself", device(all, "pcmk_host_list", "a"), Search{Target: "a", Self: "A", Action: "off"}, No, "This node is not allowed to execute action"},
		{"itself, allowed", device(all, "pcmk_host_list", "a"), Search{Target: "a", Self: "a", Action: "off", AllowSelf: true}, Yes, "static-list"},
		{"on by the target", device(metadata([]string{"on on_target"}, nil)), Search{Target: "a", Self: "a", Action: "on"}, Yes, "none"},
		{"on by another", device(metadata([]string{"on on_target"}, nil)), Search{Target: "a", Self: "b", Action: "on"}, No, "This node is not allowed to execute action"},
		// It may turn the other off, though not on again.
		{"reboot in two", device(metadata([]string{"on on_target", "off"}, nil)), Search{Target: "a", Self: "b", Action: "reboot"}, Yes, "none"},
	} {
		if got, why := tt.device.CanFence(&tt.search); got != tt.want || why != tt.why {
			t.Errorf("%s: got %d %q, want %d %q", tt.name, got, why, tt.want, tt.why)
		}
	}
}

func TestListed(t *testing.T) {
	good := func(s string) *wire.Result { return &wire.Result{Output: s} }
	bad := &wire.Result{Exit: 1}
	late := &wire.Result{Exec: wire.ExecTimeout, Output: "a"}
	meta := metadata([]string{"list", "status"}, nil)
	ask := func(d *Device, now int64) string {
		a, why := d.CanFence(&Search{Target: "a", Action: "off", Now: now})
		return fmt.Sprint(a, " ", why)
	}
	d := device(meta)
	if !d.Listed(good("a\nb"), "a", 100) || ask(d, 160) != "1 dynamic-list" || ask(d, 161) != "2 dynamic-list" {
		t.Error("a list counts for a minute")
	}
	if !d.Listed(bad, "a", 170) || d.Listed(bad, "c", 170) {
		t.Error("the last list counts where there is no other")
	}
	if d.Listed(good("b"), "a", 180) {
		t.Error("a new list takes the place of the old")
	}
	d = device(meta)
	if d.Listed(late, "a", 1) || ask(d, 1) != "3 status" {
		t.Error("without a list the status is asked")
	}
	d = device(meta, "pcmk_host_check", "dynamic-list")
	if d.Listed(bad, "a", 1) || ask(d, 1) != "2 dynamic-list" {
		t.Error("who asks for lists gets no status")
	}
	d = device(meta, "pcmk_host_map", "a:p1", "pcmk_host_check", "dynamic-list")
	if !d.Listed(good("p1"), "a", 1) || d.Listed(good("a"), "a", 1) {
		t.Error("lists have the device's names")
	}
	for r, want := range map[*wire.Result]bool{good(""): true, {Exit: 2}: true, bad: false, {Exit: 3}: false, {Exec: wire.ExecTimeout}: false, {Exec: wire.ExecError, Exit: 2}: false} {
		if got := StatusSays(r); got != want {
			t.Errorf("%+v: got %v", r, got)
		}
	}
}

func TestDescribe(t *testing.T) {
	d := device(metadata([]string{"on automatic", "off", "list"}, []string{"plug", "nodeid"}), "pcmk_host_map", "A:7")
	if d.Flags != On|List|Plug || !d.Unfences || !d.Required("on") || d.Required("off") || !d.WantsNodeID || d.RebootAction() != "reboot" {
		t.Errorf("%+v", d)
	}
	c := d.Call("off", "a", 9)
	if c.HostArgument != "plug" || c.NodeID != 9 || c.Ports["a"] != "7" {
		t.Errorf("%+v", c)
	}
	d = device(metadata([]string{"reboot"}, []string{"plug", "port", "nodeid"}), "nodeid", "3", "pcmk_reboot_action", "cycle")
	c = d.Call("off", "a", 9)
	if d.WantsNodeID || c.HostArgument != "port" || c.NodeID != 0 || c.Ports != nil || d.RebootAction() != "cycle" {
		t.Errorf("%+v", c)
	}
}

func FuzzHostMap(f *testing.F) {
	f.Add("a:1;b=2 c:x\\;y")
	f.Fuzz(func(t *testing.T, s string) {
		byNode, ports := hostMap(s)
		if len(byNode) > len(ports) {
			t.Errorf("%d nodes, %d ports", len(byNode), len(ports))
		}
	})
}
