package controld

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
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

	mu    sync.Mutex
	known map[string]known // by class, provider and name
}

// known is what an agent has said, and the file that it was then.
type known struct {
	file os.FileInfo
	xml  string
}

func newAgents(s *server) *agents {
	return &agents{
		resources: agent.New(agent.Options{Env: os.Environ(), Log: s.log, Path: root.Path, Units: agent.NewUnits(s.log, root.Path)}),
		known:     map[string]known{},
		devices:   &fence.Runner{Dir: root.Path(fence.Dir), Plugins: root.Path(fence.Plugins), Glue: root.Path(fence.Glue), Log: s.log},
	}
}

// Metadata is the core's Host's (lrmd__metadata_async). Operations wait for it. An agent of OCF is asked once, and again when
// its file is another: it may have been replaced. (The reference has it run before each start.)
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
	if !lrmd.Is(class, lrmd.ClassOCF) {
		return a.run(ctx, class, provider, name)
	}
	key := provider + ":" + name
	file, err := os.Stat(filepath.Join(root.Path(agent.OCFPath), provider, name))
	if err != nil {
		return a.run(ctx, class, provider, name) // which says what is wrong
	}
	a.mu.Lock()
	k, ok := a.known[key]
	a.mu.Unlock()
	if ok && os.SameFile(k.file, file) && k.file.ModTime().Equal(file.ModTime()) && k.file.Size() == file.Size() {
		return k.xml, nil
	}
	xml, err := a.run(ctx, class, provider, name)
	if err == nil {
		a.mu.Lock()
		a.known[key] = known{file, xml}
		a.mu.Unlock()
	}
	return xml, err
}

// run has a resource's agent say what it is.
func (a *agents) run(ctx context.Context, class, provider, name string) (string, error) {
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
