package lrm

import (
	"bufio"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/call"
	"github.com/ringmaster-ha/ringmaster/cib/ops"
	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/internal/golden"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/crmmsg"
	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
	"github.com/ringmaster-ha/ringmaster/lrmd/wire"
)

// agentText is what the agents of the transcript say of themselves: version, private, reload.
const agentText = `<resource-agent name="x" version="1.0"><version>%s</version>
<parameters>
<parameter name="path" unique="1"><content type="string"/></parameter>
<parameter name="level" reloadable="1"><content type="string"/></parameter>
<parameter name="password" %s><content type="string"/></parameter>
<parameter name="mode" unique="0" reloadable="0"><content type="string"/></parameter>
</parameters>
<actions><action name="start"/><action name="%s"/></actions>
</resource-agent>`

var agents = map[string]string{
	"Modern": fmt.Sprintf(agentText, "1.1", `private="1"`, "reload-agent"),
	"Legacy": fmt.Sprintf(agentText, "1.0", "", "reload"),
	"Plain":  fmt.Sprintf(agentText, "1.0", "", "none"),
}

func element(t testing.TB, s string) *etree.Element {
	t.Helper()
	doc, err := xmltree.Parse([]byte(s), xmltree.KeepText)
	if err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	return doc.Root()
}

// shown are the functions whose lines the transcript has.
var shown = map[string]bool{
	"log_executor_event": true, "do_lrm_rsc_op": true, "notify_deleted": true, "process_lrm_event": true,
	"erase_lrm_history_by_id": true, "fail_lrm_resource": true, "lrm_remove_deleted_op": true, "handle_reprobe_op": true,
	"force_reprobe": true, "delete_resource": true, "do_lrm_cancel": true, "cancel_op": true, "update_history_cache": true,
	"do_lrm_invoke": true, "controld_delete_resource_history": true, "stop_recurring_action_by_rsc": true, "record_pending_op": true,
	"erase_lrm_history_by_op": true,
}

var (
	cibCall   = regexp.MustCompile(`(CIB update|via CIB call) \d+`)
	levelName = map[loglevel.Level]string{loglevel.Error: "error", loglevel.Warning: "warning", loglevel.Notice: "notice", loglevel.Info: "info", loglevel.Debug: "debug"}
)

// replay answers a Local as the transcript has it, and writes down what that does.
type replay struct {
	*fakeController
	out      []string
	calls    []int
	executed map[int]*wire.Request
	known    map[string]*wire.Request
	metadata map[string]func(now time.Time, xml string, err error)
	next     []func()
}

func (r *replay) Enabled(loglevel.Level) bool                           { return true }
func (r *replay) Logf(level loglevel.Level, format string, args ...any) {}
func (r *replay) LogfAt(level loglevel.Level, function, format string, args ...any) {
	if shown[function] {
		line := fmt.Sprintf(format, args...)
		r.say("log", function+" "+levelName[level]+" "+cibCall.ReplaceAllString(line, "$1 N"))
	}
}

func (r *replay) say(kind, what string) { r.out = append(r.out, kind+" "+what) }

func (r *replay) Route(now time.Time, e *etree.Element) {
	if x := crmmsg.ContentsOf(e); x != nil {
		r.say("ack", text.Line(x))
	}
}

func (r *replay) CIB(q call.Request, then func(now time.Time, answer *etree.Element, err error)) int {
	switch {
	case q.Op == ops.Modify && q.Section == "status":
		r.say("update", text.Line(q.Data))
	case q.Op == ops.Delete && q.Data != nil:
		r.say("erase", text.Line(q.Data))
	}
	if then != nil {
		err := error(nil)
		if q.Op == ops.Query {
			err = ops.ErrNoSuch
		}
		r.next = append(r.next, func() { then(r.now, nil, err) })
	}
	return 1
}

func (r *replay) Exec(q *wire.Request) (int, *etree.Element, error) {
	switch q.Op {
	case wire.OpRscRegister:
		r.known[q.RscID] = q
	case wire.OpRscUnreg:
		delete(r.known, q.RscID)
	case wire.OpRscInfo:
		k := r.known[q.RscID]
		if k == nil {
			return -19, nil, nil
		}
		return 0, wire.Reply{}.Info(k.RscID, k.Class, k.Provider, k.Type), nil
	case wire.OpRscExec:
		n := r.calls[0]
		r.calls = r.calls[1:]
		r.executed[n] = q
		return n, nil, nil
	}
	return 0, nil, nil
}

func (r *replay) Metadata(class, provider, agent string, then func(now time.Time, xml string, err error)) {
	r.metadata[agent] = then
}

// drain makes the calls that were promised.
func (r *replay) drain() {
	for len(r.next) > 0 {
		first := r.next[0]
		r.next = r.next[1:]
		first()
	}
}

// What the reference's controller has done on a node of two: each message to it and each event of its executor has
// here the same consequences, in the same words.
func TestTranscript(t *testing.T) {
	f, err := os.Open("testdata/transcript.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var lines []string
	r := &replay{
		fakeController: newFake(), executed: map[int]*wire.Request{}, known: map[string]*wire.Request{},
		metadata: map[string]func(time.Time, string, error){},
	}
	for s := bufio.NewScanner(f); s.Scan(); {
		if n, ok := strings.CutPrefix(s.Text(), "# "); ok {
			call, err := strconv.Atoi(n)
			if err != nil {
				t.Fatal(err)
			}
			r.calls = append(r.calls, call)
			continue
		}
		lines = append(lines, s.Text())
	}
	l := New(Config{Controller: r, Host: r, Log: r, Requests: &crmmsg.Maker{}})
	l.Connected(r.now, nil)
	stamped := func(line string) string {
		at, rest, _ := strings.Cut(line[2:], " ")
		n, err := strconv.ParseInt(at, 10, 64)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		r.now = time.Unix(n, 0)
		return rest
	}
	for i := 0; i < len(lines); {
		line := lines[i]
		r.out = nil
		switch line[0] {
		case '<':
			l.Invoke(r.now, element(t, stamped(line)))
		case '!':
			e := element(t, stamped(line))
			n, _ := strconv.Atoi(attr(e, "lrmd_callid"))
			if q := r.executed[n]; q != nil {
				// What the executor knows from the request.
				e.CreateAttr("lrmd_rsc_userdata_str", q.UserData)
				holder := e.CreateElement("attributes")
				for _, p := range q.Params {
					holder.CreateAttr(p.Name, p.Value)
				}
			}
			if err := l.Event(r.now, e); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
		case '@':
			agent := r.known[stamped(line)].Type
			then := r.metadata[agent]
			delete(r.metadata, agent)
			then(r.now, agents[agent], nil)
		case '-':
			l.ClearLastFailure(line[2:], "", 0)
		case '?':
			r.say("state", text.Line(l.State(r.now)))
		}
		r.drain()
		var want []string
		for i++; i < len(lines) && lines[i][0] == '>'; i++ {
			want = append(want, lines[i][2:])
		}
		compare(t, line, r.out, want)
	}
}

// unordered are the lines that come in the order of a table whose past decides about it.
var unordered = regexp.MustCompile(`^log (stop_recurring_action_by_rsc|cancel_op|lrm_remove_deleted_op|delete_resource|controld_delete_resource_history) `)

// settled has those lines after all others, sorted, and the resources of a state in the order of their ids.
func settled(lines []string) []string {
	var inOrder, rest []string
	for _, line := range lines {
		if state, ok := strings.CutPrefix(line, "state "); ok {
			parts := strings.SplitAfter(state, "</lrm_resource>")
			slices.Sort(parts)
			line = strings.Join(parts, "\n")
		}
		if unordered.MatchString(line) {
			rest = append(rest, line)
		} else {
			inOrder = append(inOrder, line)
		}
	}
	slices.Sort(rest)
	return append(inOrder, rest...)
}

func compare(t *testing.T, after string, got, want []string) {
	t.Helper()
	if d := golden.Difference(settled(got), settled(want)); d != "" {
		t.Fatalf("after %s:\n%s", after, d)
	}
}
