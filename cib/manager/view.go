package manager

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/digest"
	"github.com/ringmaster-ha/ringmaster/cib/document"
	"github.com/ringmaster-ha/ringmaster/cib/ops"
	"github.com/ringmaster-ha/ringmaster/cib/patch"
	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/internal/featureset"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// The attributes of the messages by which managers of ours agree on a CIB. A ping with fToken says that its sender sees
// a new group; ours do not answer it, and so the reference's show themselves. A noop with fTokens, which those do
// nothing with, says that its sender has fVersion with fChanges in the group of these tokens. A CIB that is
// sent for a group has fTokens, too.
const (
	fToken   = "ringmaster-token"
	fTokens  = "ringmaster-tokens"
	fVersion = "ringmaster-version"
)

// tokenPing is the id of a ping with a token. No comparison of digests has it.
const tokenPing = "ringmaster"

// agreeDelay is how long a change waits for managers to say what they have, if neither that nor an answer
// to a ping comes. One that has stopped must not stop all.
const agreeDelay = 5 * time.Second

const agreeFunction = "cib_agree" // of the log; the reference has none

// view is what a manager knows of the group as it is now.
type view struct {
	inStep   bool // all members have had the same CIB
	agreeing bool // until they have, changes wait
	token    uint64
	tokens   map[string]uint64 // the newest of each member
	stands   map[string]stand  // of the members, for the tokens there are
	waiting  []*etree.Element
	giveUpAt time.Time // zero for never
	patience time.Duration
	silent   map[string]bool // peers that do not take part
}

// stand is what CIB a member has, and how far that is.
type stand struct {
	version patch.Version
	count   uint64
	digest  string
}

// compare tells which of two is farther.
func (s stand) compare(o stand) int {
	if order := s.version.Compare(o.version); order != 0 {
		return order
	}
	return cmp.Compare(s.count, o.count)
}

// regrouped is a change of the group. What is left of one in step is in step; any other group agrees anew, and what
// has waited and comes from here is sent again: it has been made nowhere.
func (m *Manager) regrouped(joined bool) {
	waited := m.view.waiting
	m.view.waiting = nil
	if joined || !m.view.inStep {
		m.agree(joined && m.view.agreeing)
	}
	for _, msg := range waited {
		if _, isReply := document.Get(msg, fReplyTo); !isReply && m.isUs(get(msg, fDelegate)) {
			m.out = append(m.out, Send{get(msg, fHost), text.Line(msg)})
		}
	}
}

// agree begins to find the CIB that is to be that of all. A manager that is alone has it; and where one does not take part,
// the reference's rules hold. Tokens are kept if others only come: whose names are not known from the beginning come one by one,
// and say nothing again for that.
func (m *Manager) agree(keep bool) {
	m.view.inStep, m.view.agreeing, m.view.giveUpAt = false, false, time.Time{}
	if m.c.Alone {
		return
	}
	members := m.members()
	if len(members) < 2 {
		m.view.inStep = true
		return
	}
	if slices.ContainsFunc(members, func(name string) bool { return m.view.silent[name] }) {
		return
	}
	m.view.agreeing = true
	if !keep {
		m.view.tokens = map[string]uint64{}
	}
	m.view.stands = map[string]stand{}
	m.view.token++
	m.send("", newMessage("ping").set(fType, typeCIB).set(fOperation, string(opPing)).set(fPing, tokenPing).
		set(fFeatures, featureset.Current).set(fToken, strconv.FormatUint(m.view.token, 10)))
}

// members are the names of the group, in order.
func (m *Manager) members() []string {
	var names []string
	for name, active := range m.peers {
		if active {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// tokensText is the tokens of all members, "" if one is missing.
func (m *Manager) tokensText() string {
	var b strings.Builder
	for _, name := range m.members() {
		token, ok := m.view.tokens[name]
		if !ok {
			return ""
		}
		b.WriteString(name + "=" + strconv.FormatUint(token, 10) + " ")
	}
	return b.String()
}

// defers tells whether a message of the group is dealt with: it is one of those by which managers agree, or a
// change that waits until they have.
func (m *Manager) defers(now time.Time, msg *etree.Element) bool {
	op := ops.Op(get(msg, fOperation))
	if op == opNoop || op == opPing {
		return m.told(msg)
	}
	if !m.view.agreeing || !operations[op].modifies {
		return false
	}
	if tokens := get(msg, fTokens); op == ops.Replace && tokens != "" && tokens == m.tokensText() {
		m.view.inStep = true // with the CIB that is waited for
		return false
	}
	if m.view.giveUpAt.IsZero() {
		m.view.giveUpAt = now.Add(m.view.patience)
	}
	m.view.waiting = append(m.view.waiting, msg)
	return true
}

// told is a message by which managers agree.
func (m *Manager) told(msg *etree.Element) bool {
	if _, forwarded := document.Get(msg, fDelegate); forwarded {
		return false // a client's
	}
	from := get(msg, fOrigin)
	if token, err := strconv.ParseUint(get(msg, fToken), 10, 64); err == nil {
		m.tokenFrom(from, token)
		return true
	}
	tokens := get(msg, fTokens)
	if tokens == "" {
		return false
	}
	version, ok := parseVersion(get(msg, fVersion))
	count, err := strconv.ParseUint(get(msg, fChanges), 10, 64)
	if m.view.agreeing && ok && err == nil && tokens == m.tokensText() {
		m.view.stands[from] = stand{version, count, get(msg, fDigest)}
		m.compareStands(tokens)
	}
	return true
}

// tokenFrom notes that a member sees a new group. When all have said so, none of what they say from then on is of
// a group before: two who were there have each other's old token, and a new one by now.
func (m *Manager) tokenFrom(from string, token uint64) {
	delete(m.view.silent, from)
	if !m.view.agreeing {
		m.agree(false)
	}
	if !m.view.agreeing || token <= m.view.tokens[from] {
		return
	}
	m.view.tokens[from] = token
	clear(m.view.stands)
	if tokens := m.tokensText(); tokens != "" {
		m.send("", newMessage("noop").set(fType, typeCIB).set(fOperation, string(opNoop)).set(fTokens, tokens).
			set(fVersion, patch.VersionOf(m.cib).String()).set(fDigest, digest.Versioned(m.cib, featureset.Current)).
			set(fChanges, strconv.FormatUint(m.count, 10)))
	}
}

// compareStands has the CIB that is farthest sent, once all members have said what they have, if there is one that has
// another.
func (m *Manager) compareStands(tokens string) {
	members := m.members()
	best, differ := "", false
	for _, name := range members {
		s, ok := m.view.stands[name]
		if !ok {
			return
		}
		if best == "" {
			best = name
			continue
		}
		farthest := m.view.stands[best]
		differ = differ || s != farthest
		if s.compare(farthest) > 0 {
			best = name
		}
	}
	switch {
	case !differ:
		m.view.inStep = true
	case m.isUs(best):
		m.logf(loglevel.Info, "sync_our_cib", "Syncing CIB to all peers of a new group")
		// As it is: who has changed it last, and when, is as much part of it as all else.
		m.sync(newMessage("sync").set(fType, typeCIB).setInt(fOptions, int(optNoTime)).set(fOperation, string(opSync)).set(fTokens, tokens).head, true)
	}
}

// isSilent is a peer that does not take part. The reference's rules hold as long as it is there.
func (m *Manager) isSilent(name string) {
	m.logf(loglevel.Debug, agreeFunction, "%s is a manager of the reference", name)
	m.view.silent[name] = true
	if m.peers[name] {
		m.view.agreeing = false
	}
}

// giveUp is the end of an agreement that takes too long. The next change of the group begins another.
func (m *Manager) giveUp() {
	m.logf(loglevel.Warning, agreeFunction, "The members of the group have not all said which CIB they have: going on with ours (tokens %v, stands %d of %d)",
		m.view.tokens, len(m.view.stands), len(m.members()))
	m.view.agreeing = false
}

// catchUpWaiting makes the changes that have waited, when they need not any more.
func (m *Manager) catchUpWaiting(now time.Time) {
	if !m.view.inStep && m.view.agreeing {
		return
	}
	if m.view.inStep && m.view.agreeing {
		m.logf(loglevel.Debug, agreeFunction, "The group of %s has CIB %s, %d changes have waited",
			strings.TrimSpace(m.tokensText()), versionText(m.cib), len(m.view.waiting))
	}
	m.view.agreeing, m.view.giveUpAt = false, time.Time{}
	waited := m.view.waiting
	m.view.waiting = nil
	for _, msg := range waited {
		m.process(now, msg, nil, true)
	}
}

// parseVersion is a version as versionText writes it.
func parseVersion(text string) (v patch.Version, ok bool) {
	parts := strings.Split(text, ".")
	if len(parts) != len(v) {
		return v, false
	}
	for i, part := range parts {
		n, err := strconv.Atoi(part)
		if err != nil {
			return v, false
		}
		v[i] = n
	}
	return v, true
}
