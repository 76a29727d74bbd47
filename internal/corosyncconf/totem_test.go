package corosyncconf

import (
	"errors"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/totem"
)

func TestTotemDefaults(t *testing.T) {
	_, c, err := newWorld(totemConf("udpu", 2)).read()
	if err != nil {
		t.Fatal(err)
	}
	want := Volatile{
		RetransmitsBeforeLoss: 4, Token: 3000, TokenWarning: 75, MaxNetworkDelay: 50, WindowSize: 50, MaxMessages: 17,
		MissCountConst: 5, KnetPMTUDInterval: 30, TokenRetransmit: 714, Hold: 561, Join: 50, Consensus: 3600, Merge: 200,
		Downcheck: 1000, FailRecvConst: 2500, SeqnoUnchangedConst: 30, KnetCompressionModel: "none", BlockUnlistedIPs: true,
	}
	if c.Volatile != want {
		t.Errorf("got  %+v\nwant %+v", c.Volatile, want)
	}
	if c.NodeID != 1 || c.LocalPos != 0 || c.NetMTU != 1500 || c.IPVersion != IPv6First || c.LinkMode != "passive" {
		t.Errorf("got %+v", c)
	}
	l := c.Links[0]
	if !l.Configured || l.Port != 5405 || l.TTL != 1 || l.BindNet.String() != "10.0.0.1" || l.Local != l.BindNet || len(l.Members) != 2 {
		t.Errorf("link 0 is %+v", l)
	}
}

// The token timeout grows with the nodes, and much with it.
func TestTokenGrows(t *testing.T) {
	for _, tt := range []struct {
		nodes                              int
		more                               []string
		token, retransmit, hold, consensus uint32
	}{
		{1, nil, 3000, 714, 561, 3600},
		{3, nil, 3650, 869, 685, 4380},
		{16, nil, 12100, 2880, 2294, 14520},
		{3, []string{"token_coefficient: 0"}, 3000, 714, 561, 3600},
		{5, []string{"token: 1000", "token_coefficient: 100"}, 1300, 309, 237, 1560},
		{3, []string{"token: 1000", "token_retransmit: 238", "consensus: 1200"}, 1650, 238, 180, 1200},
		{2, []string{"token_retransmits_before_loss_const: 10"}, 3000, 294, 225, 3600},
	} {
		_, c, err := newWorld(totemConf("udpu", tt.nodes, tt.more...)).read()
		if err != nil {
			t.Fatal(err)
		}
		v := c.Volatile
		if v.Token != tt.token || v.TokenRetransmit != tt.retransmit || v.Hold != tt.hold || v.Consensus != tt.consensus {
			t.Errorf("%d nodes %v: token %d, retransmit %d, hold %d, consensus %d; want %d, %d, %d, %d",
				tt.nodes, tt.more, v.Token, v.TokenRetransmit, v.Hold, v.Consensus, tt.token, tt.retransmit, tt.hold, tt.consensus)
		}
	}
}

// Which of a name's addresses is used.
func TestIPVersion(t *testing.T) {
	conf := func(transport, version, addr string) string {
		c := "totem {\nversion: 2\ntransport: " + transport + "\ncluster_name: x\n"
		if version != "" {
			c += "ip_version: " + version + "\n"
		}
		return c + "}\nnodelist {\nnode {\nnodeid: 1\nname: n1\nring0_addr: " + addr + "\n}\n}\n"
	}
	for _, tt := range []struct{ transport, version, addr, want string }{
		{"udpu", "", "both", "fd00::1"},
		{"udp", "", "both", "10.0.0.1"},
		{"udpu", "ipv4", "both", "10.0.0.1"},
		{"udpu", "ipv6", "both", "fd00::1"},
		{"udpu", "ipv6-4", "both", "fd00::1"},
		{"udpu", "ipv4-6", "both", "10.0.0.1"},
		{"udpu", "ipv4-6", "six", "fd00::1"},
		{"udpu", "ipv6-4", "n1", "10.0.0.1"},
		{"udp", "ipv6", "both", "fd00::1"},
		{"udpu", "ipv6", "n1", "error: failed to parse bindnet address 'n1'"},
		{"udpu", "ipv4", "six", "error: failed to parse bindnet address 'six'"},
		{"udp", "", "fd00::1", "error: failed to parse bindnet address 'fd00::1'"},
	} {
		_, c, err := newWorld(conf(tt.transport, tt.version, tt.addr)).read()
		var got string
		var in *InputError
		if errors.As(err, &in) {
			got = "error: " + in.Text
		} else {
			got = c.Links[0].Members[0].Addr.String()
		}
		if got != tt.want {
			t.Errorf("%s, ip_version %q, %s: got %s, want %s", tt.transport, tt.version, tt.addr, got, tt.want)
		}
	}
}

func TestLocalNode(t *testing.T) {
	nodes := func(list ...string) string {
		var b strings.Builder
		b.WriteString("totem {\nversion: 2\ntransport: udpu\n}\nnodelist {\n")
		for i := 0; i < len(list); i += 2 {
			b.WriteString("node {\nring0_addr: " + list[i] + "\n")
			if list[i+1] != "" {
				b.WriteString("name: " + list[i+1] + "\n")
			}
			b.WriteString("}\n")
		}
		return b.String() + "}\n"
	}
	for _, tt := range []struct {
		why, host string
		names     map[string]string
		conf      string
		want      int
	}{
		{"the name as it is", "b.example.org", nil, nodes("10.0.0.9", "b", "10.0.0.2", "b.example.org"), 1},
		{"without its domain", "b.example.org", nil, nodes("10.0.0.9", "a", "10.0.0.2", "b"), 1},
		{"part of the domain", "b.x.example.org", nil, nodes("10.0.0.9", "a", "10.0.0.2", "b.x"), 1},
		{"the nodelist's domain stripped", "b", nil, nodes("10.0.0.9", "a", "10.0.0.2", "b.other"), 1},
		{"address of an interface", "zzz", nil, nodes("10.0.0.9", "", "10.0.0.1", ""), 1},
		{"an IPv6 address", "zzz", nil, nodes("10.0.0.9", "", "fd00::1", "x"), 1},
		{"name of an interface", "zzz", map[string]string{"10.0.0.1": "ha.example.org"}, nodes("10.0.0.9", "ha", "10.0.0.8", "b"), 0},
		{"the name's own address", "zzz", nil, nodes("10.0.0.9", "a", "10.0.0.2", "both"), 1},
		{"nobody", "zzz", nil, nodes("10.0.0.9", "a", "10.0.0.2", "b"), -1},
	} {
		w := newWorld(tt.conf)
		w.hostname, w.names = tt.host, tt.names
		f, _, err := w.read()
		if tt.want < 0 {
			if want := "/etc/corosync/corosync.conf:6: No valid name found for local host"; err == nil || err.Error() != want {
				t.Errorf("%s: got %v, want %s", tt.why, err, want)
			}
			continue
		}
		// An IPv6 address without nodeid is an error that comes later.
		if pos, _ := f.Map.GetUint32("nodelist.local_node_pos"); int(pos) != tt.want {
			t.Errorf("%s: position %d, want %d (%v)", tt.why, pos, tt.want, err)
		}
	}
}

func TestGeneratedNodeID(t *testing.T) {
	conf := "totem {\nversion: 2\ntransport: udpu\n%}\nnodelist {\nnode {\nring0_addr: 10.0.0.1\n}\nnode {\nring0_addr: 192.168.1.2\n}\n}\n"
	for _, tt := range []struct {
		more   string
		second uint32
	}{{"", 0xc0a80102}, {"clear_node_high_bit: yes\n", 0x40a80102}} {
		f, c, err := newWorld(strings.Replace(conf, "%", tt.more, 1)).read()
		if err != nil {
			t.Fatal(err)
		}
		if c.NodeID != 0x0a000001 || c.Links[0].Members[1].NodeID != totem.NodeID(tt.second) {
			t.Errorf("ids %x and %x", c.NodeID, c.Links[0].Members[1].NodeID)
		}
		if id, _ := f.Map.GetUint32("nodelist.node.1.nodeid"); id != tt.second {
			t.Errorf("the map says %x, want %x", id, tt.second)
		}
	}
}

func TestClusterMcast(t *testing.T) {
	for _, tt := range []struct {
		name string
		link uint32
		v6   bool
		want string
	}{
		{"test", 0, false, "239.192.6.148"},
		{"test", 0, true, "ff15::68e"},
		{"test", 2, false, "239.192.6.150"},
		{"", 0, false, "239.192.0.0"},
		{"a rather long name of a cluster", 0, false, "239.192.85.137"},
		{"käse", 0, true, "ff15::4a3"},
	} {
		if got := clusterMcast(tt.name, tt.link, tt.v6).String(); got != tt.want {
			t.Errorf("clusterMcast(%q, %d, %v) = %s, want %s", tt.name, tt.link, tt.v6, got, tt.want)
		}
	}
}

const (
	conf    = "/etc/corosync/corosync.conf"
	oneNode = "nodelist {\nnode {\nring0_addr: 10.0.0.1\nname: n1\nnodeid: 1\n}\n}\n"
)

// validations are files that corosync -t finds fault with, or none.
var validations = []struct{ conf, want string }{
	{"", conf + ": No interfaces defined"},
	{"totem {\nversion: 2\ntransport: udpu\n}\n", conf + ":1: No interfaces defined"},
	{"totem {\nversion: 2\ntransport: iba\n}\n", conf + ":3: Invalid transport type. Should be udpu, udp or knet"},
	{"totem {\ntransport: udpu\n}\n" + oneNode, conf + ":1: This totem parser can only parse version 2 configurations."},
	{totemConf("udpu", 2, "token: 20"), conf + ":5: The token timeout parameter (20 ms) may not be less than (30 ms)."},
	{totemConf("udpu", 2, "token: 100"), conf + ":5: Not appropriate token or token_retransmits_before_loss_const value set"},
	{totemConf("udpu", 2, "token_retransmit: 20"), conf + ":5: The token retransmit timeout parameter (20 ms) may not be less than (30 ms)."},
	{totemConf("udpu", 2, "hold: 13"), conf + ":5: The token hold timeout parameter (13 ms) may not be less than (14 ms)."},
	{totemConf("udpu", 2, "join: 29"), conf + ":5: The join timeout parameter (29 ms) may not be less than (30 ms)."},
	{totemConf("udpu", 2, "consensus: 29"), conf + ":5: The consensus timeout parameter (29 ms) may not be less than (30 ms)."},
	{totemConf("udpu", 2, "join: 300", "consensus: 299"), conf + ":6: The consensus timeout parameter (299 ms) may not be less than join timeout (300 ms)."},
	{totemConf("udpu", 2, "merge: 1"), conf + ":5: The merge timeout parameter (1 ms) may not be less than (30 ms)."},
	{totemConf("udpu", 2, "downcheck: 1"), conf + ":5: The downcheck timeout parameter (1 ms) may not be less than (30 ms)."},
	{totemConf("udpu", 2, "max_network_delay: 1"), conf + ":5: The max_network_delay parameter (1 ms) may not be less than (30 ms)."},
	{totemConf("udpu", 2, "token_warning: 101"), conf + ":5: The token warning parameter (101%) must be between 0 (disabled) and 100."},
	{totemConf("udpu", 2, "netmtu: 127"), conf + ":5: The netmtu parameter (127 bytes) may not be less than (128 bytes)."},
	{totemConf("udpu", 2, "netmtu: 65536"), conf + ":5: The netmtu parameter (65536 bytes) may not be more than (65535 bytes)."},
	{totemConf("udpu", 2, "link_mode: odd"), conf + ":5: The Knet link mode \"odd\" specified is invalid.  It must be active, passive or rr."},
	{totemConf("udpu", 2, "crypto_cipher: aes256"), conf + ":5: crypto_cipher requires crypto_hash with value other than none"},
	{totemConf("udpu", 2, "secauth: on"), conf + ":5: Could not open /etc/corosync/authkey: No such file or directory"},
	{totemConf("udpu", 2, "secauth: on", "keyfile: /key"), conf + ":5: crypto_cipher & crypto_hash are only valid for the Knet transport."},
	{totemConf("udpu", 2, "secauth: on", "keyfile: /short"), conf + ":6: Could only read 24 bits of minimum 1024 bits from /short."},
	{totemConf("udpu", 2, "interface {", "ttl: 2", "}"), conf + ":6: Can only set ttl on multicast transport types for interface 0"},
	{totemConf("udpu", 2, "interface {", "knet_link_priority: 2", "}"), conf + ":6: Can only set link priority on knet transport type for interface 0"},
	{totemConf("udpu", 2, "interface {", "mcastport: 0", "}"), ""},
	{totemConf("udpu", 2, "interface {", "linknumber: 8", "ttl: 1", "}"), conf + ":7: interface ring number 8 is bigger than allowed maximum 7"},
	{totemConf("udp", 2, "interface {", "mcastaddr: 10.1.1.1", "}"), conf + ":6: mcastaddr is not a correct multicast address for interface 0"},
	{totemConf("udpu", 1) + "nodelist {\nnode {\nring0_addr: 10.0.0.1\nring1_addr: 10.0.0.2\nname: n1\nnodeid: 1\n}\n}\n", conf + ":3: 2 is too many configured interfaces for non-Knet transport."},
	{"totem {\nversion: 2\ntransport: udp\n}\n" + oneNode, conf + ":1: No multicast address specified for interface 0"},
	{strings.Replace(totemConf("udpu", 3), "nodeid: 3", "nodeid: 2", 1), conf + ":20: Nodeid 2 appears twice in corosync.conf"},
	{strings.Replace(totemConf("udpu", 2), "10.0.0.2", "nowhere", 1), conf + ":13: failed to parse node address 'nowhere'"},
	{strings.Replace(totemConf("udpu", 2), "10.0.0.2", "fd00::2", 1), conf + ":6: Nodes for link 0 have different IP families (compared fd00::2 with 10.0.0.1)"},
	{"totem {\nversion: 2\ntransport: udpu\n}\nnodelist {\nnode {\nring0_addr: fd00::1\nname: n1\n}\n}\n", conf + ":7: An IPV6 network requires that a node ID be specified"},
	{"totem {\nversion: 2\n}\nnodelist {\nnode {\nring0_addr: 10.0.0.1\nname: n1\n}\n}\n", conf + ":5: Knet requires an explicit nodeid for the local node"},
	{strings.Replace(totemConf("knet", 2), "nodeid: 2", "nodeid: 65536", 1), conf + ":15: Knet requires nodeid to be less than 65536 for address '10.0.0.2'."},
	{totemConf("udpu", 2) + "logging {\ndebug: on\nlogger_subsys {\nsubsys: X\ndebug: 1\n}\n}\n", conf + ":22: unknown value for debug"},
	{totemConf("udp", 2, "interface {", "broadcast: yes", "}"), ""},
	{totemConf("udpu", 2), ""},
	{totemConf("knet", 2), ""},
}

func TestValidate(t *testing.T) {
	for _, tt := range validations {
		w := newWorld(tt.conf)
		w.files["/key"], w.files["/short"] = strings.Repeat("k", 128), "abc"
		_, _, err := w.read()
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%q:\n got %s\nwant %s", tt.conf, got, tt.want)
		}
	}
}

func TestUnsupported(t *testing.T) {
	for _, tt := range []struct {
		more []string
		want string
	}{
		{[]string{"interface {", "linknumber: 0", "knet_transport: sctp", "}"},
			":7: knet over SCTP is not supported by this corosync; leave knet_transport out"},
		{[]string{"knet_compression_model: lzo2"},
			":5: knet_compression_model lzo2 is not supported by this corosync; another model has to be set on all nodes, lz4 comes closest"},
	} {
		f, c, err := newWorld(totemConf("knet", 2, tt.more...)).read()
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Unsupported(c); err == nil || err.Error() != conf+tt.want {
			t.Errorf("got %v, want %s", err, tt.want)
		}
	}
	for _, transport := range []string{"knet", "udp"} {
		f, c, err := newWorld(totemConf(transport, 2)).read()
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Unsupported(c); err != nil {
			t.Error(err)
		}
	}
}

func TestWarnings(t *testing.T) {
	w := newWorld(totemConf("udpu", 2, "nodeid: 9", "interface {", "bindnetaddr: 10.0.0.0", "member {", "memberaddr: 10.0.0.1", "}", "}"))
	if _, _, err := w.read(); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"member section is used together with nodelist. Members ignored.",
		"nodeid in totem section is deprecated and ignored. Nodelist (or autogenerated) nodeid is going to be used.",
		"interface section bindnetaddr is used together with nodelist. Nodelist one is going to be used.",
		"Please migrate config file to nodelist.",
	}
	if got := strings.Join(w.log, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

func TestChangedAtRunTime(t *testing.T) {
	w := newWorld(totemConf("udpu", 2))
	f, c, err := w.read()
	if err != nil {
		t.Fatal(err)
	}
	f.Map.SetUint32("totem.token", 5000)
	n, err := c.Changed(w.env(), f.Map, "totem.token", false)
	if err != nil || n.Volatile.Token != 5000 || n.Volatile.Consensus != 6000 || c.Volatile.Token != 3000 {
		t.Errorf("token %d, consensus %d, %v", n.Volatile.Token, n.Volatile.Consensus, err)
	}
	if v, _ := f.Map.GetUint32("runtime.config.totem.token_retransmit"); v != 1190 {
		t.Errorf("runtime.config.totem.token_retransmit = %d, want 1190", v)
	}
	f.Map.SetUint32("totem.token", 1)
	if _, err := n.Changed(w.env(), f.Map, "totem.token", false); err == nil {
		t.Error("a token of 1 ms was taken")
	}
	if v, _ := f.Map.GetUint32("runtime.config.totem.token"); v != 5000 {
		t.Errorf("after a bad change runtime.config.totem.token = %d, want 5000", v)
	}
}

// Where a key may come from, in the order of preference.
func TestKey(t *testing.T) {
	const text = "a key as a string has its terminator in it, which is how the reference's map keeps strings; it must be of 127 characters or more."
	for _, tt := range []struct {
		more string
		want string // the key, or what is said of it
		bad  bool
	}{
		{"version: 2", strings.Repeat("a", 256), false}, // /etc/corosync/authkey
		{"keyfile: /key", strings.Repeat("k", 128), false},
		{"keyfile: /long", strings.Repeat("l", 4096), false}, // what is beyond is not read
		{"key: " + text, text + "\x00", false},
		{"keyfile: /key\n\tkey: " + text, strings.Repeat("k", 128), false},
		{"key: " + text[:126], conf + ":6: key is too short", true},
		{"keyfile: /nowhere", conf + ":6: Could not open /nowhere: No such file or directory", true},
	} {
		w := newWorld(totemConf("knet", 2, "secauth: on", tt.more))
		w.files["/etc/corosync/authkey"] = strings.Repeat("a", 256)
		w.files["/key"], w.files["/long"] = strings.Repeat("k", 128), strings.Repeat("l", 5000)
		_, c, err := w.read()
		switch {
		case tt.bad:
			if err == nil || err.Error() != tt.want {
				t.Errorf("%s: %v, want %s", tt.more, err, tt.want)
			}
		case err != nil:
			t.Errorf("%s: %v", tt.more, err)
		case string(c.Crypto.Key) != tt.want:
			t.Errorf("%s: key %q, want %q", tt.more, c.Crypto.Key, tt.want)
		case c.Crypto.Model != "nss" || c.Crypto.Cipher != "aes256" || c.Crypto.Hash != "sha256":
			t.Errorf("%s: secauth is %s/%s/%s", tt.more, c.Crypto.Model, c.Crypto.Cipher, c.Crypto.Hash)
		}
	}
}
