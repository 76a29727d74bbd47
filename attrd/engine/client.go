package engine

import (
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/ringmaster-ha/ringmaster/attrd/wire"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/election"
	"github.com/ringmaster-ha/ringmaster/pengine/rules"
)

// Ack acknowledges a request; Function and Line are those of the reference's source.
type Ack struct {
	Function string
	Line     int
	// Always says that even a client which does not wait for it gets it.
	Always bool
}

// Answer is what a client gets: an acknowledgement, the answer to a query, or, for some
// requests that are wrong, nothing.
type Answer struct {
	Ack   *Ack
	Reply *wire.Message
}

// Request does what a client asks for; client is its name for the log
// (attrd_handle_request). What m points to is the Engine's from now on.
func (e *Engine) Request(now time.Time, client string, m *wire.Message) Answer {
	answer, reason := e.request(now, client, m)
	level, result := loglevel.Debug, "complete"
	if reason != nil {
		level, result = loglevel.Warning, reason.Error()
	}
	e.logf(level, "attrd_handle_request", "Processed %s request from client %s: %s", m.Task, client, result)
	return answer
}

// refusal is why a request was not carried out, in the words of the log.
type refusal struct {
	status string // pcmk_exec_status_str
	reason string
}

func (r *refusal) Error() string { return r.status + " (" + r.reason + ")" }

func failure(format string, args ...any) error {
	return &refusal{"Error", fmt.Sprintf(format, args...)}
}

func (e *Engine) request(now time.Time, client string, m *wire.Message) (Answer, error) {
	switch m.Task {
	case wire.Update, wire.UpdateBoth, wire.UpdateDelay:
		return Answer{Ack: &Ack{Function: "handle_update_request", Line: 144, Always: true}}, e.clientUpdate(client, m)
	case wire.ClearFailure:
		return Answer{Ack: &Ack{Function: "attrd_client_clear_failure", Line: 104}}, e.clientClearFailure(client, m)
	case wire.PeerRemove:
		e.clientPeerRemove(client, m)
		return Answer{Ack: &Ack{Function: "attrd_client_peer_remove", Line: 164}}, nil
	case wire.Refresh:
		e.logf(loglevel.Info, "attrd_client_refresh", "Updating all attributes")
		e.writeAll(now, true, true)
		return Answer{Ack: &Ack{Function: "attrd_client_refresh", Line: 239}}, nil
	case wire.Query:
		reply, err := e.query(client, m)
		return Answer{Reply: reply}, err
	}
	return Answer{}, e.unknown("client", client, m.Task)
}

// unknown is a request that nobody has heard of, or not from there.
func (e *Engine) unknown(kind, name string, task wire.Task) error {
	e.logf(loglevel.Error, "handle_unknown_request", "Unknown IPC request %s from %s %s", task, kind, name)
	return &refusal{"Cannot execute now", fmt.Sprintf("Unknown request type '%s' (bug?)", task)}
}

// clientUpdate sends an update to all peers, complete with what only this node knows of it
// (attrd_client_update).
func (e *Engine) clientUpdate(client string, m *wire.Message) error {
	if len(m.Values) > 0 {
		return e.clientUpdates(client, m)
	}
	switch {
	case m.Name == nil && m.Pattern != nil:
		return e.clientPattern(client, m)
	case m.Name == nil:
		e.logf(loglevel.Error, "attrd_client_update", "Update request did not specify attribute or regular expression")
		return failure("Client %s update request did not specify attribute or regular expression", client)
	}
	if err := e.complete(m.Task, &m.Attribute); err != nil {
		return err
	}
	writer := ""
	if e.IsWriter() {
		writer = " (writer)"
	}
	e.logf(loglevel.Debug, "attrd_client_update", "Broadcasting %s[%s]=%s%s", *m.Name, *m.Host, or(m.Value, "(null)"), writer)
	e.send("", m)
	return nil
}

// severalVersion is the version of the protocol from which on one message may have several
// updates, clearVersion that which brought ClearFailure.
const (
	severalVersion = 4
	clearVersion   = 2
)

// clientUpdates sends several updates, as one where all peers understand that. One that is
// wrong keeps all from being sent in the one case, and itself in the other.
func (e *Engine) clientUpdates(client string, m *wire.Message) error {
	if e.minimum < severalVersion {
		var last error
		for _, u := range m.Operations() {
			task := u.Task
			u.Task = ""
			last = e.clientUpdate(client, &wire.Message{Tag: m.Tag, Origin: m.Origin, Task: task, Attribute: u})
		}
		return last
	}
	for i := range m.Values {
		if m.Values[i].Name == nil {
			return failure("Client %s update request did not specify attribute or regular expression", client)
		}
		if err := e.complete(m.Task, &m.Values[i]); err != nil {
			return err
		}
	}
	e.send("", m)
	return nil
}

// clientPattern sends an update for each attribute whose name a regular expression matches.
func (e *Engine) clientPattern(client string, m *wire.Message) error {
	const function = "attrd_client_update"
	e.logf(loglevel.Debug, function, "Setting %s to %s", *m.Pattern, or(m.Value, "(null)"))
	pattern, err := regexp.CompilePOSIX(*m.Pattern)
	if err != nil {
		return failure("Bad regex '%s' for update from client %s", *m.Pattern, client)
	}
	for a := range e.attributes.values() {
		if pattern.MatchString(a.name) {
			e.logf(loglevel.Trace, function, "Matched %s with %s", a.name, *m.Pattern)
			one := *m
			one.Name = &a.name
			e.send("", &one)
		}
	}
	return nil
}

// complete fills in this node, where an update says none, and the value that an
// expression means (handle_missing_host, handle_value_expansion).
func (e *Engine) complete(task wire.Task, u *wire.Attribute) error {
	if u.Host == nil {
		u.Host, u.HostID = &e.node, e.id
	}
	a, known := e.attributes.get(*u.Name)
	if !known && task == wire.UpdateDelay {
		return failure("Attribute %s does not exist", *u.Name)
	}
	if u.Value == nil || !isExpression(*u.Value) {
		return nil
	}
	old := ""
	if known {
		if v, ok := a.values.get(*u.Host); ok {
			old = or(v.current, "")
		}
	}
	n := expand(*u.Value, old)
	e.logf(loglevel.Info, "handle_value_expansion", "Expanded %s=%s to %d", *u.Name, *u.Value, n)
	u.Value = new(strconv.Itoa(n))
	return nil
}

// nameLen is where an expression has its operator: behind the five letters of "value",
// whatever is there (plus_plus_len).
const nameLen = len("value")

// isExpression tells whether a value is to be computed: "value++" or "value+=2"
// (attrd_value_needs_expansion).
func isExpression(value string) bool {
	return len(value) >= nameLen+2 && value[nameLen] == '+' && (value[nameLen+1] == '+' || value[nameLen+1] == '=')
}

// expand computes an expression with the value so far (attrd_expand_value).
func expand(value, old string) int {
	const infinity = 1000000
	by := 1
	if value[nameLen+1] != '+' {
		by = rules.Score(value[nameLen+2:])
	}
	return min(rules.Score(old)+by, infinity)
}

// clientClearFailure sends a request to clear failures on, or, where a peer does not know
// that, an update of all attributes that it means (attrd_client_clear_failure).
func (e *Engine) clientClearFailure(client string, m *wire.Message) error {
	if e.minimum >= clearVersion {
		e.send("", m)
		return nil
	}
	m.Task = wire.Update
	m.Pattern = new(failurePattern(&m.Attribute))
	m.Name, m.Value = nil, nil
	return e.clientUpdate(client, m)
}

// clientPeerRemove has all peers forget a node (attrd_client_peer_remove).
func (e *Engine) clientPeerRemove(client string, m *wire.Message) {
	const function = "attrd_client_peer_remove"
	if m.Host == nil && m.HostID > 0 {
		if name := e.peers.NameOf(m.HostID); name != "" {
			m.Host = &name
		}
	}
	if m.Host == nil {
		e.logf(loglevel.Info, function, "Ignoring request by client %s to remove all peer values without specifying peer", client)
		return
	}
	e.logf(loglevel.Info, function, "Client %s is requesting all values for %s be removed", client, *m.Host)
	e.send("", m)
}

// query answers with an attribute's value on a node, or on all (build_query_reply).
func (e *Engine) query(client string, m *wire.Message) (*wire.Message, error) {
	const function = "attrd_client_query"
	e.logf(loglevel.Debug, function, "Query arrived from %s", client)
	if m.Name == nil {
		return nil, failure("Ignoring malformed query from %s (no attribute name given)", client)
	}
	reply := &wire.Message{Tag: "build_query_reply", Answer: true, Version: wire.ProtocolVersion, Writer: election.Start}
	a, ok := e.attributes.get(*m.Name)
	if !ok {
		return reply, nil
	}
	reply.Name = m.Name
	if host := m.Host; host != nil {
		if lower(*host) == "localhost" {
			e.logf(loglevel.Trace, "build_query_reply", "Mapped localhost to %s", e.node)
			host = &e.node
		}
		answer := wire.Attribute{Host: host}
		if v, ok := a.values.get(*host); ok {
			answer.Value = v.current
		}
		reply.Values = append(reply.Values, answer)
		return reply, nil
	}
	for v := range a.values.values() {
		reply.Values = append(reply.Values, wire.Attribute{Host: &v.host, Value: v.current})
	}
	return reply, nil
}
