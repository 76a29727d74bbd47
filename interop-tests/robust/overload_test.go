//go:build interop

package robust

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

// TestNothingIsLostUnderOverload has many clients multicast as fast as they may,
// while a node crashes. Each waits for all that cpg_mcast_joined has taken to
// come back: the reference discards some of it when its send queue is full or a
// synchronisation begins ("*** cs_ipcs_msg_process() ... discarded").
func TestNothingIsLostUnderOverload(t *testing.T) {
	for _, kind := range []lab.Kind{lab.Go, lab.C} {
		t.Run(kind.String(), func(t *testing.T) {
			mixture := "GoGoGo"
			if kind == lab.C {
				mixture = "CCC"
			}
			l := form(t, mixture, nil)
			h := l.Host(0)
			const clients = 30
			var wg sync.WaitGroup
			complete := make([]bool, clients)
			for i := range clients {
				wg.Go(func() {
					r := h.Exec("timeout", "25", bench, "throughput", "20000", "6", fmt.Sprint("flood", i))
					complete[i] = r.Code == 0
					if !complete[i] {
						t.Logf("client %d: %+v", i, r)
					}
				})
			}
			time.Sleep(2 * time.Second) // of load
			l.Host(2).Crash()
			wg.Wait()
			n := 0
			for _, ok := range complete {
				if ok {
					n++
				}
			}
			discarded := strings.Count(h.CorosyncLog(), "discarded")
			t.Logf("%v: %d of %d clients got back all that they had sent; %d messages about discarded requests in the log", kind, n, clients, discarded)
			if kind == lab.Go && (n != clients || discarded > 0) {
				t.Errorf("messages were lost")
			}
		})
	}
}
