package controld

import (
	"cmp"
	"context"
	"errors"
	"os"
	"sync/atomic"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/root"
	"github.com/ringmaster-ha/ringmaster/lrmd"
	"github.com/ringmaster-ha/ringmaster/lrmd/agent"
	fence "github.com/ringmaster-ha/ringmaster/stonithd/agent"
)

// metadataTimeout is how long an agent may take to say what it is (PCMK_DEFAULT_METADATA_TIMEOUT_MS).
const metadataTimeout = 30 * time.Second

// agents asks agents what they are.
type agents struct {
	resources *agent.Runner
	devices   *fence.Runner
	asked     atomic.Uint64
}

func newAgents(s *server) *agents {
	return &agents{
		resources: agent.New(agent.Options{Env: os.Environ(), Log: s.log, Path: root.Path, Units: agent.NewUnits(s.log, root.Path)}),
		devices:   &fence.Runner{Dir: root.Path(fence.Dir), Plugins: root.Path(fence.Plugins), Glue: root.Path(fence.Glue), Log: s.log},
	}
}

// Metadata is the core's Host's (lrmd__metadata_async). Operations wait for it, so it is asked for every time: an
// agent may have been replaced.
func (s *server) Metadata(class, provider, name string, then func(now time.Time, xml string, err error)) {
	s.all.Go(func() {
		xml, err := s.agents.ask(s.ctx, class, provider, name)
		s.enter(func(now time.Time) { then(now, xml, err) })
	})
}

func (a *agents) ask(ctx context.Context, class, provider, name string) (string, error) {
	if lrmd.Is(class, lrmd.ClassStonith) {
		return a.devices.Metadata(ctx, name, metadataTimeout)
	}
	done := make(chan *lrmd.Result, 1)
	a.resources.Start(lrmd.Token(a.asked.Add(1)), &lrmd.Operation{
		RscID: name, Class: class, Provider: provider, Type: name, Action: "meta-data", Timeout: int(metadataTimeout.Milliseconds()),
	}, func(_ lrmd.Token, r *lrmd.Result) { done <- r })
	select {
	case r := <-done:
		switch {
		case r.Status != lrmd.Done:
			return "", errors.New(cmp.Or(r.Reason, r.Status.String()))
		case r.Code != int(lrmd.OK):
			return "", errors.New(lrmd.Code(r.Code).String())
		}
		return r.Stdout, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}
