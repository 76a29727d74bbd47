package corosyncconf

import "github.com/ringmaster-ha/ringmaster/internal/icmap"

// DefaultStateDir is where the daemon keeps ring ids and works, unless
// system.state_dir says otherwise.
const DefaultStateDir = "/var/lib/corosync"

// readOnly are the keys that clients must not change, because that is without
// meaning (counters) or without effect; one that ends in a dot is a prefix. The
// list is set_icmap_ro_keys_flag's of the reference, and what totemconfig adds.
var readOnly = []string{
	"internal_configuration.", "runtime.services.", "runtime.config.", "runtime.totem.", "uidgid.config.", "system.", "nodelist.",
	"totem.crypto_cipher", "totem.crypto_hash", "totem.crypto_model", "totem.keyfile", "totem.key", "totem.secauth",
	"totem.ip_version", "totem.rrp_mode", "totem.transport", "totem.cluster_name", "totem.netmtu", "totem.threads",
	"totem.version", "totem.nodeid", "totem.clear_node_high_bit",
	"config.reload_in_progress", "config.totemconfig_reload_in_progress",
	localPosKey,
}

// markReadOnly puts the marks on a map that has none of them yet.
func markReadOnly(m *icmap.Map) {
	for _, k := range readOnly {
		m.SetReadOnly(k, k[len(k)-1] == '.', true)
	}
}
