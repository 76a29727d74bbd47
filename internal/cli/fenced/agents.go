package fenced

import (
	"context"
	"slices"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/secrets"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/watchdog"
	"github.com/ringmaster-ha/ringmaster/internal/root"
	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
	"github.com/ringmaster-ha/ringmaster/stonithd/agent"
	"github.com/ringmaster-ha/ringmaster/stonithd/wire"
)

// metadataTimeout is how long an agent may take to say what it is.
const metadataTimeout = 10 * time.Second

// describe is the engine's Config's: what an agent says of itself, which counts for as long as
// the daemon runs (get_agent_metadata).
func (s *server) describe(name string) (*etree.Element, bool) {
	said, ok := s.metadata[name]
	if !ok {
		var err error
		if said, err = s.agents.Metadata(s.ctx, name, metadataTimeout); err != nil {
			return nil, true
		}
		s.metadata[name] = said
	}
	doc, err := xmltree.Parse([]byte(said), xmltree.KeepText)
	if err != nil {
		return nil, false
	}
	return doc.Root(), false
}

// unlimited is the time of an agent that nobody limits.
const unlimited = 24 * time.Hour

// Run is the engine's Host's.
func (s *server) Run(number int, device string, c *agent.Call, timeout int) {
	limit := time.Duration(timeout) * time.Second
	if limit <= 0 {
		limit = unlimited
	}
	result, ok := s.substitute(device, c)
	var wait func(context.Context) wire.Result
	if ok {
		wait = s.agents.Start(c, limit)
	}
	go func() {
		if ok {
			// An agent outlives the daemon rather than being cut short.
			result = wait(context.Background())
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if !s.ending {
			s.engine.Ran(time.Now(), number, &result)
			s.arm()
		}
	}()
}

// Panic is the engine's Host's.
func (s *server) Panic() { watchdog.Panic(s.env, s.log, "stonith_device_execute") }

// noSecrets is the result of a device whose secrets cannot be read.
var noSecrets = wire.Result{Exit: crmexit.Error, Exec: wire.ExecNoSecrets, Reason: "Failed to get CIB secrets"}

// substitute puts secrets in place of their marks; the result is that there are none to be
// had (pcmk__substitute_secrets).
func (s *server) substitute(device string, c *agent.Call) (result wire.Result, ok bool) {
	dir := root.Path(secrets.Dir)
	params := slices.Clone(c.Device)
	for i, p := range params {
		if p.Value != secrets.Mark {
			continue
		}
		value, err := secrets.Value(dir, device, p.Name)
		if err != nil {
			s.log.LogfAt(loglevel.Error, "pcmk__substitute_secrets", "%v", err)
			s.log.LogfAt(loglevel.Error, "stonith_device_execute", "Considering %s unconfigured because unable to load CIB secrets: %v", device, err)
			return noSecrets, false
		}
		params[i].Value = value
	}
	c.Device = params
	return wire.Result{}, true
}
