package corosyncconf

import (
	"github.com/ringmaster-ha/ringmaster/internal/icmap"
)

// Volatile are the values of the totem section that may change while the ring
// runs, with defaults applied; each is also in the map below runtime.config.
// Times are in milliseconds.
type Volatile struct {
	RetransmitsBeforeLoss       uint32 // token_retransmits_before_loss_const
	Token                       uint32 // grown by token_coefficient for each node beyond two
	TokenWarning                uint32 // per cent of Token, 0: off
	MaxNetworkDelay             uint32
	WindowSize                  uint32 // messages
	MaxMessages                 uint32 // messages
	MissCountConst              uint32 // rotations
	KnetPMTUDInterval           uint32 // seconds
	KnetMTU                     uint32 // bytes, 0: found out
	TokenRetransmit             uint32
	Hold                        uint32
	Join                        uint32
	Consensus                   uint32
	Merge                       uint32
	Downcheck                   uint32
	FailRecvConst               uint32 // rotations
	SeqnoUnchangedConst         uint32 // rotations
	SendJoin                    uint32
	HeartbeatFailuresAllowed    uint32
	KnetCompressionThreshold    uint32 // bytes
	KnetCompressionLevel        int32
	KnetCompressionModel        string
	BlockUnlistedIPs            bool
	CancelTokenHoldOnRetransmit bool
}

// IsVolatile tells whether a change to this key of the map is one of Volatile,
// so that Totem.Changed should be called.
func IsVolatile(key string) bool {
	switch key {
	case "totem.token_coefficient", "totem.token_retransmits_before_loss_const", "totem.token", "totem.token_warning",
		"totem.max_network_delay", "totem.window_size", "totem.max_messages", "totem.miss_count_const",
		"totem.knet_pmtud_interval", "totem.knet_mtu", "totem.token_retransmit", "totem.hold", "totem.join",
		"totem.consensus", "totem.merge", "totem.downcheck", "totem.fail_recv_const", "totem.seqno_unchanged_const",
		"totem.send_join", "totem.heartbeat_failures_allowed", "totem.knet_compression_threshold",
		"totem.knet_compression_level", "totem.knet_compression_model", "totem.block_unlisted_ips",
		"totem.cancel_token_hold_on_retransmit":
		return true
	}
	return false
}

// volatileReader reads keys and stores what comes of them.
type volatileReader struct {
	m       *icmap.Map
	deleted string // a key that is just going away and does not count
}

// number reads totem.name; absent, or zero where that is no value, it is def.
func (r volatileReader) number(name string, def uint32, zero bool) uint32 {
	key := "totem." + name
	v, err := r.m.GetUint32(key)
	if err != nil || key == r.deleted || v == 0 && !zero {
		v = def
	}
	r.m.SetUint32("runtime.config."+key, v)
	return v
}

func (r volatileReader) flag(name string, def bool) bool {
	key := "totem." + name
	v := def
	if s, err := r.m.GetString(key); err == nil && key != r.deleted {
		switch s {
		case "yes":
			v = true
		case "no":
			v = false
		}
	}
	n := uint32(0)
	if v {
		n = 1
	}
	r.m.SetUint32("runtime.config."+key, n)
	return v
}

// readVolatile works out the values for a ring of so many members on link 0:
// totem_volatile_config_read. The order matters: later defaults come from
// earlier values, in the reference's arithmetic.
func readVolatile(m *icmap.Map, deleted string, members int) Volatile {
	r := volatileReader{m, deleted}
	var v Volatile
	v.RetransmitsBeforeLoss = r.number("token_retransmits_before_loss_const", 4, false)
	v.Token = r.number("token", 3000, false)
	v.TokenWarning = r.number("token_warning", 75, true)
	if members > 2 {
		c, err := m.GetUint32("totem.token_coefficient")
		if err != nil {
			c = tokenCoefficient
		}
		v.Token += uint32(members-2) * c
		m.SetUint32("runtime.config.totem.token", v.Token)
	}
	v.MaxNetworkDelay = r.number("max_network_delay", 50, false)
	v.WindowSize = r.number("window_size", 50, false)
	v.MaxMessages = r.number("max_messages", 17, false)
	v.MissCountConst = r.number("miss_count_const", 5, false)
	v.KnetPMTUDInterval = r.number("knet_pmtud_interval", 30, false)
	v.KnetMTU = r.number("knet_mtu", 0, false)
	v.TokenRetransmit = r.number("token_retransmit", toInt(float64(v.Token)/(float64(v.RetransmitsBeforeLoss)+0.2)), false)
	v.Hold = r.number("hold", toInt(float64(v.TokenRetransmit)*0.8-tick), false)
	v.Join = r.number("join", 50, false)
	v.Consensus = r.number("consensus", toInt(float64(float32(1.2*float64(v.Token)))), false)
	v.Merge = r.number("merge", 200, false)
	v.Downcheck = r.number("downcheck", 1000, false)
	v.FailRecvConst = r.number("fail_recv_const", 2500, false)
	v.SeqnoUnchangedConst = r.number("seqno_unchanged_const", 30, false)
	v.SendJoin = r.number("send_join", 0, true)
	v.HeartbeatFailuresAllowed = r.number("heartbeat_failures_allowed", 0, true)
	v.KnetCompressionThreshold = r.number("knet_compression_threshold", 0, true)

	const level, model = "totem.knet_compression_level", "totem.knet_compression_model"
	if n, err := m.GetInt32(level); err == nil && deleted != level {
		v.KnetCompressionLevel = n
	}
	m.SetInt32("runtime.config."+level, v.KnetCompressionLevel)
	v.KnetCompressionModel = "none"
	if s, err := m.GetString(model); err == nil && deleted != model {
		v.KnetCompressionModel = s
	}
	m.SetString("runtime.config."+model, v.KnetCompressionModel)
	v.BlockUnlistedIPs = r.flag("block_unlisted_ips", true)
	v.CancelTokenHoldOnRetransmit = r.flag("cancel_token_hold_on_retransmit", false)
	return v
}

// toInt is C's conversion of a double to int, and of that to unsigned int.
func toInt(f float64) uint32 { return uint32(int64(f)) }

// tick is 1000/HZ, in milliseconds; the least timeouts derive from it.
const (
	tick           = 10
	minTimeout     = 3 * tick
	minTimeoutHold = minTimeout*8/10 - tick
)
