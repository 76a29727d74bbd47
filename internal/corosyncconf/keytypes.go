package corosyncconf

import (
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/ringmaster-ha/ringmaster/internal/icmap"
)

// state tells a line's meaning: which known section it is in. An unknown
// section has the state of the one around it.
type state int

const (
	stateNormal state = iota
	stateTotem
	stateInterface
	stateLoggerSubsys
	stateUIDGID
	stateLoggingDaemon
	stateMember
	stateQuorum
	stateQDevice
	stateNodelist
	stateNode
	stateSystem
	stateResources
	stateResourcesSub // resources.system, .process and their memory_used
)

var sectionStates = sync.OnceValue(func() map[string]state {
	return map[string]state{
		"totem":                         stateTotem,
		"totem.interface":               stateInterface,
		"totem.interface.member":        stateMember,
		"system":                        stateSystem,
		"logging.logger_subsys":         stateLoggerSubsys,
		"logging.logging_daemon":        stateLoggingDaemon,
		"uidgid":                        stateUIDGID,
		"quorum":                        stateQuorum,
		"quorum.device":                 stateQDevice,
		"nodelist":                      stateNodelist,
		"nodelist.node":                 stateNode,
		"resources":                     stateResources,
		"resources.system":              stateResourcesSub,
		"resources.system.memory_used":  stateResourcesSub,
		"resources.process":             stateResourcesSub,
		"resources.process.memory_used": stateResourcesSub,
	}
})

// numbers are the keys of a section that are no strings, by full name. Those
// of nodelist and resources are by last name and in their own code.
var numbers = sync.OnceValue(func() map[state]map[string]icmap.Type {
	return map[state]map[string]icmap.Type{
		stateQuorum: {
			"quorum.expected_votes":           icmap.TypeUint32,
			"quorum.votes":                    icmap.TypeUint32,
			"quorum.last_man_standing_window": icmap.TypeUint32,
			"quorum.leaving_timeout":          icmap.TypeUint32,
			"quorum.two_node":                 icmap.TypeUint8,
			"quorum.expected_votes_tracking":  icmap.TypeUint8,
			"quorum.allow_downscale":          icmap.TypeUint8,
			"quorum.wait_for_all":             icmap.TypeUint8,
			"quorum.auto_tie_breaker":         icmap.TypeUint8,
			"quorum.last_man_standing":        icmap.TypeUint8,
		},
		stateQDevice: {
			"quorum.device.timeout":      icmap.TypeUint32,
			"quorum.device.sync_timeout": icmap.TypeUint32,
			"quorum.device.votes":        icmap.TypeUint32,
			"quorum.device.master_wins":  icmap.TypeUint8,
		},
		stateTotem: {
			"totem.version":           icmap.TypeUint32,
			"totem.nodeid":            icmap.TypeUint32,
			"totem.threads":           icmap.TypeUint32,
			"totem.token":             icmap.TypeUint32,
			"totem.token_coefficient": icmap.TypeUint32,
			"totem.token_retransmit":  icmap.TypeUint32,
			"totem.token_warning":     icmap.TypeUint32,
			"totem.hold":              icmap.TypeUint32,
			"totem.token_retransmits_before_loss_const": icmap.TypeUint32,
			"totem.join":                              icmap.TypeUint32,
			"totem.send_join":                         icmap.TypeUint32,
			"totem.consensus":                         icmap.TypeUint32,
			"totem.merge":                             icmap.TypeUint32,
			"totem.downcheck":                         icmap.TypeUint32,
			"totem.fail_recv_const":                   icmap.TypeUint32,
			"totem.seqno_unchanged_const":             icmap.TypeUint32,
			"totem.rrp_token_expired_timeout":         icmap.TypeUint32,
			"totem.rrp_problem_count_timeout":         icmap.TypeUint32,
			"totem.rrp_problem_count_threshold":       icmap.TypeUint32,
			"totem.rrp_problem_count_mcast_threshold": icmap.TypeUint32,
			"totem.rrp_autorecovery_check_timeout":    icmap.TypeUint32,
			"totem.heartbeat_failures_allowed":        icmap.TypeUint32,
			"totem.max_network_delay":                 icmap.TypeUint32,
			"totem.window_size":                       icmap.TypeUint32,
			"totem.max_messages":                      icmap.TypeUint32,
			"totem.miss_count_const":                  icmap.TypeUint32,
			"totem.knet_pmtud_interval":               icmap.TypeUint32,
			"totem.knet_mtu":                          icmap.TypeUint32,
			"totem.knet_compression_threshold":        icmap.TypeUint32,
			"totem.netmtu":                            icmap.TypeUint32,
			"totem.knet_compression_level":            icmap.TypeInt32,
			"totem.config_version":                    icmap.TypeUint64,
		},
		stateInterface: {
			"totem.interface.linknumber":          icmap.TypeUint8,
			"totem.interface.mcastport":           icmap.TypeUint16,
			"totem.interface.ttl":                 icmap.TypeUint8,
			"totem.interface.knet_link_priority":  icmap.TypeUint8,
			"totem.interface.knet_ping_interval":  icmap.TypeUint32,
			"totem.interface.knet_ping_timeout":   icmap.TypeUint32,
			"totem.interface.knet_ping_precision": icmap.TypeUint32,
			"totem.interface.knet_pong_count":     icmap.TypeUint32,
		},
	}
})

// choice is a key with a fixed set of words.
type choice struct {
	words []string
	text  string // what the reference says to others
}

var choices = sync.OnceValue(func() map[state]map[string]choice {
	return map[state]map[string]choice{
		stateTotem: {
			"totem.ip_version": {[]string{"ipv4", "ipv6", "ipv6-4", "ipv4-6"}, "Invalid ip_version type"},
			// The models that Debian's libknet is built with.
			"totem.crypto_model": {[]string{"nss", "openssl"}, "Invalid crypto model. Should be nss or openssl"},
			"totem.crypto_cipher": {[]string{"none", "aes256", "aes192", "aes128"},
				"Invalid cipher type. Should be none, aes256, aes192 or aes128"},
			"totem.crypto_hash": {[]string{"none", "md5", "sha1", "sha256", "sha384", "sha512"},
				"Invalid hash type. Should be none, md5, sha1, sha256, sha384 or sha512"},
			"totem.knet_compression_model": {[]string{"zlib", "lz4", "lz4hc", "lzo2", "lzma", "bzip2", "zstd"},
				"Invalid compression model. Should be zlib, lz4, lz4hc, lzo2, lzma, bzip2 or zstd"},
		},
		stateSystem: {
			"system.qb_ipc_type":                {[]string{"native", "shm", "socket"}, "Invalid system.qb_ipc_type"},
			"system.sched_rr":                   {[]string{"yes", "no"}, "Invalid system.sched_rr value"},
			"system.move_to_root_cgroup":        {[]string{"yes", "no", "auto"}, "Invalid system.move_to_root_cgroup"},
			"system.allow_knet_handle_fallback": {[]string{"yes", "no"}, "Invalid system.allow_knet_handle_fallback"},
		},
	}
})

func (c choice) check(key, value string, at Position) *InputError {
	if slices.Contains(c.words, value) {
		return nil
	}
	return &InputError{Position: at, Key: key, Got: value, Want: strings.Join(c.words, ", "), Text: c.text}
}

// ranges of the integer types, as messages show them.
var ranges = sync.OnceValue(func() map[icmap.Type][2]string {
	return map[icmap.Type][2]string{
		icmap.TypeUint8:  {"0", "255"},
		icmap.TypeUint16: {"0", "65535"},
		icmap.TypeInt32:  {"-2147483648", "2147483647"},
		icmap.TypeUint32: {"0", "4294967295"},
		icmap.TypeUint64: {"0", "18446744073709551615"},
	}
})

// number reads a decimal number as strtoll(3) does: blanks and a sign may come
// first, nothing may follow.
func number(key, value string, t icmap.Type, at Position) (icmap.Value, *InputError) {
	digits := strings.TrimLeft(value, " \t\n\v\f\r")
	bits := t.Size() * 8
	switch t {
	case icmap.TypeInt32:
		if n, err := strconv.ParseInt(digits, 10, bits); err == nil {
			return icmap.Int32(int32(n)), nil
		}
	case icmap.TypeUint64:
		// strtoull(3) negates: -1 is the largest number.
		neg := strings.HasPrefix(digits, "-")
		if n, err := strconv.ParseUint(unsigned(digits), 10, bits); err == nil {
			if neg {
				n = -n
			}
			return icmap.Uint64(n), nil
		}
	default:
		n, err := strconv.ParseInt(digits, 10, 64)
		if err == nil && n >= 0 && n < 1<<bits {
			switch t {
			case icmap.TypeUint8:
				return icmap.Uint8(uint8(n)), nil
			case icmap.TypeUint16:
				return icmap.Uint16(uint16(n)), nil
			}
			return icmap.Uint32(uint32(n)), nil
		}
	}
	r := ranges()[t]
	err := errorAt(at, "Value of key \"%s\" is expected to be integer in range (%s..%s), but \"%s\" was given", key, r[0], r[1], value)
	err.Key, err.Got, err.Want = key, value, r[0]+".."+r[1]
	return icmap.Value{}, err
}

// unsigned takes one sign off.
func unsigned(s string) string {
	if s != "" && (s[0] == '-' || s[0] == '+') {
		return s[1:]
	}
	return s
}
