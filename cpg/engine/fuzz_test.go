package engine_test

import (
	"encoding/binary"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/cpg/engine"
	"github.com/ringmaster-ha/ringmaster/cpg/wire"
	"github.com/ringmaster-ha/ringmaster/internal/golden"
	"github.com/ringmaster-ha/ringmaster/internal/mar"
	"github.com/ringmaster-ha/ringmaster/internal/service"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// FuzzInput has one message, of a peer in either byte order or of a client, meet
// a node with clients in and out of groups, in the middle of a synchronisation or
// outside one. Whatever it is, requests are answered and the node goes on.
func FuzzInput(f *testing.F) {
	captures, err := filepath.Glob("../wire/testdata/*.hex")
	if err != nil || len(captures) == 0 {
		f.Fatal("no captures", err)
	}
	for _, name := range captures {
		b := golden.Hex(f, name)
		if len(b) < service.HeaderSize {
			continue
		}
		switch base := filepath.Base(name); {
		case strings.HasPrefix(base, "exec_"):
			for _, how := range []byte{0, fuzzSwapped, fuzzSyncing} {
				f.Add(how, byte(2), b)
			}
		case strings.HasPrefix(base, "ipc_req_"):
			f.Add(byte(fuzzClient), byte(0), b)
			f.Add(byte(fuzzClient|fuzzJoined), byte(0), b)
		}
	}
	f.Fuzz(func(t *testing.T, how, from byte, b []byte) {
		if len(b) < service.HeaderSize {
			return
		}
		w := newWorld(t, 1, 2)
		n := w.nodes[1]
		n.e = engine.New(n, engine.Options{Buffers: files{"/dev/shm/buf": {b: make([]byte, 4096)}}})
		n.ring = nil
		w.form(1, 2)
		w.settle()
		a, c, peer := n.connect(10), n.connect(11), w.nodes[2].connect(12)
		a.join("g", wire.DeliverInitialTotemConf)
		peer.join("g")
		if how&fuzzJoined != 0 {
			c.join("g")
		}
		w.settle()
		if how&fuzzSyncing != 0 {
			w.form(1)
		}
		if how&fuzzClient != 0 {
			id := int(service.Order.Uint32(b))
			if id < 0 || id >= wire.ReqCount || len(b) < n.e.Info().Requests[id].MinSize {
				return // the carrier answers these
			}
			c.request(b)
		} else {
			var order mar.ByteOrder = binary.NativeEndian
			if how&fuzzSwapped != 0 {
				order = swapped()
			}
			n.e.Deliver(totem.NodeID(from), int(order.Uint32(b)&0xffff)%n.e.Info().ExecCount, b, order)
		}
		w.settle()
		w.form(1, 2)
		w.settle()
		a.mcast("still here")
		w.settle()
		c.kill()
		a.kill()
		w.settle()
	})
}

// What FuzzInput's first number says.
const (
	fuzzClient = 1 << iota
	fuzzJoined
	fuzzSwapped
	fuzzSyncing
)

// swapped is the byte order that this machine has not.
func swapped() mar.ByteOrder {
	if binary.NativeEndian.Uint16([]byte{1, 0}) == 1 {
		return binary.BigEndian
	}
	return binary.LittleEndian
}
