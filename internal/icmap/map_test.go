package icmap

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/cserr"
)

func TestNames(t *testing.T) {
	for _, tt := range []struct {
		key  string
		want error
	}{
		{"abc", nil},
		{"a.B_9-/:", nil},
		{strings.Repeat("k", 255), nil},
		{"ab", cserr.NameTooLong}, // the reference has no other code for it
		{"", cserr.NameTooLong},
		{strings.Repeat("k", 256), cserr.NameTooLong},
		{"a b", cserr.NameTooLong},
		{"abc\x00", cserr.NameTooLong},
		{"käse", cserr.NameTooLong},
	} {
		if got := New().SetUint8(tt.key, 1); got != tt.want {
			t.Errorf("Set(%q) = %v, want %v", tt.key, got, tt.want)
		}
	}
}

func TestLimits(t *testing.T) {
	m := New()
	for _, tt := range []struct {
		v    Value
		want error
	}{
		{Value{}, cserr.InvalidParam},
		{Binary(make([]byte, ValueMax)), nil},
		{Binary(make([]byte, ValueMax+1)), cserr.InvalidParam},
		{String(strings.Repeat("x", ValueMax)), nil},
		{String(strings.Repeat("x", ValueMax+1)), cserr.InvalidParam},
	} {
		if got := m.Set("key", tt.v); got != tt.want {
			t.Errorf("Set(%v, %d bytes) = %v, want %v", tt.v.Type(), tt.v.Len(), got, tt.want)
		}
	}
}

func TestFromBytes(t *testing.T) {
	for _, tt := range []struct {
		typ  Type
		in   string
		want Value
		err  error
	}{
		{TypeInt8, "\xff", Int8(-1), nil},
		{TypeUint8, "\xff", Uint8(255), nil},
		{TypeUint8, "", Value{}, cserr.InvalidParam},
		{TypeUint16, "\x01", Value{}, cserr.InvalidParam},
		{TypeUint64, "\x01\x00\x00\x00", Value{}, cserr.InvalidParam},
		{TypeString, "abc", String("abc"), nil},
		{TypeString, "abc\x00", String("abc"), nil},
		{TypeString, "", String(""), nil},
		{TypeString, "\x00", String(""), nil},
		{TypeString, "a\x00c", Value{}, cserr.InvalidParam},
		{TypeBinary, "a\x00c", Binary([]byte("a\x00c")), nil},
		{TypeBinary, "", Binary(nil), nil},
		{None, "", Value{}, cserr.InvalidParam},
		{13, "", Value{}, cserr.InvalidParam},
		{TypeBinary, strings.Repeat("x", ValueMax+1), Value{}, cserr.InvalidParam},
	} {
		got, err := FromBytes(tt.typ, []byte(tt.in))
		if got != tt.want || err != tt.err {
			t.Errorf("FromBytes(%v, %.20q) = %v, %v; want %v, %v", tt.typ, tt.in, got, err, tt.want, tt.err)
		}
	}
}

func FuzzFromBytes(f *testing.F) {
	f.Add(uint8(TypeString), []byte("abc\x00"))
	f.Add(uint8(TypeInt16), []byte{1, 0x80})
	f.Fuzz(func(t *testing.T, typ uint8, b []byte) {
		v, err := FromBytes(Type(typ), b)
		if err != nil {
			return
		}
		want := b
		if v.Type() == TypeString && !bytes.HasSuffix(b, []byte{0}) {
			want = append(slices.Clone(b), 0)
		}
		if got := v.Bytes(); !bytes.Equal(got, want) || v.Len() != len(want) {
			t.Fatalf("%v: %x came back as %x, Len %d", v.Type(), b, got, v.Len())
		}
	})
}

func TestTypesAreStrict(t *testing.T) {
	m := New()
	m.SetUint32("key", 7)
	if v, err := m.GetUint32("key"); v != 7 || err != nil {
		t.Errorf("GetUint32 = %d, %v", v, err)
	}
	if _, err := m.GetUint64("key"); err != ErrType {
		t.Errorf("GetUint64 of a u32: %v, want %v", err, ErrType)
	}
	if _, err := m.GetString("other"); err != ErrNotExist {
		t.Errorf("GetString of no key: %v, want %v", err, ErrNotExist)
	}
	m.SetDouble("key", 1.5) // a Set may change the type
	if v, err := m.GetDouble("key"); v != 1.5 || err != nil {
		t.Errorf("GetDouble = %g, %v", v, err)
	}
}

func TestAddNumberWraps(t *testing.T) {
	m := New()
	for _, tt := range []struct {
		v    Value
		step int32
		want Value
		err  error
	}{
		{Uint8(255), 1, Uint8(0), nil},
		{Int8(127), 1, Int8(-128), nil},
		{Uint16(0), -1, Uint16(65535), nil},
		{Int32(-1), 1, Int32(0), nil},
		{Uint64(0), -1, Uint64(1<<64 - 1), nil},
		{Uint8(1), 256, Uint8(1), nil},
		{Float(1), 1, Float(1), ErrType},
		{String("1"), 1, String("1"), ErrType},
	} {
		for _, add := range []func(string, int32) error{m.AddNumber, m.FastAdd} {
			m.Set("key", tt.v)
			err := add("key", tt.step)
			if got, _ := m.Get("key"); got != tt.want || err != tt.err {
				t.Errorf("%v %v + %d = %v, %v; want %v, %v", tt.v.Type(), tt.v, tt.step, got, err, tt.want, tt.err)
			}
		}
	}
	if err := m.AddNumber("none", 1); err != ErrNotExist {
		t.Errorf("AddNumber of no key: %v", err)
	}
}

func TestIterationSurvivesChanges(t *testing.T) {
	m := New()
	for _, k := range []string{"b.1", "b.2", "b.3", "a.1", "c.1", "b"} {
		m.SetString(k+".x", k)
	}
	var seen []string
	for k := range m.Iterate("b.") {
		seen = append(seen, k)
		switch k {
		case "b.1.x":
			m.Delete("b.1.x") // the present one
			m.Delete("b.2.x")
			m.SetUint8("b.0.x", 0) // before: not seen
			m.SetUint8("b.4.x", 0)
		}
	}
	if want := []string{"b.1.x", "b.3.x", "b.4.x", "b.x"}; !slices.Equal(seen, want) {
		t.Errorf("saw %q, want %q", seen, want)
	}
	seen = nil
	for k := range m.Iterate("") {
		seen = append(seen, k)
	}
	if !slices.IsSorted(seen) || len(seen) != m.Len() {
		t.Errorf("saw %q of %d", seen, m.Len())
	}
}

func TestTracking(t *testing.T) {
	m := New()
	var log []string
	track := func(id, name string, ev Event, prefix bool) *Tracker {
		return m.Track(name, ev, prefix, func(ev Event, key string, new, old Value) {
			log = append(log, fmt.Sprintf("%s:%d %s %v>%v", id, ev, key, old, new))
		})
	}
	check := func(what string, want ...string) {
		t.Helper()
		if !reflect.DeepEqual(log, want) {
			t.Errorf("%s:\n got %q\nwant %q", what, log, want)
		}
		log = nil
	}
	track("all", "", AllEvents, true)
	track("root without prefix", "", AllEvents, false)
	track("p1", "tot", AllEvents, true)
	track("k1", "totem.x", AllEvents, false)
	track("k2", "totem.x", Add|Delete, false)
	track("p2", "totem.x", AllEvents, true)
	p3 := track("p3", "totem.x", AllEvents, true)

	m.SetUint8("totem.x", 1)
	check("add", "k2:4 totem.x none>1", "k1:4 totem.x none>1", "p2:4 totem.x none>1", "p3:4 totem.x none>1", "p1:4 totem.x none>1", "all:4 totem.x none>1")
	m.SetUint8("totem.x", 1)
	check("no change")
	p3.Stop()
	p3.Stop()
	m.SetUint16("totem.x", 1)
	check("modify", "k1:2 totem.x 1>1", "p2:2 totem.x 1>1", "p1:2 totem.x 1>1", "all:2 totem.x 1>1")
	m.FastAdd("totem.x", 2)
	check("fast", "k1:2 totem.x none>3", "p2:2 totem.x none>3", "p1:2 totem.x none>3", "all:2 totem.x none>3")
	m.SetString("totem.xy", "")
	check("longer name", "p2:4 totem.xy none>", "p1:4 totem.xy none>", "all:4 totem.xy none>")
	m.Delete("totem.x")
	check("delete", "k2:1 totem.x 3>none", "k1:1 totem.x 3>none", "p2:1 totem.x 3>none", "p1:1 totem.x 3>none", "all:1 totem.x 3>none")
	if err := m.Delete("totem.x"); err != ErrNotExist {
		t.Errorf("second Delete: %v", err)
	}
}

// A tracker may change the map and stop others, its own included.
func TestTrackerChangesMap(t *testing.T) {
	m := New()
	var second *Tracker
	calls := 0
	first := m.Track("a.", AllEvents, true, func(_ Event, key string, _, _ Value) {
		second.Stop()
		if calls++; key == "a.1" {
			m.SetUint8("a.2", 1)
		}
	})
	second = m.Track("a.", AllEvents, true, func(Event, string, Value, Value) { t.Error("called after Stop") })
	m.SetUint8("a.1", 1)
	if calls != 2 {
		t.Errorf("%d calls, want 2", calls)
	}
	first.Stop()
	if len(m.trackers) != 0 {
		t.Errorf("%d names still tracked", len(m.trackers))
	}
}

func TestReadOnly(t *testing.T) {
	m := New()
	for _, tt := range []struct {
		key        string
		prefix, on bool
		want       error
	}{
		{"runtime.", true, true, nil},
		{"runtime.", true, true, cserr.Exist},
		{"runtime.", false, false, cserr.NotExist},
		{"totem.token", false, true, nil},
		{"totem.join", false, true, nil},
		{"totem.join", false, false, nil},
	} {
		if got := m.SetReadOnly(tt.key, tt.prefix, tt.on); got != tt.want {
			t.Errorf("SetReadOnly(%q, %v, %v) = %v, want %v", tt.key, tt.prefix, tt.on, got, tt.want)
		}
	}
	for key, want := range map[string]bool{
		"runtime.x": true, "runtime": false, "totem.token": true, "totem.token_x": false, "totem.join": false,
	} {
		if got := m.IsReadOnly(key); got != want {
			t.Errorf("IsReadOnly(%q) = %v", key, got)
		}
	}
}

func TestClone(t *testing.T) {
	m := New()
	m.SetUint8("a.1", 1)
	m.Track("", AllEvents, true, func(Event, string, Value, Value) { t.Error("the clone has the tracker") })
	c := m.Clone()
	c.SetUint8("a.1", 2)
	c.SetUint8("a.2", 2)
	if v, _ := m.GetUint8("a.1"); v != 1 || m.Len() != 1 {
		t.Errorf("the clone shares keys: a.1 = %d, %d keys", v, m.Len())
	}
}

// Counters of messages are bumped for each of them.
func BenchmarkFastAdd(b *testing.B) {
	m := New()
	m.SetUint64("runtime.services.cpg.3.rx", 0)
	m.Track("totem.config_version", AllEvents, false, func(Event, string, Value, Value) {})
	b.ReportAllocs()
	for b.Loop() {
		m.FastAdd("runtime.services.cpg.3.rx", 1)
	}
}
