package corosyncconf

import (
	"fmt"
	"math"
	"strconv"
)

// System is the system section, and other things that concern the process
// rather than the ring.
type System struct {
	QBIPCType        string // native (the default: shm), shm, socket
	SchedRR          bool   // real-time scheduling, on by default
	Priority         int    // nice value; math.MinInt32 for "max", MaxInt32 for "min", 0: leave
	MoveToRootCgroup string // yes, no, auto (the default)
	StateDir         string // "/var/lib/corosync"
}

// DefaultStateDir is where the daemon keeps ring ids and works.
const DefaultStateDir = "/var/lib/corosync"

// ReadSystem reads the system section. The error is an *InputError.
func ReadSystem(env *Env, f *File) (*System, error) {
	s := &System{QBIPCType: "native", SchedRR: true, MoveToRootCgroup: "auto", StateDir: env.path(DefaultStateDir)}
	str := func(key string, to *string) bool {
		v, err := f.Map.GetString(key)
		if err == nil {
			*to = v
		}
		return err == nil
	}
	str("system.qb_ipc_type", &s.QBIPCType)
	str("system.move_to_root_cgroup", &s.MoveToRootCgroup)
	str("system.state_dir", &s.StateDir)
	var v string
	if str("system.sched_rr", &v) {
		s.SchedRR = v == "yes"
	}
	if str("system.priority", &v) {
		switch v {
		case "max":
			s.Priority = math.MinInt32
		case "min":
			s.Priority = math.MaxInt32
		case "":
		default:
			n, err := strconv.ParseInt(v, 10, 32)
			if err != nil {
				return nil, f.fail(fmt.Sprintf("Priority value %s is invalid", v), "system.priority")
			}
			s.Priority = int(n)
		}
	}
	return s, nil
}

// ReadOnlyKeys are the marks that clients meet from the start; a key ending in
// a dot is a prefix: set_icmap_ro_keys_flag of the reference.
var ReadOnlyKeys = []string{
	"internal_configuration.", "runtime.services.", "runtime.config.", "runtime.totem.", "uidgid.config.", "system.", "nodelist.",
	"totem.crypto_cipher", "totem.crypto_hash", "totem.crypto_model", "totem.keyfile", "totem.key", "totem.secauth",
	"totem.ip_version", "totem.rrp_mode", "totem.transport", "totem.cluster_name", "totem.netmtu", "totem.threads",
	"totem.version", "totem.nodeid", "totem.clear_node_high_bit",
	"config.reload_in_progress", "config.totemconfig_reload_in_progress",
	localPosKey,
}

// MarkReadOnly puts the ReadOnlyKeys marks on the map.
func MarkReadOnly(m interface {
	SetReadOnly(key string, prefix, on bool) error
}) {
	for _, k := range ReadOnlyKeys {
		m.SetReadOnly(k, k[len(k)-1] == '.', true)
	}
}
