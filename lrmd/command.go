package lrmd

import (
	"strconv"
	"strings"
	"time"

	"github.com/ringmaster-ha/ringmaster/lrmd/wire"
)

// command is an operation that a client has asked for (lrmd_cmd_t). Where it is:
//
//   - pending: in its resource's pending
//   - handed off: its resource's active, and, if it recurs, in its recurring
//   - of those, with a token while it runs, in its lane's blocked while another does,
//     and with a repeat timer while it waits for its interval
type command struct {
	clientID string
	callID   int
	options  int
	rscID    string
	userdata string
	params   []wire.Param

	action     string
	realAction string // start or stop of a systemd unit that is being asked after

	interval, timeout, startDelay int
	timeoutAsked                  int // timeout, before what is left of it

	code   Code // of the last run too, which rcChange is measured by
	status Status
	reason string
	output string
	pid    int
	exit   int    // of the last run, as the agent's class has it
	class  string // that class
	op     Operation

	firstQueued, queued time.Time
	firstRun, run       time.Time
	lastRun, rcChange   int64 // seconds since 1970

	told       bool // a notification was sent
	toldCode   Code
	toldStatus Status

	token  Token // of the run that is under way, or 0
	delay  *timer
	repeat *timer
	key    recurringKey // with an interval: its place in Executor.recurring
}

// recurringKey names a recurring operation (pcmk__op_key).
type recurringKey struct {
	rscID, action string
	interval      int
}

func opKey(rscID, action string, interval int) string {
	return rscID + "_" + action + "_" + strconv.Itoa(interval)
}

func (c *command) matches(action string, interval int) bool {
	return c.interval == interval && strings.EqualFold(c.action, action)
}

func (c *command) isAction(action string) bool { return strings.EqualFold(c.action, action) }

func (c *command) ok() bool { return c.status == Done && c.code == OK }

func (c *command) setResult(code Code, status Status, reason string) {
	c.code, c.status, c.reason = code, status, reason
}

func (c *command) enqueuedAt(now time.Time) {
	c.queued = now
	if c.firstQueued.IsZero() {
		c.firstQueued = now
	}
}

func (c *command) startedAt(now time.Time) {
	c.run = now
	if c.firstRun.IsZero() {
		c.firstRun = now
	}
	c.lastRun = now.Unix()
}

// originalTimes has the whole time reported, and not that of the last question about it.
func (c *command) originalTimes() { c.run, c.queued = c.firstRun, c.firstQueued }

// reset forgets what belongs to one run (cmd_reset). The exit status stays, to be
// compared with the next.
func (c *command) reset() {
	c.pid = 0
	c.run, c.queued = time.Time{}, time.Time{}
	c.lastRun = 0
	c.setResult(c.code, Done, "")
	c.output = ""
}

// leavesGroup tells whether on-fail is block.
func (c *command) leavesGroup() bool {
	for _, p := range c.params {
		if p.Name == "CRM_meta_on_fail" {
			return strings.EqualFold(p.Value, "block")
		}
	}
	return false
}

// since is the time between two moments in milliseconds; 0 if the earlier is not known.
func since(earlier, now time.Time) int {
	if earlier.IsZero() {
		return 0
	}
	return int(now.Sub(earlier) / time.Millisecond)
}
