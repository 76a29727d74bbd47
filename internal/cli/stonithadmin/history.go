package stonithadmin

import (
	"context"
	"strconv"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/stonithd/agent"
	"github.com/ringmaster-ha/ringmaster/stonithd/client"
	"github.com/ringmaster-ha/ringmaster/stonithd/history"
	"github.com/ringmaster-ha/ringmaster/stonithd/wire"
)

func timeText(seconds int64, zone *time.Location) string { return history.Time(seconds, zone) }

// lastTime is when a node was last fenced, in seconds since 1970, or 0: never, or nobody
// knows (stonith_api_time).
func (t *tool) lastTime(ctx context.Context, target string) int64 {
	const seconds = 120
	var options wire.CallOptions
	if t.byID {
		id := uint32(agent.Number(target))
		target = strconv.FormatUint(uint64(id), 10)
		if id > 0 {
			options = wire.NodeByID
		}
	}
	c, err := client.Dial(ctx, "stonith-api", t.dial)
	if err != nil {
		return 0
	}
	defer c.Close()
	all, err := c.History(ctx, target, options, seconds)
	if err != nil {
		return 0
	}
	last := int64(0)
	for i := range all {
		if all[i].State == wire.StateDone {
			last = max(last, all[i].Completed)
		}
	}
	return last
}

// showHistory shows what the fencer remembers, or has it forget.
func (t *tool) showHistory(ctx context.Context, target string) crmexit.RC {
	options := wire.AllowSelf
	if t.cleanup {
		options |= wire.Cleanup
		t.info("cleaning up fencing-history for node " + target)
	}
	if t.broadcast {
		options |= wire.Broadcast
		t.info("gather fencing-history from all nodes")
	}
	if target == "*" {
		target = ""
	}
	var all []wire.Entry
	rc := client.RC(t.request(func(c *client.Conn) (err error) {
		all, err = c.History(ctx, target, options, t.timeout)
		return err
	}))
	if t.cleanup {
		return rc
	}
	t.out.BeginList("event", "events", "Fencing history")
	all = history.Sort(all)
	latest := -1
	quiet := t.quiet && !t.out.IsXML() && !t.isPage()
	for i := range all {
		if all[i].State == wire.StateDone {
			latest = i // the reference shows the oldest
		}
		if !quiet && t.Verbosity > 0 {
			t.event(&all[i], true, history.LaterSuccess(all, i))
		}
	}
	switch {
	case latest < 0:
	case quiet:
		if t.out.IsText() {
			t.out.Printf("%d\n", all[latest].Completed)
		}
	case t.Verbosity == 0:
		t.event(&all[latest], false, "")
	}
	t.out.EndList()
	return rc
}

func (t *tool) isPage() bool {
	_, ok := t.out.(page)
	return ok
}

func (t *tool) info(text string) {
	if !t.quiet {
		t.out.Info("%s", text)
	}
}

// event shows an operation.
func (t *tool) event(e *wire.Entry, full bool, later string) {
	if !t.out.IsXML() {
		kind := ""
		if t.isPage() {
			kind = history.Kind(e.State)
		}
		t.out.Item(kind, history.Describe(e, history.Detail{Full: full, Technical: true}, later, t.zone))
		return
	}
	x := t.out.Element("fence_event")
	for _, a := range history.Attributes(e, t.zone) {
		x.Set(a[0], a[1])
	}
}
