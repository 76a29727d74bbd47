package engine

import (
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/election"
)

// Vote takes a message of the election (attrd_handle_election_op).
func (e *Engine) Vote(now time.Time, m *election.Message) {
	const function = "attrd_handle_election_op"
	before := e.election.State()
	state, actions := e.election.Count(m, true, now, e.host.CPUTime)
	e.elected(now, actions)
	switch state {
	case election.Start:
		e.logf(loglevel.Debug, function, "Unsetting writer (was %s) and starting new election", e.writerText())
		e.writer = ""
		e.vote(now)
	case election.Lost:
		// Count does not tell a vote that has just beaten this node from one that comes
		// after it has lost. Only the former's sender is taken for the writer, until the
		// winner says otherwise.
		if e.writer == "" || before != election.Lost {
			e.writer = m.From
			e.logf(loglevel.Debug, function, "Election lost, presuming %s is writer for now", e.writer)
		}
	case election.InProgress:
		e.elected(now, e.election.Check())
	default:
		e.logf(loglevel.Info, function, "Ignoring election op from %s due to error", m.From)
	}
}

func (e *Engine) writerText() string {
	if e.writer == "" {
		return "unset"
	}
	return e.writer
}

func (e *Engine) vote(now time.Time) { e.elected(now, e.election.Vote(now, e.host.CPUTime)) }

// elected carries out what the election wants done; having won it this node gives its table
// to all and writes all of it (attrd_election_cb).
func (e *Engine) elected(now time.Time, a election.Actions) {
	if a.StopTimer {
		e.voteBy = time.Time{}
	}
	if a.StartTimer {
		e.voteBy = now.Add(electionTimeout)
	}
	if a.Send != nil {
		e.host.SendVote(a.Send)
	}
	if a.Won {
		e.logf(loglevel.Notice, "attrd_declare_winner", "Recorded local node as attribute writer (was %s)", e.writerText())
		e.writer = e.node
		e.syncTo("")
		e.writeAll(now, true, false)
	}
}

// electIfNeeded starts an election if there is no writer
// (attrd_start_election_if_needed).
func (e *Engine) electIfNeeded(now time.Time) {
	if e.writer == "" && e.election.State() != election.InProgress {
		e.logf(loglevel.Info, "attrd_start_election_if_needed", "Starting an election to determine the writer")
		e.vote(now)
	}
}

// noteWriter takes note of what a peer says of its own place in the election, and tells
// whether that is the writer's (attrd_check_for_new_writer).
func (e *Engine) noteWriter(now time.Time, from string, state election.State) bool {
	const function = "attrd_check_for_new_writer"
	if state != election.Won {
		return false
	}
	if e.IsWriter() && !e.local(from) {
		e.logf(loglevel.Notice, function, "Detected another attribute writer (%s), starting new election", from)
		e.vote(now)
	} else if lower(from) != lower(e.writer) {
		e.logf(loglevel.Notice, function, "Recorded new attribute writer: %s (was %s)", from, e.writerText())
		e.writer = from
	}
	return true
}

// removeVoter is the loss of a node that could vote, and perhaps was the writer
// (attrd_remove_voter).
func (e *Engine) removeVoter(now time.Time, name string) {
	const function = "attrd_remove_voter"
	e.election.Remove(name)
	switch {
	case e.writer != "" && lower(name) == lower(e.writer):
		e.writer = ""
		e.logf(loglevel.Notice, function, "Lost attribute writer %s", name)
		// Who has just lost to it must be able to win, and what it was told last it may
		// not have written: all that see it leave start an election.
		e.election.ClearDampening()
		e.electIfNeeded(now)
	case e.election.State() == election.InProgress:
		e.logf(loglevel.Debug, function, "Checking election status upon loss of voter %s", name)
		e.elected(now, e.election.Check())
	}
}
