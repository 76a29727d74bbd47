package quorum

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/qb/client"
	"github.com/ringmaster-ha/ringmaster/quorum/wire"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// captured are messages of the reference's libraries and daemon.
func captured(t *testing.T) map[string][]byte {
	t.Helper()
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		t.Skip("the captures are in little-endian order, this machine is not")
	}
	text, err := os.ReadFile("wire/testdata/ipc.hex")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) == 2 {
			if b, err := hex.DecodeString(f[1]); err == nil {
				all[f[0]] = b
			}
		}
	}
	return all
}

// fake is a daemon that answers one request and has some events.
type fake struct {
	req    []byte
	res    []byte
	err    error
	events [][]byte
	closed bool
}

func (f *fake) Call(_ context.Context, parts ...[]byte) ([]byte, error) {
	f.req = slices.Concat(parts...)
	return f.res, f.err
}

func (f *fake) Event(ctx context.Context) ([]byte, error) {
	if len(f.events) == 0 {
		return nil, client.ErrDisconnected
	}
	e := f.events[0]
	f.events = f.events[1:]
	return e, nil
}

func (f *fake) Close() error { f.closed = true; return nil }

// TestRequests holds what our clients send against what the reference's
// libraries sent for the same call, but for the padding.
func TestRequests(t *testing.T) {
	all := captured(t)
	ok := wire.AppendResponse(nil, 0, 1)
	ring := totem.RingID{Rep: 1, Seq: 0x11}
	ctx := t.Context()
	for _, tt := range []struct {
		golden string
		call   func(*Client, *Votes) error
	}{
		{"quorum_req_trackstart_1", func(c *Client, _ *Votes) error { return c.Track(ctx, Current|Changes) }},
		{"quorum_req_trackstart_2", func(c *Client, _ *Votes) error { return c.Track(ctx, ChangesOnly) }},
		{"quorum_req_trackstop_1", func(c *Client, _ *Votes) error { return c.Untrack(ctx) }},
		{"votequorum_req_trackstart_1", func(_ *Client, v *Votes) error { return v.Track(ctx, 0x1122334455667788, Current|Changes) }},
		{"votequorum_req_trackstop_1", func(_ *Client, v *Votes) error { return v.Untrack(ctx) }},
		{"votequorum_req_setexpected_1", func(_ *Client, v *Votes) error { return v.SetExpected(ctx, 1) }},
		{"votequorum_req_setvotes_3", func(_ *Client, v *Votes) error { return v.SetVotes(ctx, 99, 1) }},
		{"votequorum_req_qdevice_register_1", func(_ *Client, v *Votes) error { return v.RegisterDevice(ctx, "QDEVICE") }},
		{"votequorum_req_qdevice_unregister_1", func(_ *Client, v *Votes) error { return v.UnregisterDevice(ctx, "QDEVICE") }},
		{"votequorum_req_qdevice_update_1", func(_ *Client, v *Votes) error { return v.RenameDevice(ctx, "QDEVICE", "QDEVICE2") }},
		{"votequorum_req_qdevice_poll_1", func(_ *Client, v *Votes) error { return v.PollDevice(ctx, "QDEVICE", true, ring) }},
		{"votequorum_req_qdevice_master_wins_1", func(_ *Client, v *Votes) error { return v.SetMasterWins(ctx, "QDEVICE2", true) }},
	} {
		f := &fake{res: ok}
		if err := tt.call(&Client{session: session{f}}, &Votes{session{f}}); err != nil {
			t.Errorf("%s: %v", tt.golden, err)
		}
		want := all[tt.golden]
		if want == nil {
			t.Errorf("%s was not captured", tt.golden)
		}
		if !bytes.Equal(unpadded(f.req), unpadded(want)) {
			t.Errorf("%s:\n got %x\nwant %x", tt.golden, f.req, want)
		}
	}
}

// unpadded zeroes what the C libraries leave as it was on the stack: the
// padding of the header, the room behind a name's end and behind the fields.
func unpadded(b []byte) []byte {
	b = slices.Clone(b)
	clear(b[4:8])
	clear(b[12:16])
	zeroName := func(from int) {
		if i := bytes.IndexByte(b[from:from+255], 0); i >= 0 {
			clear(b[from+i : from+255])
		}
	}
	switch len(b) {
	case 272: // register
		zeroName(16)
		clear(b[271:])
	case 528: // update
		zeroName(16)
		zeroName(271)
		clear(b[526:])
	case 296: // poll
		zeroName(16)
		clear(b[271:272])
		clear(b[276:280])
		clear(b[284:288])
	case 280: // master wins
		zeroName(16)
		clear(b[271:272])
		clear(b[276:])
	case 32: // votequorum trackstart
		clear(b[28:])
	case 24:
		if id := b[0]; id != 2 { // all but setvotes
			clear(b[20:])
		}
	}
	return b
}

func TestAnswers(t *testing.T) {
	all := captured(t)
	ctx := t.Context()
	c, err := newClient(ctx, &fake{res: all["quorum_res_model_gettype_1"]})
	if err != nil || !c.HasProvider() {
		t.Fatalf("provider %v, %v", c, err)
	}
	c.conn = &fake{res: all["quorum_res_getquorate_1"]}
	if q, err := c.Quorate(ctx); err != nil || !q {
		t.Errorf("quorate %v, %v", q, err)
	}
	v := &Votes{session{&fake{res: all["votequorum_res_getinfo_4"]}}}
	want := Info{Node: 1, State: Member, Votes: 1, ExpectedVotes: 4, HighestExpected: 4, TotalVotes: 4, Quorum: 3,
		Flags: Quorate | DeviceRegistered | DeviceAlive | DeviceCastsVote | DeviceMasterWins, DeviceVotes: 1, DeviceName: "QDEVICE2"}
	if info, err := v.Info(ctx, 0); err != nil || info != want {
		t.Errorf("info %+v, %v, want %+v", info, err, want)
	}
	if got := want.Flags.String(); got != "Quorate Qdevice QdeviceAlive QdeviceCastVote QdeviceMasterWins" {
		t.Errorf("flags %q", got)
	}
	if got := (TwoNode | 1<<20).String(); got != "2Node 0x100000" {
		t.Errorf("flags %q", got)
	}
}

func TestErrors(t *testing.T) {
	all := captured(t)
	ctx := t.Context()
	for _, tt := range []struct {
		f    fake
		want error
	}{
		{fake{res: all["votequorum_res_getinfo_3"]}, ErrNotExist},
		{fake{res: all["quorum_res_trackstart_2"]}, ErrExist},
		{fake{res: wire.AppendResponse(nil, 0, 6)}, ErrTryAgain},
		{fake{err: client.ErrAgain}, ErrTryAgain},
		{fake{err: client.ErrDisconnected}, ErrDisconnected},
		{fake{err: context.Canceled}, context.Canceled},
	} {
		if _, err := (&Votes{session{&tt.f}}).Info(ctx, 77); !errors.Is(err, tt.want) {
			t.Errorf("%+v: %v, want %v", tt.f, err, tt.want)
		}
	}
	if _, err := (&Votes{session{&fake{res: []byte("short")}}}).Info(ctx, 1); err == nil {
		t.Error("a short response is taken")
	}
	if _, err := (&Votes{session{&fake{res: all["votequorum_res_trackstart_1"]}}}).Info(ctx, 1); err == nil {
		t.Error("another response is taken")
	}
	f := &fake{res: wire.AppendResponse(nil, 5, 7)}
	if _, err := newClient(ctx, f); !errors.Is(err, ErrInvalidParam) {
		t.Errorf("a refused model: %v", err)
	}
	v := &Votes{session{f}}
	long := strings.Repeat("x", MaxDeviceName+1)
	for what, err := range map[string]error{
		"register":    v.RegisterDevice(ctx, ""),
		"unregister":  v.UnregisterDevice(ctx, long),
		"rename":      v.RenameDevice(ctx, "a", long),
		"poll":        v.PollDevice(ctx, "a\x00", true, totem.RingID{}),
		"master wins": v.SetMasterWins(ctx, "", true),
	} {
		if !errors.Is(err, ErrInvalidParam) {
			t.Errorf("%s with a bad name: %v", what, err)
		}
	}
	if err := v.Close(); err != nil || !f.closed {
		t.Errorf("close: %v, %v", err, f.closed)
	}
}

func TestEvents(t *testing.T) {
	all := captured(t)
	ctx := t.Context()
	r11, r15 := totem.RingID{Rep: 1, Seq: 0x11}, totem.RingID{Rep: 1, Seq: 0x15}
	c := &Client{session: session{&fake{events: [][]byte{
		all["quorum_ev_v1_nodelist_1"], all["quorum_ev_v1_quorum_1"], all["quorum_ev_v1_nodelist_2"], all["quorum_ev_notification_1"],
	}}}}
	for _, want := range []Event{
		Membership{Ring: r11, Members: []totem.NodeID{1, 2}},
		Change{Quorate: true, Ring: r11, Members: []totem.NodeID{1, 2}},
		Membership{Ring: r15, Members: []totem.NodeID{1}, Left: []totem.NodeID{2}},
	} {
		if e, err := c.Next(ctx); err != nil || !reflect.DeepEqual(e, want) {
			t.Errorf("event %+v, %v, want %+v", e, err, want)
		}
	}
	if e, err := c.Next(ctx); !errors.Is(err, ErrLibrary) {
		t.Errorf("an event of another model: %+v, %v", e, err)
	}
	if _, err := c.Next(ctx); !errors.Is(err, ErrDisconnected) {
		t.Errorf("after the end: %v", err)
	}

	v := &Votes{session{&fake{events: [][]byte{
		all["votequorum_ev_nodelist_notification_2"], all["votequorum_ev_quorum_notification_2"],
		all["votequorum_ev_expectedvotes_notification_1"], all["quorum_ev_v1_nodelist_1"], {1, 2, 3},
	}}}}
	for _, want := range []VotesEvent{
		Nodes{Tag: 5, Ring: r11, Members: []totem.NodeID{1, 2}},
		NodeStates{Tag: 5, Quorate: true, Nodes: []NodeStatus{{ID: 2, State: Member}, {ID: 1, State: Member}, {}}},
		ExpectedVotes{Tag: 0x1122334455667788, Votes: 3},
	} {
		if e, err := v.Next(ctx); err != nil || !reflect.DeepEqual(e, want) {
			t.Errorf("event %+v, %v, want %+v", e, err, want)
		}
	}
	for range 2 {
		if e, err := v.Next(ctx); err == nil {
			t.Errorf("nonsense is taken for %+v", e)
		}
	}
}
