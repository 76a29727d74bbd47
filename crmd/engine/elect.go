package engine

import (
	"strings"

	"github.com/ringmaster-ha/ringmaster/cib/call"
	"github.com/ringmaster-ha/ringmaster/crmd/fsa"
	"github.com/ringmaster-ha/ringmaster/crmd/te"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/featureset"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/cpgmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/crmmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/election"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/peers"

	"github.com/beevik/etree"
)

// voters is the membership as elections see it.
type voters struct{ cache *peers.Cache }

func (v voters) UUID(name string) string {
	if p := v.cache.Find(0, name); p != nil {
		return p.UUID
	}
	return ""
}

func (v voters) Active(name string) bool {
	p := v.cache.Find(0, name)
	return p != nil && p.Active()
}

func (v voters) ActiveNames() (names []string) {
	for _, p := range v.cache.Nodes() {
		if p.Active() {
			names = append(names, p.Name)
		}
	}
	return names
}

func (v voters) Known() int { return len(v.cache.Nodes()) }

// elect does what the election wants.
func (c *Controller) elect(a election.Actions) {
	if a.StopTimer {
		c.electionAt = c.never()
	}
	if a.StartTimer {
		c.electionAt = c.now.Add(c.options.election)
	}
	if m := a.Send; m != nil {
		c.host.Send(m.To, cpgmsg.CRMD, m.Encode(&c.maker, c.now))
	}
	if a.Won {
		c.Input(fsa.CFSAInternal, fsa.IElectionDC, "election_win_cb")
	}
}

// forgetVoter forgets a node's vote. That the DC has won an election of late must not put off the
// one that its loss asks for (controld_remove_voter).
func (c *Controller) forgetVoter(name string) {
	if c.election == nil {
		return
	}
	c.election.Remove(name)
	if c.isDC(name) {
		c.election.ClearDampening()
	}
}

// isDC tells whether a node is the DC.
func (c *Controller) isDC(name string) bool { return c.dc != "" && strings.EqualFold(name, c.dc) }

// isSelf tells whether a node is this one.
func (c *Controller) isSelf(name string) bool { return strings.EqualFold(name, c.cluster.Name) }

// vote offers this node as DC, unless it is in no state to be that (do_election_vote).
func (c *Controller) vote() {
	const function = "do_election_vote"
	may := !c.has(starting)
	switch c.state {
	case fsa.SStarting, fsa.SRecovery, fsa.SStopping, fsa.STerminate:
		c.logf(loglevel.Warning, function, "Not voting in election, we're in state %v", c.state)
		may = false
	case fsa.SElection, fsa.SIntegration, fsa.SReleaseDC:
	default:
		c.logf(loglevel.Error, function, "Broken? Voting in state %v", c.state)
	}
	switch {
	case may && c.election != nil:
		c.elect(c.election.Vote(c.now, c.host.CPUTime))
	case c.IsDC():
		c.Input(fsa.CFSAInternal, fsa.IReleaseDC, function)
	default:
		c.Input(fsa.CFSAInternal, fsa.IPending, function)
	}
}

// checkElection looks whether all have voted (do_election_check).
func (c *Controller) checkElection() {
	if c.state == fsa.SElection && c.election != nil {
		c.elect(c.election.Check())
	} else {
		c.logf(loglevel.Debug, "do_election_check", "Ignoring election check because we are not in an election")
	}
}

// countVote takes a vote or a no-vote (do_election_count_vote).
func (c *Controller) countVote(e *event) {
	const function = "do_election_count_vote"
	if e.message == nil || c.election == nil {
		return
	}
	m, err := election.Decode(e.message, e.message.SelectAttrValue(crmmsg.HostFrom, ""))
	if err != nil {
		c.logf(loglevel.Warning, function, "Cannot count election message: %v", err)
		return
	}
	if p := c.find(m.From); p != nil && p.State != peers.Member && p.Processes&peers.CPG != 0 && len(c.early) < maxEarly {
		c.logf(loglevel.Debug, function, "Keeping %s of %s until quorum tells of it", m.Op, m.From)
		c.early = append(c.early, e.message)
		return
	}
	state, actions := c.election.Count(m, c.state != fsa.SStarting, c.now, c.host.CPUTime)
	c.elect(actions)
	switch state {
	case election.Start:
		c.elect(c.election.Reset())
		c.Input(fsa.CFSAInternal, fsa.IElection, function)
	case election.Lost:
		c.patient = true
		c.setDC("", "")
		if c.IsDC() {
			c.Input(fsa.CFSAInternal, fsa.IReleaseDC, function)
			c.setPrimary(false)
		} else if c.state != fsa.SStarting {
			c.Input(fsa.CFSAInternal, fsa.IPending, function)
		}
	}
}

// maxEarly is how many votes are kept.
const maxEarly = 64

// countEarly counts the votes of nodes that quorum has told of only now.
func (c *Controller) countEarly() {
	early := c.early
	c.early = nil
	for _, m := range early {
		c.put(&event{cause: fsa.CHAMessage, input: fsa.INull, actions: fsa.AElectionCount | fsa.AElectionCheck, message: m, origin: "handle_request"})
	}
}

// setDC sets or unsets who leads (update_dc without and with a welcome).
func (c *Controller) setDC(name, version string) {
	const function = "update_dc"
	last := c.dc
	c.dc, c.dcVersion = name, version
	c.patient = c.patient || name != ""
	switch {
	case strings.EqualFold(name, last):
	case name != "":
		c.logf(loglevel.Info, function, "Set DC to %s (%s)", name, orElse(version, "unknown version"))
		if p := c.cluster.Peers.Get(0, name); p != nil {
			c.cluster.Peers.SetExpected(p, peers.Member)
		}
	case last != "":
		c.logf(loglevel.Info, function, "Unset DC (was %s)", last)
	}
}

// welcomedBy sets the DC to who has sent a message of the join, and is false for one that is not
// the DC that this node knows (update_dc).
func (c *Controller) welcomedBy(e *etree.Element) bool {
	const function = "update_dc"
	version, from := e.SelectAttrValue(crmmsg.Version, ""), e.SelectAttrValue(crmmsg.HostFrom, "")
	if version == "" || from == "" {
		return false
	}
	if c.IsDC() && !c.isSelf(from) || c.dc != "" && !c.isDC(from) {
		if c.IsDC() {
			c.logf(loglevel.Error, function, "Not updating DC to %s (%s): we are also a DC", from, version)
		} else {
			c.logf(loglevel.Warning, function, "New DC %s is not %s", from, c.dc)
		}
		c.actions |= fsa.ACLJoinQuery | fsa.ADCTimerStart
		c.trigger()
		return false
	}
	c.setDC(from, version)
	return true
}

func orElse(s, instead string) string {
	if s == "" {
		return instead
	}
	return s
}

// takeOver makes this node the DC (do_dc_takeover).
func (c *Controller) takeOver() {
	c.logf(loglevel.Info, "do_dc_takeover", "Taking over DC status for this partition")
	c.set(theDC)
	c.te.RunCleanup(c.now)
	c.elect(c.election.Reset())
	c.setPrimary(true)
	cib := etree.NewElement("cib")
	cib.CreateAttr("crm_feature_set", featureset.Current)
	c.ask(modify("cib", cib, call.QuorumOverride), func(_ *etree.Element, err error) {
		if err != nil {
			c.logf(loglevel.Notice, "feature_update_callback", "Feature update failed: %v | rc=%d", rcOf(err), rcOf(err))
			c.fail(fsa.IError, nil, "feature_update_callback")
		}
	})
	options := []pair{{"have-watchdog", yesNo(c.host.Watchdog())}, {"dc-version", c.config.DCVersion}, {"cluster-infrastructure", "corosync"}}
	if c.options.clusterName == "" && c.cluster.ClusterName != "" {
		options = append(options, pair{"cluster-name", c.cluster.ClusterName})
	}
	c.setOptions(options, func() { c.rereads = true })
}

func yesNo(b bool) string {
	if b {
		return "true"
	}
	return "false"
}

// release gives the lead up, and then says that it is so (do_dc_release).
func (c *Controller) release(a fsa.Actions) {
	const function = "do_dc_release"
	if a == fsa.ADCRelease {
		c.logf(loglevel.Debug, function, "Releasing the role of DC")
		c.clear(theDC)
		c.expect("")
		return
	}
	c.logf(loglevel.Info, function, "DC role released")
	if c.has(shuttingDown) && c.cluster.Peers != nil {
		if p := c.cluster.Peers.Get(0, c.cluster.Name); p != nil {
			c.cluster.Peers.SetExpected(p, expectDown)
			if update := c.nodeState(p, te.NodeExpected, function); update != nil {
				c.tell(modify("status", update, here|call.CanCreate|call.DiscardReply))
			}
		}
	}
	c.Input(fsa.CFSAInternal, fsa.IReleaseSuccess, function)
}

// shutdown begins to leave (crm_shutdown).
func (c *Controller) shutdown() {
	const function = "crm_shutdown"
	if c.has(shuttingDown) {
		c.logf(loglevel.Error, function, "Escalating shutdown")
		c.push(&event{cause: fsa.CShutdown, input: fsa.IError, origin: function})
		return
	}
	c.set(shuttingDown)
	c.Input(fsa.CShutdown, fsa.IShutdown, function)
	t := &c.timers[escalationTimer]
	if t.period == 0 {
		t.period = defaultOptions().escalation
	}
	c.logf(loglevel.Notice, function, "Initiating controller shutdown sequence | limit=%dms", t.period.Milliseconds())
	c.timers.start(escalationTimer, c.now)
}

// requestShutdown asks the DC to let this node go, and tells all others (do_shutdown_req).
func (c *Controller) requestShutdown(e *event) {
	const function = "do_shutdown_req"
	c.set(shuttingDown)
	c.logf(loglevel.Info, function, "Sending shutdown request to all peers (DC is %s)", orElse(c.dc, "not set"))
	if !c.host.Send("", cpgmsg.CRMD, c.request(function, taskShutdownReq, "", crmmsg.Controller, crmmsg.Controller, nil)) {
		c.fail(fsa.IError, e, function)
	}
}

// verifyFeatureSet leaves for good if the DC's feature set is none that this node can join
// (verify_feature_set).
func (c *Controller) verifyFeatureSet(offer *etree.Element) bool {
	const function = "verify_feature_set"
	dc := offer.SelectAttrValue("crm_feature_set", "3.0.14") // those before 3.1.0 do not say
	if compatible(dc, featureset.Current) {
		return true
	}
	c.logf(loglevel.Error, function, "Local feature set (%s) is incompatible with DC's (%s)", featureset.Current, dc)
	c.set(stayDown)
	c.exit(crmexit.Fatal)
	return false
}

// compatible tells whether a node can join a DC by their feature sets: of one major version, and
// the minor one of the DC no newer (feature_set_compatible).
func compatible(dc, joining string) bool {
	a, minorA := leadingNumber(dc)
	b, minorB := leadingNumber(joining)
	if a != b {
		return false
	}
	a, _ = leadingNumber(strings.TrimPrefix(minorA, "."))
	b, _ = leadingNumber(strings.TrimPrefix(minorB, "."))
	return a <= b
}

// leadingNumber is the number that a text begins with, 0 for none, and what follows it.
func leadingNumber(s string) (n int, rest string) {
	for len(s) > 0 && s[0] >= '0' && s[0] <= '9' {
		if n < 1<<30 {
			n = n*10 + int(s[0]-'0')
		}
		s = s[1:]
	}
	return n, s
}
