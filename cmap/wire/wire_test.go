package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/cserr"
	goldens "github.com/ringmaster-ha/ringmaster/internal/golden"
	"github.com/ringmaster-ha/ringmaster/internal/icmap"
	"github.com/ringmaster-ha/ringmaster/internal/service"
)

// golden reads a capture of testdata/refresh.sh; those are little-endian.
func golden(t testing.TB, name string) []byte {
	t.Helper()
	if service.Order.Uint16([]byte{1, 0}) != 1 {
		t.Skip("the captures are of a little-endian machine, this one is not")
	}
	return goldens.Hex(t, filepath.Join("testdata", name+".hex"))
}

// recode decodes a message of the kind that a capture's name says and encodes
// it again. The value is what was decoded.
func recode(name string, b []byte) (v any, out []byte, err error) {
	_, kind, ok := strings.Cut(name, "_re")
	if name == "exec_sync" {
		m, err := ParseMcast(b, service.Order)
		if err != nil {
			return nil, nil, err
		}
		return m, m.AppendTo(bytes.Clone(b[:service.HeaderSize])), nil
	}
	if !ok {
		return nil, nil, errors.New("unknown kind")
	}
	switch kind {
	case "q_set":
		m, err := ParseSet(b)
		return m, m.AppendTo(nil), err
	case "q_delete":
		k, err := ParseKey(b)
		return k, AppendKey(nil, ReqDelete, k), err
	case "q_get":
		m, err := ParseGet(b)
		return m, m.AppendTo(nil), err
	case "q_adjust":
		m, err := ParseAdjust(b)
		return m, m.AppendTo(nil), err
	case "q_iter_init":
		k, err := ParsePrefix(b)
		return k, AppendKey(nil, ReqIterInit, k), err
	case "q_iter_next", "q_iter_finalize", "q_track_delete":
		h, err := ParseHandle(b)
		id := map[string]int32{"q_iter_next": ReqIterNext, "q_iter_finalize": ReqIterFinalize, "q_track_delete": ReqTrackDelete}[kind]
		return h, AppendHandle(nil, id, h), err
	case "q_track_add":
		m, err := ParseTrackAdd(b)
		return m, m.AppendTo(nil), err
	case "q_set_map":
		m, err := ParseSetMap(b)
		return m, AppendSetMap(nil, m), err
	case "s_set", "s_delete", "s_iter_finalize":
		err := ParseStatus(b)
		var code cserr.Code
		if err != nil && !errors.As(err, &code) {
			return nil, nil, err
		}
		id := map[string]int32{"s_set": ResSet, "s_delete": ResDelete, "s_iter_finalize": ResIterFinalize}[kind]
		return cserr.Of(err), AppendStatus(nil, id, cserr.Of(err)), nil
	case "s_get":
		room := uint64(max(len(b)-GetResSize, 0))
		v, n, typ, err := ParseGetRes(b, room)
		var code cserr.Code
		if errors.As(err, &code) {
			return code, AppendGetError(nil, code), nil
		}
		if err != nil {
			return nil, nil, err
		}
		if room == 0 { // the value is not there; make one of the same type and length
			fill := max(int(n)-boolInt(typ == icmap.TypeString), 0)
			if v, err = icmap.Decode(typ, bytes.Repeat([]byte{'x'}, fill)); err != nil {
				return nil, nil, err
			}
		}
		return v, AppendGetRes(nil, v, int(room)), nil
	case "s_iter_init", "s_track_add":
		h, err := ParseHandleRes(b)
		id := map[string]int32{"s_iter_init": ResIterInit, "s_track_add": ResTrackAdd}[kind]
		return h, AppendHandleRes(nil, id, cserr.OK, h), err
	case "s_iter_next":
		n, err := ParseNextRes(b)
		var code cserr.Code
		if errors.As(err, &code) {
			return code, AppendNextRes(nil, code, NextRes{}), nil
		}
		return n, AppendNextRes(nil, cserr.OK, n), err
	case "s_notify":
		n, err := ParseNotify(b)
		return n, n.AppendTo(nil), err
	}
	return nil, nil, errors.New("unknown kind")
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func names(t testing.TB) []string {
	files, err := filepath.Glob("testdata/*.hex")
	if err != nil || len(files) < 30 {
		t.Fatalf("%d captures, %v", len(files), err)
	}
	var out []string
	for _, f := range files {
		out = append(out, strings.TrimSuffix(filepath.Base(f), ".hex"))
	}
	return out
}

// Every capture decodes, and encodes to the same bytes.
func TestGoldens(t *testing.T) {
	for _, name := range names(t) {
		b := golden(t, name)
		if strings.HasSuffix(name, "res_set_map") {
			if err := ParseStatus(b); err != nil { // its padding is not zero
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		_, out, err := recode(name, b)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if !bytes.Equal(out, b) {
			t.Errorf("%s:\n got %x\nwant %x", name, out, b)
		}
	}
}

func TestDecoded(t *testing.T) {
	inst := uint64(0)
	if v, _, err := recode("track_req_track_add", golden(t, "track_1_req_track_add")); err == nil {
		inst = v.(TrackAdd).Inst // the client draws it
	}
	for _, tt := range []struct {
		name string
		want any
	}{
		{"set_1_req_set", Set{"test.text", icmap.TypeString, []byte("a longer text")}},
		{"get_1_req_get", Get{"test.text", 0}},
		{"get_3_req_get", Get{"test.text", 14}},
		{"get_3_res_get", icmap.String("a longer text")},
		{"missing_1_res_get", cserr.NotExist},
		{"iterate_1_req_iter_init", "test.n"},
		{"iterate_1_res_iter_next", NextRes{"test.n", 2, icmap.TypeUint16}},
		{"iterate_2_res_iter_next", cserr.NoSections},
		{"delete_1_req_delete", "test.n"},
		{"stats_1_req_set_map", MapStats},
		{"stats_1_res_get", icmap.Uint8(0)},
		{"track_1_req_track_add", TrackAdd{"test.k", icmap.AllEvents | icmap.Prefix, inst}},
		{"track_1_res_notify", Notify{inst, "test.k.a", icmap.Add, icmap.Uint32(1), icmap.Value{}}},
		{"track_2_res_notify", Notify{inst, "test.k.a", icmap.Modify, icmap.String("x"), icmap.Uint32(1)}},
		{"track_3_res_notify", Notify{inst, "test.k.a", icmap.Delete, icmap.Value{}, icmap.String("x")}},
		{"exec_sync", Mcast{ReasonSync, []Item{{"totem.config_version", icmap.Uint64(258)}}}},
	} {
		got, _, err := recode(tt.name, golden(t, tt.name))
		if err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: got %#v, %v; want %#v", tt.name, got, err, tt.want)
		}
	}
}

// A message that is cut anywhere is refused. What may be shorter: a response
// that is an error, of which the header is enough.
func TestPrefixesFail(t *testing.T) {
	for _, name := range names(t) {
		b := golden(t, name)
		for n := range b {
			if _, isErr := firstResult(recode(name, b)).(cserr.Code); isErr && n >= service.ResponseHeaderSize {
				continue
			}
			if strings.Contains(name, "res_get") && n >= GetResSize || strings.HasSuffix(name, "set_map") && n >= 20 {
				continue // room that a client did not ask for, and padding at the end
			}
			if strings.HasSuffix(name, "track_add") && strings.Contains(name, "res") && n >= 32 {
				continue
			}
			if _, _, err := recode(name, b[:n]); err == nil {
				t.Errorf("%s: %d of %d bytes decode", name, n, len(b))
			}
		}
	}
}

func firstResult(v any, _ []byte, _ error) any { return v }

// A peer of the other byte order.
func TestMcastOtherOrder(t *testing.T) {
	b := golden(t, "exec_sync")
	binary.BigEndian.PutUint32(b[0:], 0)
	binary.BigEndian.PutUint32(b[8:], 336)
	binary.BigEndian.PutUint16(b[48:], 20)
	binary.BigEndian.PutUint64(b[48+272:], 8)
	binary.BigEndian.PutUint64(b[48+280:], 258)
	m, err := ParseMcast(b, binary.BigEndian)
	if want := (Mcast{ReasonSync, []Item{{"totem.config_version", icmap.Uint64(258)}}}); err != nil || !reflect.DeepEqual(m, want) {
		t.Errorf("got %v, %v", m, err)
	}
}

func TestMcastLies(t *testing.T) {
	for _, tt := range []struct {
		at   int
		b    byte
		want string
	}{
		{24, 33, "no_items: 33, at most 32"},
		{24, 2, "key_name: want 2 bytes at offset 336 of 336"},
		{48 + 1, 2, "key_name: length 532, at most 256"},
		{48 + 272, 9, "value: want 9 bytes at offset 328 of 336"},
		{48 + 272, 7, "value: 7 bytes are no u64"},
		{48 + 279, 0x80, "value_len: 9223372036854775816, at most 16385"},
		{48 + 264, 99, "value: 8 bytes are no type 99"},
	} {
		b := golden(t, "exec_sync")
		b[tt.at] = tt.b
		if _, err := ParseMcast(b, service.Order); err == nil || err.Error() != tt.want {
			t.Errorf("byte %d = %d: got %v, want %s", tt.at, tt.b, err, tt.want)
		}
	}
}

// A key name is what C reads there.
func TestKeyNames(t *testing.T) {
	b := AppendKey(nil, ReqDelete, "abc")
	binary.NativeEndian.PutUint16(b[16:], 65535)
	if k, err := ParseKey(b); k != "abc" || err != nil {
		t.Errorf("a length that lies: %q, %v", k, err)
	}
	b = AppendKey(nil, ReqIterInit, strings.Repeat("k", 300))
	if k, err := ParsePrefix(b); len(k) != 256 || err != nil {
		t.Errorf("a name without end: %d bytes, %v", len(k), err)
	}
	binary.NativeEndian.PutUint16(b[16:], 0)
	if k, err := ParsePrefix(b); k != "" || err != nil {
		t.Errorf("length 0 is no prefix: %q, %v", k, err)
	}
}

func FuzzMessages(f *testing.F) {
	kinds := names(f)
	for i, name := range kinds {
		f.Add(i, golden(f, name))
	}
	f.Fuzz(func(t *testing.T, kind int, b []byte) {
		if kind < 0 || kind >= len(kinds) {
			return
		}
		v, out, err := recode(kinds[kind], b)
		if err != nil {
			return
		}
		again, _, err := recode(kinds[kind], out)
		if err != nil || !reflect.DeepEqual(again, v) {
			t.Fatalf("%s: %#v became %#v, %v", kinds[kind], v, again, err)
		}
		ParseMcast(b, binary.BigEndian)
	})
}
