package wire

import (
	"encoding/binary"
	"encoding/hex"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/ipcmsg"
	"github.com/ringmaster-ha/ringmaster/internal/mar"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// goldens reads a file of names and bytes.
func goldens(t testing.TB, file string) map[string][]byte {
	t.Helper()
	text, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if len(f) != 2 || f[0] == "#" {
			continue
		}
		b, err := hex.DecodeString(f[1])
		if err != nil {
			t.Fatalf("%s: %v", f[0], err)
		}
		all[f[0]] = b
	}
	return all
}

// littleEndian tells whether IPC on this machine is as it was captured.
func littleEndian(t testing.TB) {
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		t.Skip("the captures of IPC are in little-endian order, this machine is not")
	}
}

// codec is a message's pair of functions with its type rubbed off.
type codec struct {
	parse  func([]byte) (any, error)
	encode func(any) []byte
}

func codecOf[M any](parse func([]byte) (M, error), encode func(M, []byte) []byte) codec {
	return codec{
		func(b []byte) (any, error) { m, err := parse(b); return m, err },
		func(m any) []byte { return encode(m.(M), nil) },
	}
}

// value is the codec of the responses that hold one number.
func value(id int32) codec {
	return codecOf(func(b []byte) (QuorumValue, error) { return ParseQuorumValue(b, id) }, QuorumValue.AppendTo)
}

func name(id int32) codec {
	return codecOf(ParseQdeviceName, func(m QdeviceName, b []byte) []byte { return m.AppendTo(b, id) })
}

var ipcCodecs = map[string]codec{
	"quorum_res_gettype":                       value(ResQuorumGetType),
	"quorum_res_model_gettype":                 value(ResQuorumModelGetType),
	"quorum_res_getquorate":                    value(ResQuorumGetQuorate),
	"quorum_req_model_gettype":                 codecOf(ParseQuorumModelGetType, QuorumModelGetType.AppendTo),
	"quorum_req_trackstart":                    codecOf(ParseQuorumTrackStart, QuorumTrackStart.AppendTo),
	"quorum_ev_notification":                   codecOf(ParseQuorumNotification, QuorumNotification.AppendTo),
	"quorum_ev_v1_quorum":                      codecOf(ParseV1QuorumNotification, V1QuorumNotification.AppendTo),
	"quorum_ev_v1_nodelist":                    codecOf(ParseV1NodelistNotification, V1NodelistNotification.AppendTo),
	"votequorum_req_getinfo":                   codecOf(ParseGetInfo, GetInfo.AppendTo),
	"votequorum_req_setexpected":               codecOf(ParseSetExpected, SetExpected.AppendTo),
	"votequorum_req_setvotes":                  codecOf(ParseSetVotes, SetVotes.AppendTo),
	"votequorum_req_trackstart":                codecOf(ParseTrackStart, TrackStart.AppendTo),
	"votequorum_req_qdevice_register":          name(ReqQdeviceRegister),
	"votequorum_req_qdevice_unregister":        name(ReqQdeviceUnregister),
	"votequorum_req_qdevice_update":            codecOf(ParseQdeviceUpdate, QdeviceUpdate.AppendTo),
	"votequorum_req_qdevice_poll":              codecOf(ParseQdevicePoll, QdevicePoll.AppendTo),
	"votequorum_req_qdevice_master_wins":       codecOf(ParseQdeviceMasterWins, QdeviceMasterWins.AppendTo),
	"votequorum_res_getinfo":                   codecOf(ParseInfo, Info.AppendTo),
	"votequorum_ev_quorum_notification":        codecOf(ParseQuorumNotify, QuorumNotify.AppendTo),
	"votequorum_ev_nodelist_notification":      codecOf(ParseNodelistNotify, NodelistNotify.AppendTo),
	"votequorum_ev_expectedvotes_notification": codecOf(ParseExpectedVotesNotify, ExpectedVotesNotify.AppendTo),
}

var ipcWant = map[string]any{
	"quorum_res_gettype_1":       QuorumValue{ID: ResQuorumGetType, Error: 1, Value: 1},
	"quorum_res_model_gettype_1": QuorumValue{ID: ResQuorumModelGetType, Error: 1, Value: 1},
	"quorum_res_getquorate_1":    QuorumValue{ID: ResQuorumGetQuorate, Error: 1, Value: 1},
	"quorum_req_model_gettype_1": QuorumModelGetType{ModelV1},
	"quorum_req_trackstart_1":    QuorumTrackStart{TrackCurrent | TrackChanges},
	"quorum_req_trackstart_2":    QuorumTrackStart{TrackChangesOnly},
	"quorum_ev_notification_1":   QuorumNotification{1, 0x11, ids(1, 2)},
	"quorum_ev_notification_2":   QuorumNotification{0, 0x15, ids(1)},
	"quorum_ev_v1_quorum_1":      V1QuorumNotification{1, totem.RingID{Rep: 1, Seq: 0x11}, ids(1, 2)},
	"quorum_ev_v1_quorum_2":      V1QuorumNotification{0, totem.RingID{Rep: 1, Seq: 0x15}, ids(1)},
	"quorum_ev_v1_nodelist_1":    V1NodelistNotification{Ring: totem.RingID{Rep: 1, Seq: 0x11}, Members: ids(1, 2)},
	"quorum_ev_v1_nodelist_2":    V1NodelistNotification{Ring: totem.RingID{Rep: 1, Seq: 0x15}, Members: ids(1), Left: ids(2)},

	"votequorum_req_getinfo_1":             GetInfo{},
	"votequorum_req_getinfo_2":             GetInfo{2},
	"votequorum_req_getinfo_3":             GetInfo{77},
	"votequorum_req_setexpected_1":         SetExpected{1},
	"votequorum_req_setvotes_1":            SetVotes{Votes: 2, NodeID: 2},
	"votequorum_req_setvotes_3":            SetVotes{Votes: 1, NodeID: 99},
	"votequorum_req_trackstart_1":          TrackStart{0x1122334455667788, 3},
	"votequorum_req_trackstart_2":          TrackStart{5, 1},
	"votequorum_req_qdevice_register_1":    QdeviceName{"QDEVICE"},
	"votequorum_req_qdevice_unregister_1":  QdeviceName{"QDEVICE"},
	"votequorum_req_qdevice_unregister_2":  QdeviceName{"QDEVICE2"},
	"votequorum_req_qdevice_update_1":      QdeviceUpdate{"QDEVICE", "QDEVICE2"},
	"votequorum_req_qdevice_poll_1":        QdevicePoll{"QDEVICE", 1, totem.RingID{Rep: 1, Seq: 0x11}},
	"votequorum_req_qdevice_poll_3":        QdevicePoll{"QDEVICE2", 1, totem.RingID{Rep: 1, Seq: 0x12}},
	"votequorum_req_qdevice_master_wins_1": QdeviceMasterWins{"QDEVICE2", 1},
	"votequorum_res_getinfo_1":             Info{Error: 1, NodeID: 1, State: StateMember, Votes: 1, ExpectedVotes: 3, HighestExpected: 3, TotalVotes: 2, Quorum: 2, Flags: InfoQuorate, QdeviceVotes: 1},
	"votequorum_res_getinfo_3":             Info{Error: 12},
	"votequorum_res_getinfo_4": Info{Error: 1, NodeID: 1, State: StateMember, Votes: 1, ExpectedVotes: 4, HighestExpected: 4, TotalVotes: 4, Quorum: 3,
		Flags: InfoQuorate | InfoQdeviceRegistered | InfoQdeviceAlive | InfoQdeviceCastVote | InfoQdeviceMasterWins, QdeviceVotes: 1, QdeviceName: "QDEVICE2"},
	"votequorum_ev_quorum_notification_1":        QuorumNotify{1, 0x1122334455667788, []Node{{2, StateMember}, {1, StateMember}}},
	"votequorum_ev_quorum_notification_2":        QuorumNotify{1, 5, []Node{{2, StateMember}, {1, StateMember}, {0, 0}}},
	"votequorum_ev_quorum_notification_3":        QuorumNotify{0, 0x1122334455667788, []Node{{2, StateDead}, {1, StateMember}}},
	"votequorum_ev_nodelist_notification_1":      NodelistNotify{0x1122334455667788, totem.RingID{Rep: 1, Seq: 0x11}, ids(1, 2)},
	"votequorum_ev_nodelist_notification_3":      NodelistNotify{0x1122334455667788, totem.RingID{Rep: 1, Seq: 0x15}, ids(1)},
	"votequorum_ev_expectedvotes_notification_1": ExpectedVotesNotify{0x1122334455667788, 3},
	"votequorum_ev_expectedvotes_notification_2": ExpectedVotesNotify{0x1122334455667788, 4},
}

func ids(v ...totem.NodeID) []totem.NodeID { return v }

// kind strips the running number from a golden's name.
func kind(name string) string { return name[:strings.LastIndexByte(name, '_')] }

func TestIPCGoldens(t *testing.T) {
	littleEndian(t)
	seen := map[string]bool{}
	for name, b := range goldens(t, "ipc.hex") {
		c, ok := ipcCodecs[kind(name)]
		if !ok {
			checkBare(t, name, b)
			continue
		}
		seen[kind(name)] = true
		m, err := c.parse(b)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if want := ipcWant[name]; want != nil && !reflect.DeepEqual(m, want) {
			t.Errorf("%s is %+v, want %+v", name, m, want)
		}
		again := c.encode(m)
		if len(again) != len(b) {
			t.Errorf("%s has %d bytes when encoded again, had %d", name, len(again), len(b))
		}
		if m2, err := c.parse(again); err != nil || !reflect.DeepEqual(m, m2) {
			t.Errorf("%s encoded again is %+v (%v), was %+v", name, m2, err, m)
		}
		if name == "votequorum_res_getinfo_3" {
			continue // the fields of an error are not looked at
		}
		for n := range b {
			if _, err := c.parse(b[:n]); err == nil {
				t.Errorf("%s: %d of %d bytes are taken for a message", name, n, len(b))
			}
		}
	}
	for k := range ipcCodecs {
		if !seen[k] {
			t.Errorf("nothing captured for %s", k)
		}
	}
	for name := range ipcWant {
		if _, ok := goldens(t, "ipc.hex")[name]; !ok {
			t.Errorf("%s was not captured", name)
		}
	}
}

// checkBare holds messages without a body against ours.
func checkBare(t *testing.T, name string, b []byte) {
	t.Helper()
	id := int32(native.Uint32(b))
	if strings.Contains(name, "_req_") {
		if got := AppendRequest(nil, id); string(got) != string(b) {
			t.Errorf("%s: %x, want %x", name, got, b)
		}
		return
	}
	h, err := ParseResponseHeader(b)
	if err != nil {
		t.Errorf("%s: %v", name, err)
	}
	if got, err := ParseResponseHeader(AppendResponse(nil, id, h.Error)); err != nil || got != h {
		t.Errorf("%s: %+v, want %+v (%v)", name, got, h, err)
	}
	for n := range b {
		if _, err := ParseResponseHeader(b[:n]); err == nil {
			t.Errorf("%s: %d bytes are taken for a header", name, n)
		}
	}
}

func ringCodecOf[M any](parse func([]byte, mar.ByteOrder) (M, error), encode func(M, []byte, mar.ByteOrder) []byte) func(mar.ByteOrder) codec {
	return func(order mar.ByteOrder) codec {
		return codecOf(
			func(b []byte) (M, error) { return parse(b, order) },
			func(m M, b []byte) []byte { return encode(m, b, order) })
	}
}

var ringCodecs = map[string]func(mar.ByteOrder) codec{
	"nodeinfo":            ringCodecOf(ParseNodeinfo, Nodeinfo.AppendTo),
	"reconfigure":         ringCodecOf(ParseReconfigure, Reconfigure.AppendTo),
	"qdevice_reg":         ringCodecOf(ParseQdeviceReg, QdeviceReg.AppendTo),
	"qdevice_reconfigure": ringCodecOf(ParseQdeviceReconfigure, QdeviceReconfigure.AppendTo),
}

var ringWant = map[string]any{
	"nodeinfo_1":            Nodeinfo{1, 1, 2, FlagFirst},
	"nodeinfo_2":            Nodeinfo{0, 1, 0, 0},
	"nodeinfo_8":            Nodeinfo{1, 1, 4, FlagQuorate | FlagQdeviceRegistered},
	"nodeinfo_10":           Nodeinfo{1, 1, 4, FlagQuorate | FlagQdeviceRegistered | FlagQdeviceAlive | FlagQdeviceCastVote | FlagQdeviceMasterWins},
	"reconfigure_1":         Reconfigure{1, 3, ParamExpectedVotes},
	"reconfigure_2":         Reconfigure{2, 2, ParamNodeVotes},
	"qdevice_reg_1":         QdeviceReg{QdeviceRegister, "QDEVICE"},
	"qdevice_reg_2":         QdeviceReg{QdeviceUnregister, "QDEVICE2"},
	"qdevice_reconfigure_1": QdeviceReconfigure{"QDEVICE", "QDEVICE2"},
}

func TestRingGoldens(t *testing.T) {
	all := goldens(t, "ring.hex")
	for name := range ringWant {
		if _, ok := all[name]; !ok {
			t.Errorf("%s was not captured", name)
		}
	}
	for name, b := range all {
		b = b[16:]
		little, big := ringCodecs[kind(name)](binary.LittleEndian), ringCodecs[kind(name)](binary.BigEndian)
		m, err := little.parse(b)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if want := ringWant[name]; want != nil && !reflect.DeepEqual(m, want) {
			t.Errorf("%s is %+v, want %+v", name, m, want)
		}
		for _, c := range []codec{little, big} {
			again := c.encode(m)
			if len(again) != len(b) {
				t.Errorf("%s has %d bytes when encoded again, had %d", name, len(again), len(b))
			}
			if m2, err := c.parse(again); err != nil || m2 != m {
				t.Errorf("%s encoded again is %+v (%v), was %+v", name, m2, err, m)
			}
		}
		for n := range b {
			if _, err := little.parse(b[:n]); err == nil {
				t.Errorf("%s: %d of %d bytes are taken for a message", name, n, len(b))
			}
		}
	}
}

func TestMalformed(t *testing.T) {
	long := strings.Repeat("x", NameSize)
	unterminated := append([]byte(nil), QdeviceName{"q"}.AppendTo(nil, ReqQdeviceRegister)...)
	copy(unterminated[ipcmsg.RequestHeaderSize:], long)
	manyNodes := QuorumNotify{Nodes: []Node{{1, 1}}}.AppendTo(nil)
	native.PutUint32(manyNodes[40:], 1<<31)
	manyIDs := NodelistNotify{Members: ids(1)}.AppendTo(nil)
	native.PutUint32(manyIDs[48:], ^uint32(0))
	oversize := AppendResponse(nil, ResQuorumTrackStart, 1)
	native.PutUint32(oversize[8:], 25)
	for _, tt := range []struct {
		why, want string
		err       error
	}{
		{"a name without its end", "name: not terminated", second(ParseQdeviceName(unterminated))},
		{"more nodes than the message has room for", "node_list: 2147483648 entries", second(ParseQuorumNotify(manyNodes))},
		{"more ids than the message has room for", "node_list: 4294967295 entries", second(ParseNodelistNotify(manyIDs))},
		{"a size beyond the message", "header.size: 25 of a message of 24", second(ParseResponseHeader(oversize))},
		{"another message", "header.id: 1, want 0", second(ParseQuorumValue(AppendResponse(nil, 1, 1), 0))},
		{"an empty device name", "empty", CheckDeviceName("")},
		{"a device name too long", "255 bytes, at most 254", CheckDeviceName(long)},
		{"a device name with an end inside", "zero byte", CheckDeviceName("a\x00b")},
	} {
		if tt.err == nil || !strings.Contains(tt.err.Error(), tt.want) {
			t.Errorf("%s: error %v, want one with %q", tt.why, tt.err, tt.want)
		}
	}
	if err := CheckDeviceName(long[1:]); err != nil {
		t.Errorf("254 bytes: %v", err)
	}
}

func second[M any](_ M, err error) error { return err }

func TestNames(t *testing.T) {
	if got, want := (FlagQuorate | FlagQdeviceAlive | 1<<9).String(), "{quorate qdevice-alive 0x200}"; got != want {
		t.Errorf("flags %s, want %s", got, want)
	}
	for s, want := range map[NodeState]string{StateMember: "member", StateDead: "dead", StateLeaving: "leaving", 0: "unknown"} {
		if s.String() != want {
			t.Errorf("state %d is %s, want %s", s, s, want)
		}
	}
}

// FuzzRing: whatever arrives from the ring is refused or is decoded to what
// encodes to the same value again, in both byte orders.
func FuzzRing(f *testing.F) {
	for name, b := range goldens(f, "ring.hex") {
		f.Add(kind(name), b[16:])
	}
	f.Fuzz(func(t *testing.T, kind string, b []byte) {
		of := ringCodecs[kind]
		if of == nil {
			return
		}
		for _, order := range []mar.ByteOrder{binary.LittleEndian, binary.BigEndian} {
			roundTrip(t, of(order), b)
		}
	})
}

// FuzzIPC does the same to requests, responses and events.
func FuzzIPC(f *testing.F) {
	for name, b := range goldens(f, "ipc.hex") {
		f.Add(kind(name), b)
	}
	f.Fuzz(func(t *testing.T, kind string, b []byte) {
		if c, ok := ipcCodecs[kind]; ok {
			roundTrip(t, c, b)
		}
	})
}

func roundTrip(t *testing.T, c codec, b []byte) {
	m, err := c.parse(b)
	if err != nil {
		return
	}
	again := c.encode(m)
	if m2, err := c.parse(again); err != nil || !reflect.DeepEqual(m, m2) {
		t.Fatalf("%x decodes to %+v, which encodes to %x and decodes to %+v (%v)", b, m, again, m2, err)
	}
}
