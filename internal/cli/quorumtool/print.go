package quorumtool

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/ringmaster-ha/ringmaster/quorum"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// padded writes a cell of the table.
func (t *tool) padded(s string) { t.printf("%10s ", s) }

func (t *tool) paddedNumber(n uint32) { t.padded(strconv.FormatUint(uint64(n), 10)) }

func (t *tool) nodeID(id totem.NodeID) {
	if t.opts.hex {
		t.printf("0x%08x ", uint32(id))
	} else {
		t.paddedNumber(uint32(id))
	}
}

// printStatus writes all there is to say (display_quorum_data); false when
// votequorum did not answer.
func (t *tool) printStatus(quorate bool) bool {
	provider, ok := t.provider()
	if !ok {
		provider = "Not configured"
	}
	t.printf("Quorum information\n------------------\n")
	t.printf("Date:             %s\n", t.world.Now().Format("Mon Jan _2 15:04:05 2006"))
	t.printf("Quorum provider:  %s\n", provider)
	t.printf("Nodes:            %d\n", len(t.view))
	if t.opts.hex {
		t.printf("Node ID:          0x%08x\n", uint32(t.self))
	} else {
		t.printf("Node ID:          %d\n", t.self)
	}
	if t.votes != nil {
		t.printf("Ring ID:          %v\n", t.ring)
	} else {
		t.printf("Ring ID:          %x\n", t.ring.Seq)
	}
	word := "No"
	if quorate {
		word = "Yes"
	}
	t.printf("Quorate:          %s\n", word)
	if t.votes == nil {
		return true
	}

	info, err := t.votes.Info(t.ctx, t.self)
	if err == nil || errors.Is(err, quorum.ErrNotExist) {
		t.printVotes(info)
	} else {
		t.fail("Unable to get node info: %s", code(err))
	}
	t.printNodes()
	return err == nil
}

func (t *tool) printVotes(info quorum.Info) {
	blocked := "Activity blocked"
	if info.Flags.Has(quorum.Quorate) {
		blocked = " "
	}
	t.printf("\nVotequorum information\n----------------------\n")
	t.printf("Expected votes:   %d\n", int32(info.ExpectedVotes))
	t.printf("Highest expected: %d\n", int32(info.HighestExpected))
	t.printf("Total votes:      %d\n", int32(info.TotalVotes))
	t.printf("Quorum:           %d %s\n", int32(info.Quorum), blocked)
	t.printf("Flags:            ")
	const shown = quorum.TwoNode | quorum.Quorate | quorum.WaitForAll | quorum.LastManStanding |
		quorum.AutoTieBreaker | quorum.AllowDownscale | quorum.DeviceRegistered
	if flags := info.Flags & shown; flags != 0 {
		t.printf("%s ", flags)
	}
	t.printf("\n")
}

// row is one node of the table.
type row struct {
	id   totem.NodeID
	name string
	info quorum.Info
}

// printNodes writes the table of nodes (display_nodes_data).
func (t *tool) printNodes() {
	rows := make([]row, len(t.view))
	device := false
	for i, id := range t.view {
		rows[i].id = id
		if t.votes != nil {
			info, err := t.votes.Info(t.ctx, id)
			if err != nil {
				t.printf("Unable to get node %d info\n", id)
			}
			rows[i].info = info
			device = device || info.Flags.Has(quorum.DeviceRegistered)
		}
	}
	for i := range rows {
		rows[i].name = t.nodeName(rows[i].id)
	}
	showDevice := t.votes != nil && (device || t.opts.parsable)

	t.printf("\nMembership information\n----------------------\n")
	t.padded("Nodeid")
	if t.votes != nil {
		t.padded("Votes")
	}
	if showDevice {
		t.padded("Qdevice")
	}
	t.printf("Name\n")

	var first quorum.Info
	if len(rows) > 0 {
		first = rows[0].info
	}
	t.sort(rows)
	var ours quorum.Flags
	for _, r := range rows {
		t.nodeID(r.id)
		if t.votes != nil {
			t.paddedNumber(r.info.Votes)
		}
		if showDevice {
			t.padded(deviceCell(r.info.Flags))
		}
		t.printf("%s", r.name)
		if r.id == t.self {
			t.printf(" (local)")
			ours = r.info.Flags
		}
		t.printf("\n")
	}
	if device {
		t.printDevice(ours, first)
	}
}

// printDevice writes the row of the quorum device. Where it does not give its
// votes to this node they count as none, and follow in parentheses.
func (t *tool) printDevice(ours quorum.Flags, info quorum.Info) {
	t.nodeID(0)
	votes, silent := info.DeviceVotes, !ours.Has(quorum.DeviceCastsVote)
	if silent {
		votes = 0
	}
	t.paddedNumber(votes)
	t.printf("           %s", info.DeviceName)
	if silent {
		t.printf(" (votes %d)", int32(info.DeviceVotes))
	}
	t.printf("\n")
}

func deviceCell(f quorum.Flags) string {
	if !f.Has(quorum.DeviceRegistered) {
		return "NR"
	}
	not := func(flag quorum.Flags, s string) string {
		if f.Has(flag) {
			return s
		}
		return "N" + s
	}
	return strings.Join([]string{not(quorum.DeviceAlive, "A"), not(quorum.DeviceCastsVote, "V"), not(quorum.DeviceMasterWins, "MW")}, ",")
}

func (t *tool) sort(rows []row) {
	switch t.opts.order {
	case byNodeID:
		// As signed numbers, the way the reference keeps them here.
		slices.SortStableFunc(rows, func(a, b row) int { return cmp.Compare(int32(a.id), int32(b.id)) })
	case byName:
		slices.SortStableFunc(rows, func(a, b row) int { return cmp.Compare(a.name, b.name) })
	}
}

// nodeName is what the table calls a node: its name in the nodelist, or its
// first address' host name, or, asked for, its addresses.
func (t *tool) nodeName(id totem.NodeID) string {
	var names []string
	if !t.opts.numeric {
		if name := t.listedName(id); name != "" {
			names = append(names, name)
		}
	}
	addrs, err := t.nodes.NodeAddrs(t.ctx, id)
	if err != nil {
		t.fail("Unable to get node address for nodeid %d: %s", id, code(err))
		return ""
	}
	if !t.opts.allAddrs {
		addrs = addrs[:min(len(addrs), 1)]
	}
	var b strings.Builder
	b.WriteString(strings.Join(names, ""))
	for i := len(names); i < len(addrs); i++ { // the name stands for the first
		if !addrs[i].IsValid() {
			continue
		}
		if i > 0 {
			b.WriteString(", ")
		}
		if t.opts.numeric {
			b.WriteString(addrs[i].String())
		} else {
			b.WriteString(t.world.HostName(t.ctx, addrs[i]))
		}
	}
	return b.String()
}

// nameMax is _POSIX_HOST_NAME_MAX less the room for C's end of a string.
const nameMax = 254

// listedName looks a node up in the nodelist.
func (t *tool) listedName(id totem.NodeID) string {
	const prefix = "nodelist.node."
	keys, err := t.cmap.Keys(t.ctx, prefix)
	if err != nil {
		return ""
	}
	for _, key := range keys {
		number, field, _ := strings.Cut(strings.TrimPrefix(key, prefix), ".")
		if field != "nodeid" {
			continue
		}
		if v, err := t.cmap.GetUint32(t.ctx, key); err != nil || totem.NodeID(v) != id {
			continue
		}
		if name, err := t.cmap.GetString(t.ctx, prefix+number+".name"); err == nil {
			return name[:min(len(name), nameMax)]
		}
	}
	return ""
}
