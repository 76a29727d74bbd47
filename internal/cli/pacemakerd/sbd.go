package pacemakerd

import (
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/env"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/watchdog"
)

// Panic resets the node; it does not return.
func (h *host) Panic(origin string) { watchdog.Panic(h.env, h.log, origin) }

// syncsStartup tells whether SBD is to be waited for (pcmk__get_sbd_sync_resource_startup).
func (n *node) syncsStartup() bool {
	value, ok := n.env("SBD_SYNC_RESOURCE_STARTUP")
	if !ok || env.IsTrue(value) {
		return ok
	}
	switch strings.ToLower(value) {
	case "false", "off", "no", "n", "0":
	default:
		n.logf(loglevel.Warning, "pcmk__get_sbd_sync_resource_startup", "Defaulting to no start-up synchronization with sbd because environment value '%s' is invalid", value)
	}
	return false
}
