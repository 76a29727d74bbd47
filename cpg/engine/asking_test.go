package engine_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/cpg/wire"
	"github.com/ringmaster-ha/ringmaster/internal/cserr"
	"github.com/ringmaster-ha/ringmaster/totem"
)

func TestMembershipAndLocalGet(t *testing.T) {
	w := ring3(t)
	a, b := w.nodes[1].connect(11), w.nodes[2].connect(22)
	a.join("g")
	b.join("g")
	w.settle()
	code(t, "membership", a.request(wire.AppendMembershipRequest(nil, "g")), cserr.OK)
	list, _, err := wire.ParseMembershipResponse(a.answer)
	if want := []wire.Address{{Node: 1, PID: 11}, {Node: 2, PID: 22}}; err != nil || !slices.Equal(list, want) {
		t.Errorf("got %v, %v", list, err)
	}
	code(t, "membership of nobody", a.request(wire.AppendMembershipRequest(nil, "h")), cserr.OK)
	if list, _, err := wire.ParseMembershipResponse(a.answer); err != nil || len(list) != 0 {
		t.Errorf("got %v, %v", list, err)
	}
	code(t, "local", b.request(wire.AppendBareRequest(nil, wire.ReqLocalGet)), cserr.OK)
	if id, _, err := wire.ParseLocalGetResponse(b.answer); err != nil || id != 2 {
		t.Errorf("got %d, %v", id, err)
	}
}

func iterate(t *testing.T, c *conn, q wire.IterationRequest) string {
	t.Helper()
	code(t, "initialize", c.request(q.AppendTo(nil)), cserr.OK)
	h, _, err := wire.ParseIterationResponse(c.answer)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for range 2 { // who goes on after the end begins anew
		out = out[:0]
		for {
			got := c.request(wire.AppendHandleRequest(nil, wire.ReqIterationNext, h))
			d, _, err := wire.ParseIterationNextResponse(c.answer)
			if err != nil {
				t.Fatal(err)
			}
			if got == cserr.NoSections {
				break
			}
			out = append(out, printAll([]wire.Address{{Node: d.Node, PID: d.PID}})[0]+"@"+d.Group)
		}
	}
	code(t, "finalize", c.request(wire.AppendHandleRequest(nil, wire.ReqIterationFinalize, h)), cserr.OK)
	code(t, "next after finalize", c.request(wire.AppendHandleRequest(nil, wire.ReqIterationNext, h)), cserr.Library)
	return strings.Join(out, " ")
}

// In the order in which corosync 3.1.7 lists them.
func TestIteration(t *testing.T) {
	w := ring3(t)
	for _, j := range []struct {
		node  totem.NodeID
		pid   uint32
		group string
	}{{1, 11, "a"}, {1, 12, "b"}, {2, 21, "a"}, {2, 22, "c"}, {3, 31, "a"}, {3, 32, "b"}} {
		w.nodes[j.node].connect(j.pid).join(j.group)
		w.settle()
	}
	c := w.nodes[2].connect(99)
	for _, tt := range []struct {
		q    wire.IterationRequest
		want string
	}{
		{wire.IterationRequest{Type: wire.NameOnly}, "0:0@c 0:0@b 0:0@a"},
		{wire.IterationRequest{Type: wire.OneGroup, Group: []byte("a")}, "1:11@a 3:31@a 2:21@a"},
		{wire.IterationRequest{Type: wire.OneGroup, Group: []byte("z")}, ""},
		{wire.IterationRequest{Type: wire.All}, "2:22@c 1:12@b 3:32@b 1:11@a 3:31@a 2:21@a"},
	} {
		if got := iterate(t, c, tt.q); got != tt.want {
			t.Errorf("iteration %d: got %s, want %s", tt.q.Type, got, tt.want)
		}
	}
	bad := wire.IterationRequest{Type: 4}
	code(t, "unknown kind", c.request(bad.AppendTo(nil)), cserr.InvalidParam)
}
