package engine_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// TestLongView: a view that does not fit into a line goes on in the next, the
// first being filled with what there is room for of the next id.
func TestLongView(t *testing.T) {
	var out bytes.Buffer
	w := newWorld(t, &out)
	w.level = loglevel.Emerg
	w.conf = config([]string{"expected_votes=9"})
	var ids []totem.NodeID
	for i := range totem.NodeID(9) {
		id := 100000000 + i
		ids = append(ids, id)
		if err := w.start(id); err != nil {
			t.Fatal(err)
		}
	}
	w.level = loglevel.Notice
	w.cut(ids)
	want := "Sync members[9]: 100000000 100000001 100000002 100000003 100000004 100000005 10\\\n" +
		"100000000 QUORUM Sync members[9]: 100000006 100000007 100000008\n"
	if !strings.Contains(out.String(), want) {
		t.Errorf("log\n%s\nlacks\n%s", out.String(), want)
	}
}
