package status

import (
	"math"
	"slices"
	"testing"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// The wants are those of pcmk__numeric_strcasecmp.
func TestCompareNames(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"node9", "node10", -1}, {"node10", "node9", 1}, {"Node1", "node1", 0}, {"node", "node1", -1},
		{"007", "7", 1}, {"a1b2", "a1b10", -1}, {"remotenode9", "node10", 1}, {"", "", 0}, {"", "a", -1},
		{"n99999999999999999999", "n1", 1},
	} {
		if got := CompareNames(tt.a, tt.b); got != tt.want {
			t.Errorf("CompareNames(%q, %q) = %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}

// The wants are those of parse_op_key.
func TestParseKey(t *testing.T) {
	for _, tt := range []struct {
		key, resource, action string
		interval              uint
		ok                    bool
	}{
		{"rsc_monitor_10000", "rsc", "monitor", 10000, true},
		{"a_b_c_start_0", "a_b_c", "start", 0, true},
		{"rsc_migrate_to_0", "rsc", "migrate_to", 0, true},
		{"a_b_migrate_from_0", "a_b", "migrate_from", 0, true},
		{"rsc:1_pre_notify_start_0", "rsc:1", "pre_notify_start", 0, true},
		{"r_s_post_notify_migrate_to_0", "r_s", "post_notify_migrate_to", 0, true},
		{"migrate_to_start_0", "migrate_to", "start", 0, true},
		{"rsc_monitor", "", "", 0, false}, {"", "", "", 0, false}, {"x", "", "", 0, false},
		{"rsc_start_x", "rsc", "start", 0, true},
	} {
		resource, action, interval, ok := ParseKey(tt.key)
		if resource != tt.resource || action != tt.action || interval != tt.interval || ok != tt.ok {
			t.Errorf("ParseKey(%q) = %q, %q, %d, %t", tt.key, resource, action, interval, ok)
		}
		if ok && tt.action != "" && tt.key[len(tt.key)-1] != 'x' && Key(resource, action, interval) != tt.key {
			t.Errorf("Key does not put %q together again", tt.key)
		}
	}
}

func TestBaseName(t *testing.T) {
	for id, want := range map[string]string{
		"rsc": "rsc", "rsc:0": "rsc", "rsc:12": "rsc", "rsc1": "rsc1", "a:b": "a:b", "a:b:3": "a:b", "rsc:": "rsc:", ":1": ":1", "7": "7", "": "",
	} {
		if got := BaseName(id); got != want {
			t.Errorf("BaseName(%q) = %q, want %q", id, got, want)
		}
	}
}

func TestScores(t *testing.T) {
	for _, tt := range []struct{ a, b, want int }{
		{100, 200, 300}, {Infinity, -5, Infinity}, {Infinity, -Infinity, -Infinity}, // a ban beats a must
		{-Infinity, Infinity, -Infinity}, {999999, 999999, Infinity}, {-999999, -2, -Infinity}, {1, -1, 0},
	} {
		if got := AddScores(tt.a, tt.b); got != tt.want {
			t.Errorf("AddScores(%d, %d) = %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
	ws := &WorkingSet{log: loglevel.Discard, Health: Health{Red: -Infinity, Yellow: -10, Green: 5}}
	for text, want := range map[string]int{
		"": 0, "17": 17, "-3": -3, "+4": 4, "INFINITY": Infinity, "-infinity": -Infinity, "+INFINITY": Infinity, "5000000": Infinity,
		"red": -Infinity, "Yellow": -10, "green": 5, "nonsense": 0, "12abc": 12, "99999999999999999999": 0,
	} {
		if got := ws.ParseScore(text); got != want {
			t.Errorf("ParseScore(%q) = %d, want %d", text, got, want)
		}
	}
	for score, want := range map[int]string{Infinity: "INFINITY", -Infinity: "-INFINITY", 0: "0", -7: "-7", Infinity + 1: "INFINITY"} {
		if got := FormatScore(score); got != want {
			t.Errorf("FormatScore(%d) = %s, want %s", score, got, want)
		}
	}
}

func TestLeadingInt(t *testing.T) {
	for _, tt := range []struct {
		text string
		n    int64
		ok   bool
	}{
		{"", 0, false}, {"-", 0, false}, {"x1", 0, false}, {" \t-17 ", -17, true}, {"+4;", 4, true}, {"007", 7, true},
		{"9223372036854775807", math.MaxInt64, true}, {"99999999999999999999", math.MaxInt64, false}, {"-99999999999999999999", math.MinInt64, false},
	} {
		if n, ok := LeadingInt(tt.text); n != tt.n || ok != tt.ok {
			t.Errorf("LeadingInt(%q) = %d, %t, want %d, %t", tt.text, n, ok, tt.n, tt.ok)
		}
	}
}

func TestNextIP(t *testing.T) {
	for last, want := range map[string]string{
		"192.168.122.5": "192.168.122.6", "192.168.122.253": "192.168.122.254", "192.168.122.254": "192.168.123.1", "10.0.254.1": "",
		"fe80::1": "", "": "", "1.2.3": "", "1.2.3.x": "",
	} {
		if got := nextIP(last); got != want {
			t.Errorf("nextIP(%q) = %q, want %q", last, got, want)
		}
	}
}

func TestTransitionKeys(t *testing.T) {
	const uuid = "0c9b5fb9-7f2d-4ef8-9a1c-3c3cfb1b2b31"
	for key, want := range map[string]int{
		"3:7:0:" + uuid: 0, "3:7:8:" + uuid: 8, "3:7:-1:" + uuid: -1, "3:7:" + uuid: -1, "": -1, "3:7:0:": -1, "a:7:0:" + uuid: -1, "3:7:0:short": 0,
	} {
		entry := etree.NewElement("lrm_rsc_op")
		entry.CreateAttr("transition-key", key)
		if got := readEntry(entry, nil).TargetRC; got != want {
			t.Errorf("transition key %q: expected result %d, want %d", key, got, want)
		}
	}
	transition, id, ok := transitionMagic("0:7;12:34:7:" + uuid)
	if transition != 34 || id != uuid || !ok {
		t.Errorf("transitionMagic = %d, %q, %t", transition, id, ok)
	}
	for _, bad := range []string{"", "0:7", "0;1:2:3:" + uuid, "x:y;1:2:3:" + uuid, "0:7;1:2"} {
		if _, _, ok := transitionMagic(bad); ok {
			t.Errorf("%q is taken for a magic", bad)
		}
	}
}

func TestAttrs(t *testing.T) {
	base := [][2]string{{"a", "1"}, {"b", "2"}}
	x, y := SharedAttrs(base), SharedAttrs(base)
	x.Set("a", "9")
	x.Delete("b")
	x.Delete("none")
	x.SetDefault("c", "3")
	x.SetDefault("a", "8")
	if got, want := x.Sorted(), [][2]string{{"a", "9"}, {"c", "3"}}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if x.Has("b") || x.Len() != 2 || x.Value("c") != "3" || x.Value("b") != "" || len(x.Map()) != 2 {
		t.Errorf("got %v", x.Map())
	}
	if got, want := y.Sorted(), [][2]string{{"a", "1"}, {"b", "2"}}; !slices.Equal(got, want) {
		t.Errorf("the other table has become %v", got)
	}
	x.Set("b", "5")
	if x.Value("b") != "5" || x.Len() != 3 {
		t.Errorf("got %v", x.Map())
	}
	var zero Attrs
	if zero.Len() != 0 || zero.Has("a") {
		t.Error("the zero value is not empty")
	}
}

// An interval that is more than can be counts as none, but not as a probe's.
func TestIsProbe(t *testing.T) {
	for interval, want := range map[string]bool{"0": true, "": true, "x": true, "10000": false, "4294967295": false, "4294967296": false, "99999999999999999999": true} {
		e := etree.NewElement("lrm_rsc_op")
		e.CreateAttr("operation", "monitor")
		e.CreateAttr("interval", interval)
		if got := readEntry(e, nil).IsProbe(); got != want {
			t.Errorf("interval %q: got %t, want %t", interval, got, want)
		}
	}
}
