package cmap_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/cmap"
	"github.com/ringmaster-ha/ringmaster/internal/cmapsvc"
	"github.com/ringmaster-ha/ringmaster/internal/cmapsvc/cmaptest"
	"github.com/ringmaster-ha/ringmaster/internal/icmap"
)

func dial(t *testing.T, d *cmaptest.Daemon, m cmap.Map) *cmap.Conn {
	t.Helper()
	c, err := cmap.Dial(t.Context(), cmap.Options{Map: m, SocketDir: d.SocketDir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestValuesComeBack(t *testing.T) {
	d := cmaptest.Start(t, nil)
	c := dial(t, d, cmap.Configuration)
	for _, v := range []cmap.Value{
		cmap.Int8(-8), cmap.Uint8(8), cmap.Int16(-16), cmap.Uint16(16), cmap.Int32(-32), cmap.Uint32(32),
		cmap.Int64(-64), cmap.Uint64(1 << 63), cmap.Float(1.5), cmap.Double(-2.5),
		cmap.String(""), cmap.String("text"), cmap.String(strings.Repeat("x", 16384)),
		cmap.Binary(nil), cmap.Binary([]byte{0, 1, 0}), cmap.Binary(make([]byte, 16384)),
	} {
		if err := c.Set(t.Context(), "test.key", v); err != nil {
			t.Errorf("%v of %d bytes: %v", v.Type(), v.Len(), err)
			continue
		}
		if got, err := c.Get(t.Context(), "test.key"); got != v || err != nil {
			t.Errorf("%v of %d bytes came back as %v of %d, %v", v.Type(), v.Len(), got.Type(), got.Len(), err)
		}
		if e, err := c.Stat(t.Context(), "test.key"); e != (cmap.Entry{Key: "test.key", Type: v.Type(), Len: v.Len()}) || err != nil {
			t.Errorf("Stat: %v, %v", e, err)
		}
	}
}

func TestErrors(t *testing.T) {
	d := cmaptest.Start(t, map[string]icmap.Value{"system.x": icmap.String("x")})
	d.Do(func(m *icmap.Map) { m.SetReadOnly("system.", true, true) })
	c := dial(t, d, cmap.Configuration)
	ctx := t.Context()
	get := func(key string) error { _, err := c.Get(ctx, key); return err }
	for _, tt := range []struct {
		err, want error
		text      string
	}{
		{get("none.x"), cmap.ErrNotExist, "cmap: get none.x: CS_ERR_NOT_EXIST"},
		{c.Set(ctx, "system.x", cmap.Uint8(1)), cmap.ErrAccess, "cmap: set system.x: CS_ERR_ACCESS"},
		{c.Set(ctx, "ab", cmap.Uint8(1)), cmap.ErrNameTooLong, "cmap: set ab: CS_ERR_NAME_TOO_LONG"},
		{get(strings.Repeat("k", 256)), cmap.ErrNameTooLong, ""},
		{c.Set(ctx, "a.b", cmap.Value{}), cmap.ErrInvalid, ""},
		{c.Set(ctx, "a.b", cmap.Binary(make([]byte, 16385))), cmap.ErrInvalid, ""},
		{c.Add(ctx, "system.x", 1), cmap.ErrAccess, ""},
		{c.Delete(ctx, "none.x"), cmap.ErrNotExist, ""},
	} {
		if !errors.Is(tt.err, tt.want) || tt.text != "" && tt.err.Error() != tt.text {
			t.Errorf("got %v, want %v %s", tt.err, tt.want, tt.text)
		}
	}
	if _, err := cmap.Dial(ctx, cmap.Options{SocketDir: t.TempDir()}); err == nil {
		t.Error("connected to nobody")
	}
	if _, err := cmap.Dial(ctx, cmap.Options{SocketDir: d.SocketDir, Map: 7}); !errors.Is(err, cmap.ErrNotExist) {
		t.Errorf("map 7: %v", err)
	}
}

func TestIterate(t *testing.T) {
	d := cmaptest.Start(t, map[string]icmap.Value{"a.1": icmap.Uint8(1), "b.1": icmap.String("one"), "b.2": icmap.Uint16(2)})
	c := dial(t, d, cmap.Configuration)
	var got []string
	for e, err := range c.Keys(t.Context(), "b.") {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, e.Key+" "+e.Type.String())
	}
	for p, err := range c.All(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, p.Key+"="+p.Value.String())
		if p.Key == "b.1" {
			break
		}
	}
	if want := "b.1 str,b.2 u16,a.1=1,b.1=one"; strings.Join(got, ",") != want {
		t.Errorf("got %q, want %q", got, want)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range c.All(ctx, "") {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
	}
}

func TestTrack(t *testing.T) {
	d := cmaptest.Start(t, nil)
	c := dial(t, d, cmap.Configuration)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	all, err := c.TrackPrefix(ctx, "a.", cmap.AllEvents)
	if err != nil {
		t.Fatal(err)
	}
	one, err := c.Track(ctx, "a.x", cmap.Deleted)
	if err != nil {
		t.Fatal(err)
	}
	d.Do(func(m *icmap.Map) {
		m.SetUint8("a.x", 1)
		m.SetUint8("a.x", 2)
		m.Delete("a.x")
	})
	for _, want := range []cmap.Change{
		{Tracker: all, Event: cmap.Added, Key: "a.x", New: cmap.Uint8(1)},
		{Tracker: all, Event: cmap.Modified, Key: "a.x", New: cmap.Uint8(2), Old: cmap.Uint8(1)},
		{Tracker: one, Event: cmap.Deleted, Key: "a.x", Old: cmap.Uint8(2)},
		{Tracker: all, Event: cmap.Deleted, Key: "a.x", Old: cmap.Uint8(2)},
	} {
		if got, err := c.Next(ctx); got != want || err != nil {
			t.Errorf("got %+v, %v; want %+v", got, err, want)
		}
	}
	d.Do(func(m *icmap.Map) { m.SetUint8("a.y", 1) }) // on its way when the tracker stops
	if err := all.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	if err := all.Stop(ctx); !errors.Is(err, cmap.ErrBadHandle) {
		t.Errorf("second Stop: %v", err)
	}
	d.Do(func(m *icmap.Map) { m.SetUint8("a.x", 1); m.Delete("a.x") })
	if got, err := c.Next(ctx); got.Tracker != one || err != nil {
		t.Errorf("got %+v, %v", got, err)
	}
	c.Close()
	if _, err := c.Next(ctx); !errors.Is(err, cmap.ErrLibrary) {
		t.Errorf("after Close: %v", err)
	}
}

func TestStatistics(t *testing.T) {
	d := cmaptest.Start(t, nil)
	d.Stats(func(_ *cmapsvc.Stats, srp *cmapsvc.SRPStats) { srp.McastTx = 12 })
	c := dial(t, d, cmap.Statistics)
	if v, err := c.Get(t.Context(), "stats.srp.mcast_tx"); v != cmap.Uint64(12) || err != nil {
		t.Errorf("got %v, %v", v, err)
	}
	if err := c.Set(t.Context(), "stats.clear.totem", cmap.Uint32(1)); err != nil {
		t.Error(err)
	}
	if v, err := c.Get(t.Context(), "stats.srp.mcast_tx"); v != cmap.Uint64(0) || err != nil {
		t.Errorf("after clearing: %v, %v", v, err)
	}
	if _, err := c.TrackPrefix(t.Context(), "stats.", cmap.Modified); !errors.Is(err, cmap.ErrNotSupported) {
		t.Errorf("tracking values of a prefix: %v", err)
	}
}
