package crmmon

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/call"
	"github.com/ringmaster-ha/ringmaster/cib/client"
	"github.com/ringmaster-ha/ringmaster/cib/ops"
	"github.com/ringmaster-ha/ringmaster/internal/cli/cibinput"
	"github.com/ringmaster-ha/ringmaster/internal/cli/pcmktool"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	launcher "github.com/ringmaster-ha/ringmaster/pacemakerd/client"
	"github.com/ringmaster-ha/ringmaster/pacemakerd/state"
	"github.com/ringmaster-ha/ringmaster/pengine/sched"
	"github.com/ringmaster-ha/ringmaster/pengine/show"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
	fencer "github.com/ringmaster-ha/ringmaster/stonithd/client"
	"github.com/ringmaster-ha/ringmaster/stonithd/history"
	"github.com/ringmaster-ha/ringmaster/stonithd/wire"
)

const xmlDetail = show.Inactive | show.Timing

// once shows the status and is the run's status (pcmk__status). That the CIB cannot be had
// is said, but is no failure.
func (m *monitor) once(ctx context.Context) (crmexit.Code, error) {
	if m.source == cluster {
		h, err := launcher.Ping(ctx, tool, launcher.Options{})
		if err != nil {
			return m.launcherFailed(err)
		}
		m.health(h)
		if h.State != state.Running && h.State != state.ShuttingDown {
			return crmexit.OK, nil
		}
	}
	var fencing *fencer.Conn
	if m.past != noPast && m.source == cluster {
		if c, err := fencer.Dial(ctx, tool, fencer.Options{}); err == nil {
			fencing = c
			defer c.Close()
		}
	}
	reader := &cibinput.Reader{Log: m.log, Stdin: m.stdin, Stderr: m.stderr}
	o := m.cib
	o.Type = client.Query
	conn, err := reader.Open(ctx, o)
	if err != nil {
		m.out.Err("Could not connect to the CIB: %v", client.RC(err))
		return crmexit.OK, nil
	}
	defer conn.Close()
	cib, err := conn.Do(ctx, call.Request{Op: ops.Query, Options: call.ScopeLocal})
	if err != nil {
		return crmexit.OK, nil
	}
	if !m.display(ctx, reader, fencing, cib, m.past) {
		m.out.Err("Error outputting status info from the fencer or CIB")
	}
	return crmexit.OK, nil
}

// launcherFailed says that pacemakerd does not answer.
func (m *monitor) launcherFailed(err error) (crmexit.Code, error) {
	var unreachable *launcher.Unreachable
	rc := launcher.RC(err)
	if errors.As(err, &unreachable) {
		m.out.Err("error: Could not connect to launcher: %v", rc)
	} else {
		m.out.Err("error: Could not ping launcher API: %v", rc)
	}
	return m.connectionFailed(rc)
}

// connectionFailed is the run's status for a connection that failed
// (clean_up_on_connection_failure).
func (m *monitor) connectionFailed(rc crmexit.RC) (crmexit.Code, error) {
	switch {
	case m.format == simple:
		return crmexit.InvalidParam, mistake(fmt.Sprintf("CLUSTER CRIT: Connection to cluster failed: %v", rc))
	case rc == crmexit.RC(syscall.ENOTCONN):
		return rc.Exit(), mistake("Error: cluster is not available on this node")
	}
	return rc.Exit(), mistake(fmt.Sprintf("Connection to cluster failed: %v", rc))
}

// health says how pacemakerd is (pacemakerd-health).
func (m *monitor) health(h *launcher.Health) {
	state, at := h.State.Friendly(), "at unknown time"
	if !h.OK {
		state = "query failed"
	} else {
		at = history.Time(h.LastGood, m.now().Location())
	}
	switch {
	case m.out.IsXML():
		name := h.State.String()
		e := m.out.Element("pacemakerd", "sys_from", h.From)
		if !h.OK {
			e.Set("state", state)
			return
		}
		e.Set("state", name)
		e.Set("last_updated", at)
	case m.format.isHTML():
		m.out.(pcmktool.Page).Node("li", fmt.Sprintf("Status of %s: '%s' (last updated %s)", h.From, state, at))
	default:
		m.out.Info("Status of %s: '%s' (last updated %s)", h.From, state, at)
	}
}

// display shows a CIB's status and tells whether that went well (pcmk__output_cluster_status).
func (m *monitor) display(ctx context.Context, reader *cibinput.Reader, fencing *fencer.Conn, cib *etree.Element, how past) bool {
	d := &cibinput.Document{Root: cib}
	if !reader.Update(d) {
		m.out.Err("Upgrade failed: %v", crmexit.RCSchemaValidation)
		return false
	}
	view := show.View{Sections: m.sections, Detail: m.detail, BanPrefix: m.banPrefix}
	if how != noPast {
		view.Fencing = m.fencingHistory(ctx, fencing, how)
	}
	now := m.now()
	ws, err := status.Unpack(d.Root, status.Options{Now: now, Clock: now, Log: m.log, Warned: &m.warned, Flags: status.NoCompat,
		Info: func(line string) { m.out.Info("%s", line) }})
	if err != nil {
		m.out.Err("%v", err)
		return false
	}
	if m.sections.Any(show.SectionBans | show.SectionTickets) {
		sched.ReadConstraints(ws)
	}
	if m.format == simple {
		return m.simpleStatus(ws)
	}
	if ws.DC == nil {
		view.Sections |= show.SectionDC
	}
	view.Nodes, view.Resources = show.OnlyNodes(ws, m.node), show.OnlyResources(ws, m.resource)
	printer := show.NewPrinter(m.out, m.Fancy, false)
	if m.format != xml {
		printer.KeepLists()
	}
	printer.Cluster(ws, view)
	return true
}

// fencingHistory asks the fencer.
func (m *monitor) fencingHistory(ctx context.Context, conn *fencer.Conn, how past) *show.Fencing {
	const seconds = 120
	f := &show.Fencing{Code: crmexit.RC(syscall.ENOTCONN).Exit()}
	if conn == nil {
		return f
	}
	all, err := conn.History(ctx, "", wire.Sync, seconds)
	if f.Code = fencer.RC(err).Exit(); f.Code == crmexit.OK {
		f.Entries = history.Sort(all)
		if how == reducedPast {
			f.Entries = history.Reduce(f.Entries)
		}
	}
	return f
}

// simpleStatus is a line for programs that watch many things, and whether there is nothing
// to warn of (pcmk__output_simple_status).
func (m *monitor) simpleStatus(ws *status.WorkingSet) bool {
	online, standby, maintenance := 0, 0, 0
	var warnings, offline []string
	if ws.DC == nil {
		warnings = append(warnings, "No DC")
	}
	for _, n := range ws.Nodes {
		switch {
		case !n.Online:
			offline = append(offline, "offline node: "+n.String())
		case n.Standby:
			standby++
		case n.Maintenance:
			maintenance++
		default:
			online++
		}
	}
	if len(offline) > 0 {
		warnings = append(warnings, strings.Join(offline, " "))
	}
	if len(warnings) > 0 {
		m.out.Info("CLUSTER WARN: %s", strings.Join(warnings, ", "))
		return false
	}
	text := fmt.Sprintf("CLUSTER OK: %d %s online", online, plural(online, "node"))
	if standby > 0 {
		text += fmt.Sprintf(", %d standby %s", standby, plural(standby, "node"))
	}
	if maintenance > 0 {
		text += fmt.Sprintf(", %d maintenance %s", maintenance, plural(maintenance, "node"))
	}
	m.out.Info("%s, %d %s configured", text, ws.Instances, plural(ws.Instances, "resource instance"))
	return true
}

func plural(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return noun
}
