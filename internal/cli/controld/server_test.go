package controld

import (
	"errors"
	"syscall"
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/call"
	"github.com/ringmaster-ha/ringmaster/cib/client"
	"github.com/ringmaster-ha/ringmaster/crmd/engine"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	lrmdwire "github.com/ringmaster-ha/ringmaster/lrmd/wire"
	"github.com/ringmaster-ha/ringmaster/stonithd/wire"
)

// quiet is a log that nobody reads.
type quiet struct{ loglevel.Logger }

func (quiet) LogfAt(loglevel.Level, string, string, ...any) {}

// unconnected is a server that has not begun.
func unconnected(t *testing.T) *server {
	s := newServer(quiet{loglevel.Discard}, func(name string) (string, bool) {
		value, ok := map[string]string{"PCMK_node_start_state": "standby", "PCMK_cib_timeout": "70", "HA_node_action_limit": "3"}[name]
		return value, ok
	})
	s.core = engine.New(s.config())
	t.Cleanup(func() {
		s.mu.Lock()
		s.Exit(crmexit.OK)
		s.mu.Unlock()
		s.end()
	})
	return s
}

func TestConfig(t *testing.T) {
	c := unconnected(t).config()
	if c.StartState != "standby" || c.CIBTimeout != 70 || c.NodeActionLimit != "3" || c.DCVersion != "2.1.5-a3f44794f94" {
		t.Errorf("%+v", c)
	}
}

// TestUnconnected: what nobody can do has a result, and never before the call has returned.
func TestUnconnected(t *testing.T) {
	s := unconnected(t)
	var result *wire.Result
	s.enter(func(time.Time) {
		s.Fence(&wire.Fence{Target: "x"}, 0, func(_ time.Time, r wire.Result) { result = &r })
		if result != nil {
			t.Error("called at once")
		}
		if n := s.CIB(call.Request{}, func(time.Time, *etree.Element, error) { t.Error("an answer of nobody's") }); n >= 0 {
			t.Errorf("call %d of the CIB", n)
		}
		if _, _, err := s.Exec(&lrmdwire.Request{}); !errors.Is(err, errNotConnected) {
			t.Errorf("executor: %v", err)
		}
		if s.Schedule(etree.NewElement("x")) || s.Send("", 0, etree.NewElement("x")) || s.Reply("nobody", etree.NewElement("x")) || s.SyncFencing() {
			t.Error("something was sent")
		}
	})
	if result == nil || result.Exec != wire.ExecNotConnected {
		t.Errorf("fencing: %+v", result)
	}
}

// TestExpire: the CIB manager is waited for so long, and no longer.
func TestExpire(t *testing.T) {
	begin := time.Unix(1000, 0)
	var errs []error
	then := func(_ time.Time, _ *etree.Element, err error) { errs = append(errs, err) }
	l := cibLink{calls: map[int]cibCall{1: {then, begin.Add(time.Minute)}, 2: {then, begin.Add(time.Second)}}}
	if next := l.nextDeadline(); !next.Equal(begin.Add(time.Second)) {
		t.Errorf("next %v", next)
	}
	l.expire(begin)
	if len(errs) != 0 {
		t.Errorf("too early: %v", errs)
	}
	l.expire(begin.Add(time.Second))
	var rc interface{ RC() crmexit.RC }
	if len(errs) != 1 || !errors.As(errs[0], &rc) || rc.RC() != crmexit.RC(syscall.ETIME) || client.RC(errs[0]) != crmexit.RC(syscall.ETIME) {
		t.Errorf("%v", errs)
	}
	if next := l.nextDeadline(); !next.Equal(begin.Add(time.Minute)) {
		t.Errorf("next %v", next)
	}
}
