package alert

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/iso8601"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/lrmd"
	"github.com/ringmaster-ha/ringmaster/lrmd/wire"
)

var at = time.Date(2026, 11, 22, 9, 5, 7, 42_001_999, time.FixedZone("X", 3600))

func element(t testing.TB, text string) *etree.Element {
	t.Helper()
	doc := etree.NewDocument()
	if err := doc.ReadFromString(text); err != nil {
		t.Fatal(err)
	}
	return doc.Root()
}

const section = `<alerts>
  <alert id="default" path="/bin/default"/>
  <alert id="all" path="/bin/all">
    <select><select_attributes/><select_nodes/></select>
    <meta_attributes id="m"><nvpair id="m1" name="timeout" value="5s"/><nvpair id="m2" name="timestamp-format" value="%Y"/></meta_attributes>
    <instance_attributes id="i"><nvpair id="i1" name="extra" value="x y"/><nvpair id="i2" name="debug"/><nvpair id="i3" value="unnamed"/></instance_attributes>
    <recipient id="r1" value="one"/>
    <recipient id="r2" value="two">
      <meta_attributes id="n" score="1"><rule id="u" boolean-op="and"><date_expression id="d" operation="gt" start="2030-01-01"/></rule><nvpair id="n0" name="timeout" value="9s"/></meta_attributes>
      <meta_attributes id="o"><nvpair id="n1" name="timeout" value="odd"/></meta_attributes>
      <instance_attributes id="j"><nvpair id="j1" name="extra" value="own"/><nvpair id="j2" name="more" value="1"/></instance_attributes>
    </recipient>
  </alert>
  <alert path="/bin/nameless"/>
  <alert id="some" path="/bin/some"><select><select_attributes><attribute id="s1" name="b"/><attribute id="s2" name="c"/></select_attributes></select></alert>
</alerts>`

// TestRequests: who is told of an attribute, in which order and with what.
func TestRequests(t *testing.T) {
	list := Read(element(t, section), iso8601.FromTime(at), loglevel.Discard)
	show := func(name string) (out []string) {
		for _, r := range list.OfAttribute(AttributeChange{Node: "node1", NodeID: 7, Name: name, Value: "v"}, at, loglevel.Discard) {
			var params []string
			for _, p := range r.Params {
				if !strings.HasPrefix(p.Name, "CRM_notify_") {
					params = append(params, strings.TrimPrefix(p.Name, "CRM_alert_")+"="+p.Value)
				}
			}
			if r.Op != "lrmd_alert_exec" || r.Options != 2 || r.Timeout == 0 {
				t.Errorf("%+v", r)
			}
			out = append(out, r.AlertID+" "+r.AlertPath+" "+time.Duration(r.Timeout*1e6).String()+" "+strings.Join(params, ","))
		}
		return out
	}
	common := func(name, recipient, stamp string) string {
		return "node=node1,nodeid=7,attribute_name=" + name + ",attribute_value=v,kind=attribute,version=2.1.5,recipient=" + recipient +
			",timestamp=" + stamp + ",timestamp_epoch=1795334707,timestamp_usec=042001"
	}
	two := "all /bin/all 30s " + common("a", "two", "2026") + ",debug=,extra=own,more=1"
	one := "all /bin/all 5s " + common("a", "one", "2026") + ",debug=,extra=x y"
	if got, want := show("a"), []string{two, one}; !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	some := "some /bin/some 30s " + common("b", "", "09:05:07.042001")
	if got := show("b"); len(got) != 3 || got[0] != some {
		t.Errorf("got\n%s\nwant\n%s first", strings.Join(got, "\n"), some)
	}
	if got := (List)(nil).OfAttribute(AttributeChange{}, at, loglevel.Discard); len(got) != 0 {
		t.Errorf("without alerts: %v", got)
	}
}

// TestKinds: what is told of nodes, fencing and resources.
func TestKinds(t *testing.T) {
	list := Read(element(t, `<alerts><alert id="a" path="/bin/a"/><alert id="n" path="/bin/n"><select><select_nodes/></select></alert></alerts>`),
		iso8601.FromTime(at), loglevel.Discard)
	show := func(requests []wire.Request) (out []string) {
		for _, r := range requests {
			text := r.AlertID
			for _, p := range r.Params {
				if name, ok := strings.CutPrefix(p.Name, "CRM_alert_"); ok && name != "version" && !strings.HasPrefix(name, "timestamp") {
					text += " " + name + "=" + p.Value
				}
			}
			out = append(out, text)
		}
		return out
	}
	resource := func(change func(*ResourceResult)) []string {
		r := &ResourceResult{Node: "node1", Expected: 7, Completion: wire.Completion{RscID: "r", Action: "monitor", Code: 0, ExecTime: 12, Timeout: 20000}}
		change(r)
		return show(list.OfResource(r, at, loglevel.Discard))
	}
	for name, tt := range map[string]struct{ got, want []string }{
		"node": {
			show(list.OfNode(NodeChange{"node2", 2, "lost"}, at, loglevel.Discard)),
			[]string{"n node=node2 desc=lost nodeid=2 kind=node recipient=", "a node=node2 desc=lost nodeid=2 kind=node recipient="},
		},
		"fencing": {
			show(list.OfFencing(FencingResult{"node2", "st_notify_fence", "text", -62}, at, loglevel.Discard)),
			[]string{"a node=node2 task=st_notify_fence desc=text rc=-62 kind=fencing recipient="},
		},
		"unexpected probe": {
			resource(func(*ResourceResult) {}),
			[]string{"a node=node1 rsc=r task=monitor interval=0 target_rc=7 status=0 rc=0 exec_time=12 desc=ok kind=resource recipient="},
		},
		"expected probe": {resource(func(r *ResourceResult) { r.Code = 7 }), nil},
		"timed out": {
			resource(func(r *ResourceResult) {
				r.Interval, r.Expected, r.Code, r.Status, r.ExecTime = 10000, 0, 1, int(lrmd.TimedOut), 0
			}),
			[]string{"a node=node1 rsc=r task=monitor interval=10000 target_rc=0 status=2 rc=1 exec_time=20000 desc=Timed Out kind=resource recipient="},
		},
	} {
		if !slices.Equal(tt.got, tt.want) {
			t.Errorf("%s: %q, want %q", name, tt.got, tt.want)
		}
	}
}

func TestTimestamp(t *testing.T) {
	for format, want := range map[string]string{
		"%H:%M:%S.%06N":          "09:05:07.042001",
		"%3N":                    "042",
		"%N":                     "",
		"%9N|":                   "042001|",
		"%%3N %d":                "%3N 22",
		"%Y-%m-%dT%H:%M:%S%z":    "2026-11-22T09:05:07+0100",
		"plain":                  "plain",
		"":                       "",
		"a%1Nb%2Nc":              "a0b04c",
		strings.Repeat("x", 128): "",
		"%99999999999999999999N": "042001",
	} {
		if got := timestamp(format, at); got != want {
			t.Errorf("%q: %q, want %q", format, got, want)
		}
	}
}

func TestChanged(t *testing.T) {
	for text, want := range map[string]bool{
		`<diff format="2"><change operation="create" path="/cib/configuration"><alerts/></change></diff>`:                                         true,
		`<diff format="2"><change operation="create" path="/cib/configuration"><tags/></change></diff>`:                                           false,
		`<diff format="2"><change operation="modify" path="/cib/configuration/alerts/alert[@id='a']"/></diff>`:                                    true,
		`<diff format="2"><change operation="delete" path="/cib/configuration/resources/primitive[@id='a']"/><change path="/cib"/></diff>`:        false,
		`<diff><diff-added><cib><configuration><alerts/></configuration></cib></diff-added></diff>`:                                               true,
		`<diff format="1"><diff-removed><cib><configuration><alerts/></configuration></cib></diff-removed><diff-added><cib/></diff-added></diff>`: false,
		`<diff format="2"/>`: false,
	} {
		if got := Changed(element(t, text)); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}

// FuzzTimestamp: no format ends the daemon, or makes a long text.
func FuzzTimestamp(f *testing.F) {
	for _, s := range []string{defaultFormat, "%", "%5", "%5N%", "%Ez%Od%-d"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, format string) {
		if got := timestamp(format, at); len(got) > maxTimestamp {
			t.Errorf("%d bytes", len(got))
		}
	})
}
