package corosyncconf

import (
	"bytes"
	"net/netip"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// Transport is totem.transport.
type Transport int

// The transports, numbered as in totem_transport_t.
const (
	UDP  Transport = 0
	UDPU Transport = 1
	Knet Transport = 2
)

func (t Transport) String() string { return [...]string{"udp", "udpu", "knet"}[t] }

// LinkMax is how many links a node may have, numbered from 0 (INTERFACE_MAX).
const LinkMax = 8

// Totem is the ring's configuration with every default applied.
type Totem struct {
	Version        uint32
	Transport      Transport
	IPVersion      IPVersion
	ClusterName    string
	NodeID         totem.NodeID // 0 when there is no nodelist
	LocalPos       int          // position in the nodelist, -1 when not found
	ClearNodeHiBit bool
	Threads        uint32
	NetMTU         uint32 // bytes, the transport's headers included; set by Validate when 0
	Broadcast      bool
	LinkMode       string // knet: passive, active, rr
	Crypto         Crypto
	Links          [LinkMax]Link
	Volatile       Volatile
}

// Crypto is what totem.crypto_* and secauth say.
type Crypto struct {
	Model, Cipher, Hash string // "nss", "none", "none" by default
	Key                 []byte
}

// Enabled tells whether packets are to be encrypted or signed.
func (c Crypto) Enabled() bool { return c.Cipher != "none" || c.Hash != "none" }

// differs tells whether packets of one are not read by the other.
func (c *Crypto) differs(o *Crypto) bool {
	return c.Model != o.Model || c.Cipher != o.Cipher || c.Hash != o.Hash || !bytes.Equal(c.Key, o.Key)
}

// Link is one totem.interface section, or what the nodelist says in its place.
type Link struct {
	Configured bool
	BindNet    netip.Addr // address or network to bind to
	Mcast      netip.Addr // transport udp: group, or 255.255.255.255 with broadcast
	Local      netip.Addr // this node's address as the nodelist has it
	Port       uint16
	TTL        uint8
	Members    []Member
	Knet       KnetLink
}

// Member is a node on one link.
type Member struct {
	Addr   netip.Addr
	NodeID totem.NodeID
}

// KnetLink is what only transport knet uses; times are in milliseconds.
type KnetLink struct {
	Priority      uint8
	PingInterval  uint32
	PingTimeout   uint32
	PingPrecision uint32
	PongCount     uint32
	SCTP          bool
}

// Defaults of totemconfig.c.
const (
	defaultPort      = 5405
	udpNetMTU        = 1500
	udpNetMTUMin     = 128 // two heads of mcast packets, and a little to send
	udpNetMTUMax     = 65535
	knetNetMTU       = 65536 // KNET_MAX_PACKET_SIZE
	knetNodeIDMax    = 65536 // KNET_MAX_HOST: ids are below it
	pingPrecision    = 2048
	pongCount        = 2
	linkModeMax      = 64
	keyLenMin        = 128
	keyLenMax        = 4096
	defaultKeyFile   = "/etc/corosync/authkey"
	tokenCoefficient = 650
)

// ReadTotem works out the ring's configuration from a file that has been
// parsed. It stores into the file's map what the reference stores there: node
// ids it has made up, the local node's position, interface addresses that it
// has derived, and all of runtime.config.totem. The error is an *InputError.
func ReadTotem(env *Env, f *File) (*Totem, error) {
	r := &reader{env: env, f: f, m: f.Map, t: &Totem{LocalPos: -1}}
	if err := r.initial(); err != nil {
		return nil, err
	}
	return r.t, nil
}

// reader reads into t. On a reload m is the new map, not the one in use.
type reader struct {
	env      *Env
	f        *File
	m        mapReader
	t        *Totem
	warnings []string
}

// deprecated remembers a warning that main of the reference gives.
func (r *reader) deprecated(text string) {
	for _, w := range r.warnings {
		if w == text {
			return
		}
	}
	r.warnings = append(r.warnings, text)
}

func (r *reader) initial() *InputError {
	t := r.t
	t.Transport = Knet
	switch s := r.str("totem.transport"); s {
	case "udpu":
		t.Transport = UDPU
	case "udp":
		t.Transport = UDP
	case "knet":
	default:
		if r.has("totem.transport") {
			return r.fail("Invalid transport type. Should be udpu, udp or knet", "totem.transport")
		}
	}
	t.LinkMode = "passive"
	t.Version, _ = r.m.GetUint32("totem.version")
	if err := r.crypto(); err != nil {
		return err
	}
	if s, err := r.m.GetString("totem.link_mode"); err == nil {
		if len(s) >= linkModeMax {
			return r.fail("totem.link_mode is too long", "totem.link_mode")
		}
		t.LinkMode = s
	}
	t.ClusterName = r.str("totem.cluster_name")
	t.ClearNodeHiBit = r.str("totem.clear_node_high_bit") == "yes"
	t.Threads, _ = r.m.GetUint32("totem.threads")
	t.NetMTU, _ = r.m.GetUint32("totem.netmtu")
	t.IPVersion = r.ipVersion()

	ring0 := r.str0("nodelist.node.0.ring0_addr")
	bind := r.str0("totem.interface.0.bindnetaddr")
	if !bind || ring0 {
		if err := r.bindFromNodelist(); err != nil {
			return err
		}
	}
	if err := r.interfaces(false); err != nil {
		return err
	}
	if t.Broadcast {
		t.Links[0].Mcast = netip.AddrFrom4([4]byte{255, 255, 255, 255})
	}
	r.storeDerived()
	if r.str0("nodelist.node.0.name") || r.str0("nodelist.node.0.ring0_addr") {
		if err := r.localNode(); err != nil {
			return err
		}
		if err := r.members(); err != nil {
			return err
		}
	}
	t.Volatile = readVolatile(r.m, "", len(t.Links[0].Members))
	t.knetPingTimers(r.m)
	r.warn(bind && ring0)
	return nil
}

// warn says what main of the reference says about old ways of configuring.
func (r *reader) warn(bindAndNodelist bool) {
	if r.has("totem.nodeid") {
		r.deprecated("nodeid in totem section is deprecated and ignored. Nodelist (or autogenerated) nodeid is going to be used.")
	}
	if bindAndNodelist {
		r.deprecated("interface section bindnetaddr is used together with nodelist. Nodelist one is going to be used.")
	}
	for _, w := range r.warnings {
		r.env.logf(loglevel.Warning, "%s", w)
	}
	if len(r.warnings) > 0 {
		r.env.logf(loglevel.Warning, "Please migrate config file to nodelist.")
	}
}

func (r *reader) ipVersion() IPVersion {
	switch r.str("totem.ip_version") {
	case "ipv4":
		return IPv4Only
	case "ipv6":
		return IPv6Only
	case "ipv6-4":
		return IPv6First
	case "ipv4-6":
		return IPv4First
	}
	if r.t.Transport == UDP {
		return IPv4Only
	}
	return IPv6First
}

// Unsupported tells why the daemon cannot run with this configuration although
// it is valid, or nil.
func (f *File) Unsupported(t *Totem) error {
	if t.Transport != Knet {
		return nil
	}
	if t.Volatile.KnetCompressionModel == "lzo2" {
		const key = "totem.knet_compression_model"
		e := errorAt(f.At(key), "knet_compression_model lzo2 is not supported by this corosync; another model has to be set on all nodes, lz4 comes closest")
		e.Key, e.Got, e.Want = key, "lzo2", "zlib, lz4, lz4hc, lzma, bzip2 or zstd"
		return e
	}
	for i := range t.Links {
		if t.Links[i].Configured && t.Links[i].Knet.SCTP {
			key := linkItem(uint32(i), "knet_transport")
			e := errorAt(f.At(key), "knet over SCTP is not supported by this corosync; leave knet_transport out")
			e.Key, e.Got, e.Want = key, "sctp", "udp"
			return e
		}
	}
	return nil
}
