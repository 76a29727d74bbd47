package votequorum

import (
	"strconv"
	"strings"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/cserr"
	"github.com/ringmaster-ha/ringmaster/internal/icmap"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/quorum/wire"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// options is corosync.conf's quorum section, votequorum(5).
type options struct {
	twoNode    bool
	waitForAll bool
	// waitForAllFollows: wait_for_all is not configured and follows two_node.
	waitForAllFollows     bool
	tieBreaker            tieBreaker
	configuredTieBreaker  tieBreaker // before an odd number of nodes disabled it
	tieBreakerList        []totem.NodeID
	lastManStanding       bool
	lastManStandingWindow uint32 // milliseconds
	allowDownscale        bool
	evTracking            bool
}

// defaultLMSWindow is last_man_standing_window where there is none, in
// milliseconds.
const defaultLMSWindow = 10000

func (o *options) window() time.Duration {
	return time.Duration(o.lastManStandingWindow) * time.Millisecond
}

// ConfigError says why a configuration cannot work.
type ConfigError string

func (e ConfigError) Error() string { return string(e) }

// The configurations that cannot work, in the reference's words. At run time
// they are logged and the engine goes on with what it has.
const (
	badVotes        = "configuration error: nodelist or quorum.expected_votes must be configured!"
	badTwoNode      = "configuration error: two_node and quorum device cannot be configured at the same time!"
	badOddATB       = "configuration error: auto_tie_breaker & last_man_standing not available in odd sized cluster"
	badLMS          = "configuration error: quorum.device is not compatible with last_man_standing"
	badATB          = "configuration error: quorum.device is not compatible with auto_tie_breaker"
	badDownscale    = "configuration error: quorum.device is not compatible with allow_downscale"
	badNoVotes      = "configuration error: quorum.device.votes must be specified when quorum.expected_votes is set"
	badUnevenVotes  = "configuration error: quorum.device.votes must be specified when not all nodes votes 1"
	badTooManyVotes = "configuration error: quorum.device.votes is too high or expected_votes is too low"
	badTracking     = "Unable to load ev_tracking file!"
)

// votesUnset is quorum.device.votes not given.
const votesUnset = ^uint32(0)

// gathered is what readConfig looks up before it judges.
type gathered struct {
	expected uint32 // quorum.expected_votes
	nodelist nodelistVotes
	device   bool
	devVotes uint32 // or votesUnset
}

// nodelistVotes is what the nodelist says of votes.
type nodelistVotes struct {
	present  bool // there is one, and this node is in it
	ours     uint32
	nodes    uint32
	expected uint32
}

// readConfig takes the quorum section and the nodelist from the map
// (votequorum_readconfig). At run time it changes what may change then.
func (e *Engine) readConfig(runtime bool) error {
	e.log.Logf(loglevel.Debug, "Reading configuration (runtime: %d)", bit(runtime))
	if runtime {
		e.opt.twoNode = false
		// It may have been disabled for an odd number of nodes.
		e.opt.tieBreaker = e.opt.configuredTieBreaker
		e.set32("atb_type", uint32(e.opt.tieBreaker))
	}
	var g gathered
	g.expected, _ = e.cmap.GetUint32("quorum.expected_votes")
	g.nodelist = e.readNodelist()
	g.device, g.devVotes = e.readDevice()
	e.get8("quorum.two_node", &e.opt.twoNode)

	if !g.nodelist.present && g.expected == 0 {
		if !runtime {
			return ConfigError(badVotes)
		}
		e.log.Logf(loglevel.Crit, badVotes)
		e.log.Logf(loglevel.Crit, "will continue with current runtime data")
		return nil
	}
	if e.opt.twoNode && g.device {
		if !runtime {
			return ConfigError(badTwoNode)
		}
		e.log.Logf(loglevel.Crit, badTwoNode)
		if e.us.flags&wire.FlagQdeviceRegistered != 0 {
			e.log.Logf(loglevel.Crit, "quorum device is registered, disabling two_node")
			e.opt.twoNode = false
		} else {
			e.log.Logf(loglevel.Crit, "quorum device is not registered, allowing two_node")
			e.setDeviceUsable(false)
		}
	}
	if !runtime {
		if err := e.readFeatures(); err != nil {
			return err
		}
	}
	if e.opt.waitForAllFollows {
		e.opt.waitForAll = e.opt.twoNode
	}
	if err := e.reconcileTieBreaker(g); err != nil {
		return err
	}
	if err := e.judgeDevice(g, runtime); err != nil {
		return err
	}
	e.applyVotes(g, runtime)
	return nil
}

// readFeatures takes what is settled for the life of the process.
func (e *Engine) readFeatures() error {
	o := &e.opt
	e.get8("quorum.allow_downscale", &o.allowDownscale)
	o.waitForAllFollows = !e.get8("quorum.wait_for_all", &o.waitForAll)
	e.get8("quorum.last_man_standing", &o.lastManStanding)
	if v, err := e.cmap.GetUint32("quorum.last_man_standing_window"); err == nil {
		o.lastManStandingWindow = v
	}
	e.get8("quorum.expected_votes_tracking", &o.evTracking)

	var atb bool
	e.get8("quorum.auto_tie_breaker", &atb)
	nodes, err := e.cmap.GetString("quorum.auto_tie_breaker_node")
	listed := err == nil
	switch {
	case atb:
		o.tieBreaker = atbLowest
		e.set32("atb_type", uint32(o.tieBreaker))
		if listed {
			e.parseTieBreaker(nodes)
		}
	case listed:
		e.log.Logf(loglevel.Warning, "auto_tie_breaker_node: is meaningless if auto_tie_breaker is set to 0")
	}
	o.configuredTieBreaker = o.tieBreaker

	if o.allowDownscale {
		o.evTracking = true
	}
	if o.evTracking {
		var votes uint32
		if e.store != nil {
			if votes, err = e.store.LoadBarrier(); err != nil {
				e.log.Logf(loglevel.Warning, "%v", err)
				return ConfigError(badTracking)
			}
		}
		e.setEVTracked(votes)
	}
	return nil
}

// reconcileTieBreaker: two_node decides by fencing, a tie breaker by node id,
// so not both; and with an odd number of nodes a larger part without the tie
// breaker's node could restart into quorum, unless it waits for all.
func (e *Engine) reconcileTieBreaker(g gathered) error {
	o := &e.opt
	if o.tieBreaker == atbNone {
		return nil
	}
	if o.twoNode {
		e.log.Logf(loglevel.Crit, "two_node and auto_tie_breaker are both specified but are not compatible.")
		e.log.Logf(loglevel.Crit, "two_node has been disabled, please fix your corosync.conf")
		o.twoNode = false
	}
	if g.nodelist.expected%2 == 0 || o.waitForAll {
		return nil
	}
	if o.lastManStanding {
		e.log.Logf(loglevel.Crit, "auto_tie_breaker is set, the cluster has an odd number of nodes")
		e.log.Logf(loglevel.Crit, "and last_man_standing is also set. With this situation a better")
		e.log.Logf(loglevel.Crit, "solution would be to disable LMS, leave ATB enabled, and also")
		e.log.Logf(loglevel.Crit, "enable wait_for_all (mandatory for ATB in odd-numbered clusters).")
		e.log.Logf(loglevel.Crit, "Due to this ambiguity, corosync will fail to start. Please fix your corosync.conf")
		return ConfigError(badOddATB)
	}
	e.log.Logf(loglevel.Crit, "auto_tie_breaker is set and the cluster has an odd number of nodes.")
	e.log.Logf(loglevel.Crit, "wait_for_all needs to be set for this configuration but it is missing")
	e.log.Logf(loglevel.Crit, "Therefore auto_tie_breaker has been disabled. Please fix your corosync.conf")
	o.tieBreaker = atbNone
	e.set32("atb_type", uint32(o.tieBreaker))
	return nil
}

// judgeDevice refuses what does not go together with a quorum device, or, at
// run time, stops the device.
func (e *Engine) judgeDevice(g gathered, runtime bool) error {
	for _, rule := range []struct {
		broken bool
		text   string
	}{
		{g.device && e.opt.lastManStanding, badLMS},
		{g.device && e.opt.tieBreaker != atbNone, badATB},
		{g.device && e.opt.allowDownscale, badDownscale},
		{g.device && g.expected != 0 && g.devVotes == votesUnset, badNoVotes},
		{g.device && g.devVotes == votesUnset && g.nodelist.present && g.nodelist.nodes != g.nodelist.expected, badUnevenVotes},
		{g.devVotes != votesUnset && g.devVotes > 0 && g.expected != 0 && int32(g.expected-g.devVotes) < 2, badTooManyVotes},
	} {
		if !rule.broken {
			continue
		}
		if !runtime {
			return ConfigError(rule.text)
		}
		e.log.Logf(loglevel.Crit, "%s", rule.text)
		e.log.Logf(loglevel.Crit, "disabling quorum device operations")
		e.setDeviceUsable(false)
	}
	return nil
}

// applyVotes sets the votes of this node and its device.
func (e *Engine) applyVotes(g gathered, runtime bool) {
	nl := g.nodelist
	if g.device && g.devVotes == votesUnset && g.expected == 0 && nl.present && nl.nodes == nl.expected {
		// As many as all nodes but one, so that any single node and the device
		// have the majority.
		g.devVotes = nl.expected - 1
		nl.expected += g.devVotes
	}
	e.log.Logf(loglevel.Debug, "ev_tracking=%d, ev_tracking_barrier = %d: expected_votes = %d",
		bit(e.opt.evTracking), int32(e.evTracked), int32(g.expected))
	if nl.present {
		e.us.votes, e.us.expected = nl.ours, nl.expected
	} else {
		e.us.votes = 1
		if v, err := e.cmap.GetUint32("quorum.votes"); err == nil {
			e.us.votes = v
		}
	}
	if g.expected != 0 {
		e.us.expected = g.expected
	}
	if e.opt.evTracking {
		e.us.expected = max(e.us.expected, e.evTracked)
	}
	if !g.device {
		e.device.votes = 0
	}
	if g.devVotes != votesUnset {
		e.device.votes = g.devVotes
	}
	e.setEVBarrier(e.us.expected)
	e.set8("two_node", e.opt.twoNode)
	switch {
	case e.opt.waitForAll:
		if !runtime {
			e.setWaitingAll(true)
		}
	case e.opt.waitForAllFollows && e.waitingAll:
		e.setWaitingAll(false)
	}
}

// readNodelist counts the nodes and votes of nodelist.node.*.
func (e *Engine) readNodelist() nodelistVotes {
	var v nodelistVotes
	our, err := e.cmap.GetUint32("nodelist.local_node_pos")
	if err != nil {
		e.log.Logf(loglevel.Debug, "No nodelist defined or our node is not in the nodelist")
		return v
	}
	v.present = true
	const prefix = "nodelist.node."
	last := uint64(1) << 32
	for key := range e.cmap.Iterate(prefix) {
		number, field, _ := strings.Cut(key[len(prefix):], ".")
		pos, err := strconv.ParseUint(number, 10, 32)
		if err != nil || field == "" || pos == last {
			continue
		}
		last = pos
		v.nodes++
		votes, err := e.cmap.GetUint32(prefix + number + ".quorum_votes")
		if err != nil {
			votes = 1
		}
		v.expected += votes
		if pos == uint64(our) {
			v.ours = votes
		}
	}
	return v
}

// readDevice takes quorum.device, and tells whether one is configured and its
// votes.
func (e *Engine) readDevice() (configured bool, votes uint32) {
	if model, err := e.cmap.GetString("quorum.device.model"); err != nil || model == "" {
		return false, 0
	}
	votes, err := e.cmap.GetUint32("quorum.device.votes")
	if err != nil {
		votes = votesUnset
	}
	e.device.timeout = e.milliseconds("quorum.device.timeout", defaultDeviceTimeout)
	e.device.syncTimeout = e.milliseconds("quorum.device.sync_timeout", defaultDeviceSyncTimeout)
	e.setDeviceUsable(true)
	return true, votes
}

func (e *Engine) milliseconds(key string, otherwise time.Duration) time.Duration {
	if v, err := e.cmap.GetUint32(key); err == nil {
		return time.Duration(v) * time.Millisecond
	}
	return otherwise
}

// get8 reads a flag, and tells whether it is there; *v stays when it is not.
func (e *Engine) get8(key string, v *bool) bool {
	n, err := e.cmap.GetUint8(key)
	if err == nil {
		*v = n != 0
	}
	return err == nil
}

// protectKeys makes read-only what cannot change at run time.
func (e *Engine) protectKeys() {
	for _, key := range []string{
		"allow_downscale", "wait_for_all", "last_man_standing", "last_man_standing_window",
		"expected_votes_tracking", "auto_tie_breaker", "auto_tie_breaker_node",
	} {
		e.cmap.SetReadOnly("quorum."+key, false, true)
	}
}

const (
	reloadKey    = "config.totemconfig_reload_in_progress"
	cancelWFAKey = "quorum.cancel_wait_for_all"
)

// trackConfig follows changes of the configuration.
func (e *Engine) trackConfig() {
	all := icmap.Add | icmap.Delete | icmap.Modify
	changed := func(_ icmap.Event, key string, _, _ icmap.Value) { e.configChanged(key) }
	e.cmap.Track("nodelist.", all, true, changed)
	e.cmap.Track("quorum.", all, true, changed)
	e.cmap.Track(reloadKey, icmap.Add|icmap.Modify, false, changed)
}

// configChanged applies a change of the map (votequorum_refresh_config). A
// reload is taken as a whole at its end, and not at all if it failed.
func (e *Engine) configChanged(key string) {
	if e.stopped {
		return
	}
	if reloading, err := e.cmap.GetUint8(reloadKey); err == nil && reloading != 0 {
		return
	}
	if key == reloadKey {
		if status, err := e.cmap.GetInt32("config.reload_status"); err == nil && cserr.Code(status) != cserr.OK {
			return
		}
	}
	if key == cancelWFAKey {
		if cancel, err := e.cmap.GetUint8(cancelWFAKey); err == nil && cancel != 0 {
			e.cmap.SetUint8(cancelWFAKey, 0)
			if !e.sendReconfigure(wire.ParamCancelWFA, e.us.id, 0) {
				e.log.Logf(loglevel.Error, "Failed to send Cancel WFA message to other nodes")
			}
			return
		}
	}

	votes, expected := e.us.votes, e.us.expected
	if err := e.readConfig(true); err != nil {
		e.log.Logf(loglevel.Debug, "%v", err)
	}
	e.sendNodeinfo(e.us.id)
	e.sendNodeinfo(wire.DeviceNodeID)
	if e.us.votes != votes && !e.sendReconfigure(wire.ParamNodeVotes, e.us.id, e.us.votes) {
		e.log.Logf(loglevel.Error, "Failed to send new votes message to other nodes")
	}
	if e.us.expected != expected && !e.sendReconfigure(wire.ParamExpectedVotes, e.us.id, e.us.expected) {
		e.log.Logf(loglevel.Error, "Failed to send expected votes message to other nodes")
	}
}
