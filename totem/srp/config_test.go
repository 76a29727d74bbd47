package srp

import (
	"slices"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/totem"
)

// The lines are those of corosync 3.1.7 with three nodes and no timing options.
func TestConfigurationIsLoggedAsTheReferenceDoes(t *testing.T) {
	d := &testNode{}
	cfg := testConfig(1)
	cfg.Token, cfg.TokenRetransmit, cfg.Hold, cfg.Consensus = 3650*time.Millisecond, 869*time.Millisecond, 685*time.Millisecond, 4380*time.Millisecond
	cfg.Log, cfg.Source, cfg.Pool = d, d, totem.NewPool(1500, 1)
	New(cfg)
	want := []string{
		"Token Timeout (3650 ms) retransmit timeout (869 ms)",
		"Token warning every 2737 ms (75% of Token Timeout)",
		"token hold (685 ms) retransmits before loss (4 retrans)",
		"join (50 ms) send_join (0 ms) consensus (4380 ms) merge (200 ms)",
		"downcheck (1000 ms) fail to recv const (2500 msgs)",
		"seqno unchanged const (30 rotations) Maximum network MTU 1410",
		"window size per rotation (50 messages) maximum messages per rotation (17 messages)",
		"missed count const (5 messages)",
		"send threads (0 threads)",
		"heartbeat_failures_allowed (0)",
		"max_network_delay (50 ms)",
		"HeartBeat is Disabled. To enable set heartbeat_failures_allowed > 0",
	}
	if !slices.Equal(d.logs, want) {
		t.Errorf("got  %q\nwant %q", d.logs, want)
	}
}
