package quorumtool

import (
	"bytes"
	"context"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/cserr"
	"github.com/ringmaster-ha/ringmaster/quorum"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// cluster is a daemon in memory: node 1 of two, as the captures were made.
type cluster struct {
	provider string // empty: none
	quorate  bool
	ring     totem.RingID
	view     []totem.NodeID
	infos    map[totem.NodeID]quorum.Info
	keys     map[string]string // strings; numbers are uint32
	names    map[string]string // of addresses
	refuse   map[string]error  // by call
	news     []quorum.Event    // after the present state
	called   []string
	quorumQ  []quorum.Event
	votesQ   []quorum.VotesEvent
}

func (c *cluster) Map(context.Context) (Map, error) { return (*clusterMap)(c), c.refuse["map"] }
func (c *cluster) Quorum(context.Context) (Quorum, error) {
	return (*clusterQuorum)(c), c.refuse["quorum"]
}
func (c *cluster) Nodes(context.Context) (Nodes, error) { return (*clusterNodes)(c), c.refuse["nodes"] }
func (c *cluster) Votes(context.Context) (Votes, error) { return (*clusterVotes)(c), c.refuse["votes"] }
func (c *cluster) Now() time.Time                       { return time.Date(2026, 11, 2, 3, 4, 5, 0, time.UTC) }
func (c *cluster) HostName(_ context.Context, a netip.Addr) string {
	return c.names[a.String()]
}

type clusterMap cluster

func (c *clusterMap) GetString(_ context.Context, key string) (string, error) {
	if key == "quorum.provider" && c.provider != "" {
		return c.provider, nil
	}
	if v, ok := c.keys[key]; ok {
		return v, nil
	}
	return "", cserr.NotExist
}

func (c *clusterMap) GetUint32(ctx context.Context, key string) (uint32, error) {
	if key == "runtime.votequorum.this_node_id" {
		return 1, c.refuse[key]
	}
	s, err := c.GetString(ctx, key)
	n, _ := strconv.Atoi(s)
	return uint32(n), err
}

func (c *clusterMap) Keys(context.Context, string) ([]string, error) {
	return []string{"nodelist.node.0.name", "nodelist.node.0.nodeid", "nodelist.node.1.nodeid"}, nil
}

type clusterQuorum cluster

func (c *clusterQuorum) HasProvider() bool                     { return c.provider != "" }
func (c *clusterQuorum) Quorate(context.Context) (bool, error) { return c.quorate, c.refuse["quorate"] }
func (c *clusterQuorum) Untrack(context.Context) error         { return c.refuse["untrack"] }
func (c *clusterQuorum) Track(context.Context, quorum.TrackFlags) error {
	c.quorumQ = append(c.quorumQ, quorum.Membership{Ring: c.ring, Members: c.view},
		quorum.Change{Quorate: c.quorate, Ring: c.ring, Members: c.view})
	c.quorumQ = append(c.quorumQ, c.news...)
	return c.refuse["track"]
}

func (c *clusterQuorum) Next(context.Context) (quorum.Event, error) {
	if len(c.quorumQ) == 0 {
		return nil, cserr.Library
	}
	e := c.quorumQ[0]
	c.quorumQ = c.quorumQ[1:]
	return e, nil
}

type clusterNodes cluster

func (c *clusterNodes) NodeAddrs(_ context.Context, id totem.NodeID) ([]netip.Addr, error) {
	a := netip.AddrFrom4([4]byte{10, 99, 7, byte(id)})
	if c.refuse["addrs"] != nil {
		return nil, c.refuse["addrs"]
	}
	if c.refuse["links"] != nil { // three links, one unset
		return []netip.Addr{a, {}, netip.MustParseAddr("fd00::7")}, nil
	}
	return []netip.Addr{a}, nil
}

type clusterVotes cluster

func (c *clusterVotes) Info(_ context.Context, id totem.NodeID) (quorum.Info, error) {
	if i, ok := c.infos[id]; ok && c.refuse["info"] == nil {
		return i, nil
	}
	return quorum.Info{}, cmpErr(c.refuse["info"], cserr.NotExist)
}

func cmpErr(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

func (c *clusterVotes) SetVotes(_ context.Context, id totem.NodeID, n uint32) error {
	c.called = append(c.called, "votes "+strconv.Itoa(int(id))+" "+strconv.Itoa(int(n)))
	switch {
	case c.infos[id].Node == 0:
		return cserr.NameNotFound
	case n < c.infos[id].Votes:
		return cserr.InvalidParam
	}
	return nil
}

func (c *clusterVotes) SetExpected(_ context.Context, n uint32) error {
	c.called = append(c.called, "expected "+strconv.Itoa(int(n)))
	if n < c.infos[1].TotalVotes {
		return cserr.InvalidParam
	}
	return nil
}

func (c *clusterVotes) Track(context.Context, uint64, quorum.TrackFlags) error {
	c.votesQ = append(c.votesQ, quorum.NodeStates{}, quorum.Nodes{Ring: c.ring, Members: c.view}, quorum.Nodes{Ring: c.ring})
	return c.refuse["vtrack"]
}

func (c *clusterVotes) Next(context.Context) (quorum.VotesEvent, error) {
	if len(c.votesQ) == 0 {
		return nil, cserr.Library
	}
	e := c.votesQ[0]
	c.votesQ = c.votesQ[1:]
	return e, nil
}

func (c *clusterVotes) UnregisterDevice(_ context.Context, name string) error {
	c.called = append(c.called, "unregister "+name)
	return c.refuse["unregister"]
}

// scene puts the cluster into a state in which the reference's output was
// captured.
func (c *cluster) scene(name string) {
	map[string]func(*cluster){
		"plain": func(*cluster) {},
		"heavy": func(c *cluster) {
			c.all(func(i *quorum.Info) { i.ExpectedVotes, i.HighestExpected, i.TotalVotes, i.Quorum = 4, 4, 3, 3 })
			c.edit(1, func(i *quorum.Info) { i.Votes = 2 })
		},
		"device": func(c *cluster) {
			c.all(func(i *quorum.Info) {
				i.ExpectedVotes, i.HighestExpected, i.TotalVotes, i.Quorum, i.DeviceName = 4, 4, 3, 3, "QD"
			})
			c.edit(1, func(i *quorum.Info) { i.Votes, i.Flags = 2, i.Flags|quorum.DeviceRegistered })
		},
		"voting": func(c *cluster) {
			c.scene("device")
			c.edit(1, func(i *quorum.Info) {
				i.TotalVotes, i.Flags = 4, i.Flags|quorum.DeviceAlive|quorum.DeviceCastsVote
			})
		},
		"master": func(c *cluster) {
			c.scene("voting")
			c.edit(1, func(i *quorum.Info) { i.Flags |= quorum.DeviceMasterWins })
		},
		"alone": func(c *cluster) {
			c.scene("heavy")
			c.quorate, c.ring.Seq, c.view = false, 0xd, []totem.NodeID{1}
			c.edit(1, func(i *quorum.Info) { i.TotalVotes, i.Flags = 2, 0 })
		},
		"none": func(c *cluster) { c.provider, c.view, c.ring = "", nil, totem.RingID{} },
	}[name](c)
}

func (c *cluster) edit(id totem.NodeID, f func(*quorum.Info)) {
	i := c.infos[id]
	f(&i)
	c.infos[id] = i
}

func (c *cluster) all(f func(*quorum.Info)) {
	for id := range c.infos {
		c.edit(id, f)
	}
}

func newCluster() *cluster {
	i := quorum.Info{Node: 1, State: quorum.Member, Votes: 1, ExpectedVotes: 3, HighestExpected: 3, TotalVotes: 2, Quorum: 2, Flags: quorum.Quorate, DeviceVotes: 1}
	j := i
	j.Node = 2
	return &cluster{
		provider: "corosync_votequorum", quorate: true, ring: totem.RingID{Rep: 1, Seq: 9}, view: []totem.NodeID{1, 2},
		infos:  map[totem.NodeID]quorum.Info{1: i, 2: j},
		keys:   map[string]string{"nodelist.node.0.name": "n1", "nodelist.node.0.nodeid": "1", "nodelist.node.1.nodeid": "2"},
		refuse: map[string]error{},
	}
}

// outcome is what a run leaves, as the captures have it.
func outcome(c *cluster, args ...string) string {
	var out, errw, all bytes.Buffer
	status := Run(context.Background(), append([]string{"corosync-quorumtool"}, args...), c, &out, &errw)
	for line := range strings.Lines(out.String()) {
		if strings.HasPrefix(line, "Date: ") {
			line = "Date:             DATE\n"
		}
		all.WriteString(line)
	}
	for line := range strings.Lines(errw.String()) {
		all.WriteString("E: " + line)
	}
	all.WriteString("= " + strconv.Itoa(status) + "\n")
	return all.String()
}

// TestReference holds the output against the reference's, byte for byte.
func TestReference(t *testing.T) {
	text, err := os.ReadFile("testdata/reference.txt")
	if err != nil {
		t.Fatal(err)
	}
	scene, n := "", 0
	for block := range strings.SplitSeq("\n"+string(text), "\n$ ") {
		cmd, want, _ := strings.Cut(block, "\n")
		next := scene
		if before, after, ok := strings.Cut("\n"+want, "\n# scene "); ok {
			want, next = strings.TrimPrefix(before, "\n")+"\n", strings.TrimSpace(after)
		}
		if args, ok := strings.CutPrefix(cmd, "corosync-quorumtool"); ok {
			if !strings.HasSuffix(want, "\n") {
				want += "\n"
			}
			c := newCluster()
			c.scene(scene)
			if got := outcome(c, strings.Fields(args)...); got != want {
				t.Errorf("scene %s, %s:\ngot\n%s\nwant\n%s", scene, cmd, got, want)
			}
			n++
		}
		scene = next
	}
	if n < 35 {
		t.Errorf("only %d runs were captured", n)
	}
}

func TestVariants(t *testing.T) {
	for _, tt := range []struct {
		why   string
		scene func(*cluster)
		args  string
		want  string
		calls string
	}{
		{"host names, all links, hexadecimal", func(c *cluster) {
			c.refuse["links"] = cserr.OK
			c.names = map[string]string{"10.99.7.2": "two.example", "fd00::7": "six.example"}
		}, "-laH", "\nMembership information\n----------------------\n    Nodeid      Votes Name\n0x00000001          1 n1, six.example (local)\n0x00000002          1 two.example, six.example\n= 0\n", ""},
		{"addresses", func(c *cluster) { c.refuse["links"] = cserr.OK }, "-l -ai -o i",
			"\nMembership information\n----------------------\n    Nodeid      Votes Name\n         1          1 10.99.7.1, fd00::7 (local)\n         2          1 10.99.7.2, fd00::7\n= 0\n", ""},
		{"a node of its own votes by name", func(c *cluster) {
			c.names = map[string]string{"10.99.7.2": "a"}
			c.edit(2, func(i *quorum.Info) { i.Votes = 7 })
		}, "-l -o n", "\nMembership information\n----------------------\n    Nodeid      Votes Name\n         2          7 a\n         1          1 n1 (local)\n= 0\n", ""},
		{"no addresses", func(c *cluster) { c.refuse["addrs"] = cserr.NotExist; c.view = c.view[:1] }, "-l",
			"\nMembership information\n----------------------\n    Nodeid      Votes Name\n         1          1  (local)\nE: Unable to get node address for nodeid 1: CS_ERR_NOT_EXIST\n= 0\n", ""},
		{"no cmap", func(c *cluster) { c.refuse["map"] = cserr.Library }, "", "E: Cannot initialize CMAP service\n= 1\n", ""},
		{"no quorum", func(c *cluster) { c.refuse["quorum"] = cserr.Library }, "", "E: Cannot initialize QUORUM service\n= 1\n", ""},
		{"no cfg", func(c *cluster) { c.refuse["nodes"] = cserr.Library }, "", "E: Cannot initialise CFG service\n= 1\n", ""},
		{"no votequorum", func(c *cluster) { c.refuse["votes"] = cserr.Library }, "", "E: Cannot initialise VOTEQUORUM service\n= 1\n", ""},
		{"no node id", func(c *cluster) { c.refuse["runtime.votequorum.this_node_id"] = cserr.NotExist }, "", "E: Unable to retrieve this_node_id\n= 1\n", ""},
		{"no status", func(c *cluster) { c.refuse["quorate"] = cserr.TryAgain }, "", "E: Unable to get cluster quorate status: CS_ERR_TRY_AGAIN\n= 1\n", ""},
		{"no tracking", func(c *cluster) { c.refuse["track"] = cserr.Access }, "-m", "E: Unable to start quorum status tracking: CS_ERR_ACCESS\n= 1\n", ""},
		{"votes of another node", nil, "-n 2 -v3", "= 0\n", "votes 2 3"},
		{"votes of this one", nil, "-v 4", "= 0\n", "votes 1 4"},
		{"the last command wins", nil, "-s -v 4 -e5", "= 0\n", "expected 5"},
		{"options end", nil, "-e 5 -- -h", "= 0\n", "expected 5"},
		{"the device is taken out", func(c *cluster) { c.scene("device") }, "-f", "= 0\n", "unregister QD"},
		{"the device stays", func(c *cluster) { c.scene("device"); c.refuse["unregister"] = cserr.TryAgain }, "-f",
			"E: Unable to unregister quorum device: CS_ERR_TRY_AGAIN\n= 1\n", "unregister QD"},
		{"no device information", func(c *cluster) { c.refuse["info"] = cserr.TryAgain }, "-f", "E: Unable to get quorum device info: CS_ERR_TRY_AGAIN\n= 1\n", ""},
		{"votes too large", nil, "-v 2147483648", "E: New votes value was not valid, try a positive number or zero\n= 1\n", ""},
		{"another provider", func(c *cluster) { c.provider = "corosync_ykd" }, "-s",
			"Quorum information\n------------------\nDate:             DATE\nQuorum provider:  corosync_ykd\nNodes:            2\nNode ID:          0\nRing ID:          9\nQuorate:          Yes\n= 0\n", ""},
	} {
		c := newCluster()
		if tt.scene != nil {
			tt.scene(c)
		}
		if got := outcome(c, strings.Fields(tt.args)...); got != tt.want {
			t.Errorf("%s: %s\ngot\n%s\nwant\n%s", tt.why, tt.args, got, tt.want)
		}
		if got := strings.Join(c.called, ", "); got != tt.calls {
			t.Errorf("%s: called %q, want %q", tt.why, got, tt.calls)
		}
	}
}

// TestMonitor: one block for each change, until the daemon is gone.
func TestMonitor(t *testing.T) {
	c := newCluster()
	c.news = []quorum.Event{quorum.Change{Quorate: false, Ring: totem.RingID{Rep: 1, Seq: 0x1f}, Members: []totem.NodeID{1}}}
	got := outcome(c, "-m")
	for _, want := range []string{
		"Ring ID:          1.9\nQuorate:          Yes\n",
		"Ring ID:          1.1f\nQuorate:          No\n",
		"         1          1 n1 (local)\n\nE: Unable to dispatch quorum status: CS_ERR_LIBRARY\n= 1\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("lacks\n%s\n%s", want, got)
		}
	}
	if n := strings.Count(got, "Votequorum information"); n != 2 {
		t.Errorf("%d blocks, want 2:\n%s", n, got)
	}
}
