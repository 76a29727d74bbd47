package te

import (
	"strconv"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/cpgmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/crmmsg"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// mode is how busy a node is (enum throttle_state_e). Nodes tell each other these numbers.
type mode int

const (
	loadNone    mode = 0x0000
	loadLow     mode = 0x0001
	loadMedium  mode = 0x0010
	loadHigh    mode = 0x0100
	loadExtreme mode = 0x1000
	loadUnknown mode = -1
)

func (m mode) String() string {
	switch m {
	case loadNone:
		return "negligible"
	case loadLow:
		return "low"
	case loadMedium:
		return "medium"
	case loadHigh:
		return "high"
	case loadExtreme:
		return "extreme"
	}
	return "undetermined"
}

// throttlePeriod is how often a node looks how busy it is.
const throttlePeriod = 30 * time.Second

// throttle is how busy nodes are.
type throttle struct {
	peers map[string]*peerLimit
	max   int // jobs at a time on this node
	told  mode
	known bool // told means something
	// cib is what the CIB manager had used at cibAt.
	cib   time.Duration
	cibAt time.Time
}

// peerLimit is what a node has said of itself.
type peerLimit struct {
	mode mode
	max  int
}

// StartThrottling has this node look regularly how busy it is, and tell all others (throttle_init).
func (t *Transitioner) StartThrottling(now time.Time) {
	t.now = now
	t.setJobMax("")
	t.timers.load = now.Add(throttlePeriod)
}

// StopThrottling ends that (throttle_fini).
func (t *Transitioner) StopThrottling() {
	t.timers.load = time.Time{}
	clear(t.throttle.peers)
}

// setJobMax sets how many jobs this node takes at a time: what the environment or the option says, or else two
// for each core (throttle_update_job_max).
func (t *Transitioner) setJobMax(option string) {
	if t.NodeActionLimit != "" {
		option = t.NodeActionLimit
	}
	if n, ok := status.LeadingInt(option); ok && n > 0 {
		t.throttle.max = int(n)
		return
	}
	t.throttle.max = 2 * t.Host.Load().Cores
}

// Throttle is the message of a node about its load (throttle_update).
func (t *Transitioner) Throttle(now time.Time, e *etree.Element) {
	t.now = now
	from := e.SelectAttrValue(crmmsg.HostFrom, "")
	p := &peerLimit{mode: mode(max(number(e, "crm-limit-mode"), 0)), max: max(number(e, "crm-limit-max"), 0)}
	t.throttle.peers[from] = p
	t.logf(loglevel.Debug, "throttle_update", "Node %s has %v load and supports at most %d jobs; new job limit %d", from, p.mode, p.max, t.jobLimit(from))
	if t.Controller.IsDC() && t.graph != nil && !t.graph.Complete {
		t.logf(loglevel.Debug, "handle_request", "The throttle changed. Trigger a graph.")
		t.trigger()
	}
}

// jobLimit is how many jobs a node may have at a time (throttle_get_job_limit).
func (t *Transitioner) jobLimit(node string) int {
	p := t.throttle.peers[node]
	if p == nil {
		p = &peerLimit{loadLow, t.throttle.max}
		t.throttle.peers[node] = p
	}
	switch p.mode {
	case loadMedium:
		return max(1, p.max/4)
	case loadLow:
		return max(1, p.max/2)
	case loadNone:
		return max(1, p.max)
	case loadHigh, loadExtreme:
	default:
		t.logf(loglevel.Error, "throttle_get_job_limit", "Unknown throttle mode %.4x on %s", int(p.mode), node)
	}
	return 1
}

// totalLimit is how many actions may be under way in the cluster where the graph says limit, 0 for as
// many as there are (throttle_get_total_job_limit).
func (t *Transitioner) totalLimit(limit int) int {
	nodes := t.Controller.Peers().ActiveNodes()
	for _, p := range t.throttle.peers {
		share := 0
		switch p.mode {
		case loadExtreme:
			share = nodes / 4
		case loadHigh:
			share = nodes / 2
		default:
			continue
		}
		if limit == 0 || limit > share {
			limit = max(1, share)
		}
	}
	return limit
}

// measure looks how busy this node is, and tells all nodes if that has changed (throttle_timer_cb).
func (t *Transitioner) measure() {
	const function = "throttle_send_command"
	t.timers.load = t.now.Add(throttlePeriod)
	m := t.measured(t.Host.Load())
	before := loadUnknown
	if t.throttle.known {
		before = t.throttle.told
	}
	if m == before {
		return
	}
	t.logf(loglevel.Info, function, "New throttle mode: %v load (was %v)", m, before)
	t.throttle.told, t.throttle.known = m, true
	e := t.Requests.Request(&crmmsg.Request{Function: function, Task: taskThrottle, SystemTo: crmmsg.Controller, From: crmmsg.Controller}, t.now)
	e.CreateAttr("crm-limit-mode", strconv.Itoa(int(m)))
	e.CreateAttr("crm-limit-max", strconv.Itoa(t.throttle.max))
	t.Host.Send("", cpgmsg.CRMD, e)
}

// measured is how busy a load makes a node (throttle_mode).
func (t *Transitioner) measured(l Load) mode {
	m := loadNone
	if load, ok := t.cibLoad(l.CIB); ok {
		// The CIB manager does one thing at a time, so that it may be busy where the machine is not.
		most := 0.95
		if l.Cores == 1 {
			most = 0.4
		}
		if target := t.options.LoadThreshold; target > 0 && target < most {
			most = target
		}
		m = t.classify(load, "CIB load", [4]float64{most * 0.8, most * 0.9, most, most * 1.5})
	}
	target := t.options.LoadThreshold
	if target <= 0 || l.Average < 0 {
		return m
	}
	cores := float64(l.Cores)
	if l.Cores == 1 {
		cores = 0.6
	}
	each := target * cores
	cpu := t.classify(l.Average, "CPU load", [4]float64{each * 1.2, each * 1.6, each * 2, l.Average + 1})
	t.logf(loglevel.Debug, "throttle_mode", "Current load is %f across %d core(s)", l.Average, l.Cores)
	return max(m, cpu)
}

// cibLoad is the share of a processor that the CIB manager has used since it was last looked at, in whole
// seconds (throttle_cib_load).
func (t *Transitioner) cibLoad(used time.Duration) (load float64, ok bool) {
	if used < 0 {
		t.throttle.cibAt = time.Time{}
		return 0, false
	}
	if at := t.throttle.cibAt; !at.IsZero() && t.now.Unix() > at.Unix() && used >= t.throttle.cib {
		elapsed := t.now.Unix() - at.Unix()
		load = (used - t.throttle.cib).Seconds() / float64(elapsed)
		t.logf(loglevel.Debug, "throttle_cib_load", "cib load: %f (in %ds)", load, elapsed)
	}
	t.throttle.cib, t.throttle.cibAt = used, t.now
	return load, true
}

// classify compares a load with thresholds, from low to extreme (throttle_check_thresholds).
func (t *Transitioner) classify(load float64, what string, thresholds [4]float64) mode {
	const function = "throttle_check_thresholds"
	for i, step := range []struct {
		mode  mode
		level loglevel.Level
		word  string
	}{
		{loadExtreme, loglevel.Notice, "Extreme"}, {loadHigh, loglevel.Notice, "High"},
		{loadMedium, loglevel.Info, "Moderate"}, {loadLow, loglevel.Debug, "Noticeable"},
	} {
		if load > thresholds[3-i] {
			t.logf(step.level, function, "%s %s detected: %f", step.word, what, load)
			return step.mode
		}
	}
	return loadNone
}
