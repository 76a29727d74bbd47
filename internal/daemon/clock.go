package daemon

import (
	"golang.org/x/sys/unix"

	"github.com/ringmaster-ha/ringmaster/totem"
)

// sinceBoot reads CLOCK_MONOTONIC, on which all processes of the host agree.
func sinceBoot() totem.Instant {
	var ts unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts) != nil {
		return 0
	}
	return totem.Instant(ts.Nano())
}
