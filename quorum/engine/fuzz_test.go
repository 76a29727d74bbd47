package engine_test

import (
	"encoding/binary"
	"io"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/mar"
	"github.com/ringmaster-ha/ringmaster/internal/service"
	"github.com/ringmaster-ha/ringmaster/quorum/wire"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// FuzzInput has two nodes take whatever comes from the ring, in either byte
// order, and from clients: nothing may panic, each request is answered once, and
// memory stays bounded.
func FuzzInput(f *testing.F) {
	header := make([]byte, service.HeaderSize)
	for _, body := range [][]byte{
		wire.Nodeinfo{NodeID: 3, Votes: 1, ExpectedVotes: 2, Flags: wire.FlagQuorate}.AppendTo(header, binary.LittleEndian),
		wire.Nodeinfo{Votes: 1}.AppendTo(header, binary.LittleEndian),
		wire.Reconfigure{NodeID: 1, Value: 3, Param: wire.ParamExpectedVotes}.AppendTo(header, binary.LittleEndian),
		wire.QdeviceReg{Operation: wire.QdeviceRegister, Name: "q"}.AppendTo(header, binary.LittleEndian),
		wire.QdeviceReconfigure{OldName: "q", NewName: "r"}.AppendTo(header, binary.LittleEndian),
	} {
		for fn := range byte(wire.ExecCount) {
			f.Add(fn, byte(1), body)
			f.Add(fn|0x10, byte(2), body)
		}
	}
	for _, req := range [][]byte{
		wire.GetInfo{NodeID: 1}.AppendTo(nil), wire.SetExpected{ExpectedVotes: 2}.AppendTo(nil),
		wire.SetVotes{NodeID: 1, Votes: 2}.AppendTo(nil), wire.TrackStart{Flags: 7}.AppendTo(nil),
		wire.QdeviceName{Name: "q"}.AppendTo(nil, wire.ReqQdeviceRegister), wire.QdevicePoll{Name: "q"}.AppendTo(nil),
	} {
		f.Add(byte(0x80), byte(1), req)
		f.Add(byte(0xc0), byte(1), req)
	}
	f.Fuzz(func(t *testing.T, what, from byte, b []byte) {
		w := newWorld(t, io.Discard)
		w.level = loglevel.Emerg
		w.conf = config(strings.Fields("nodes=3 last_man_standing=1 device.timeout=10"))
		for id := range totem.NodeID(2) {
			if err := w.start(id + 1); err != nil {
				t.Fatal(err)
			}
		}
		w.rings([]totem.NodeID{1, 2})
		p := w.hosts[1].up
		if what&0x80 == 0 {
			if len(b) < service.HeaderSize {
				return
			}
			var order mar.ByteOrder = binary.LittleEndian
			if what&0x10 != 0 {
				order = binary.BigEndian
			}
			p.node.Engine(service.Votequorum).Deliver(totem.NodeID(from), int(what&3), b, order)
		} else {
			svc := service.Votequorum
			if what&0x40 != 0 {
				svc = service.Quorum
			}
			if len(b) >= service.HeaderSize {
				p.connect(svc).call(b)
			}
		}
		w.settle()
		w.rings([]totem.NodeID{1}, []totem.NodeID{2})
		w.advance(20e9)
	})
}
