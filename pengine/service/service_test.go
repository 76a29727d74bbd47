package service

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/crmmsg"
	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
)

// journal keeps what is logged.
type journal struct{ lines []string }

func (*journal) Enabled(l loglevel.Level) bool { return l <= loglevel.Info }
func (j *journal) Logf(l loglevel.Level, format string, args ...any) {
	j.LogfAt(l, "", format, args...)
}
func (j *journal) LogfAt(l loglevel.Level, function, format string, args ...any) {
	j.lines = append(j.lines, fmt.Sprintf("%d (%s) ", l, function)+fmt.Sprintf(format, args...))
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimRight(string(b), "\n")
}

func parse(t *testing.T, document string) *etree.Element {
	t.Helper()
	doc, err := xmltree.Parse([]byte(document), xmltree.KeepText)
	if err != nil {
		t.Fatal(err)
	}
	return doc.Root()
}

// request asks for the transition of a CIB.
func request(t *testing.T, reference, from, cib string) *etree.Element {
	return parse(t, fmt.Sprintf(`<create_request_adv t="crmd" subt="request" reference=%q crm_task="pe_calc" crm_sys_to="pengine" crm_sys_from=%q><crm_xml>%s</crm_xml></create_request_adv>`, reference, from, cib))
}

// TestGolden: the reply, what is kept and what is logged are the reference's.
func TestGolden(t *testing.T) {
	want := read(t, "reply.xml")
	golden := parse(t, want)
	kept := read(t, "pe-input-0.xml")
	date, err := strconv.ParseInt(parse(t, kept).SelectAttrValue("execution-date", ""), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	var log journal
	asked := 0
	c := Calculator{Log: &log, Dir: "/var/lib/pacemaker/pengine", Last: func(s Series) uint32 {
		if asked++; s.Name != "pe-input" {
			t.Errorf("asked for %s", s.Name)
		}
		return 0
	}}
	ask := func() *Outcome {
		t.Helper()
		log.lines = nil
		out, err := c.Calculate(request(t, golden.SelectAttrValue(crmmsg.Reference, ""), golden.SelectAttrValue(crmmsg.SystemTo, ""), read(t, "cib.xml")), time.Unix(date, 0))
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	out := ask()
	if out.Reply != want {
		t.Errorf("reply\n%s\nwant\n%s", out.Reply, want)
	}
	if out.Keep == nil || out.Keep.Path != c.Dir+"/pe-input-0.bz2" || out.Keep.Next != 1 || out.Keep.Series.LastFile() != "pe-input.last" {
		t.Fatalf("kept: %+v", out.Keep)
	}
	if got := strings.TrimRight(string(out.Keep.Document), "\n"); got != kept {
		t.Errorf("kept\n%s\nwant\n%s", got, kept)
	}
	wantLog := []string{
		"4 (unpack_config) Blind faith: not fencing unseen nodes",
		"6 (determine_online_status) n1 is online",
		"5 (log_list_item) Actions: Start      a       (    n1 )",
		"5 (pcmk__log_transition_summary) Calculated transition 0, saving inputs in /var/lib/pacemaker/pengine/pe-input-0.bz2",
	}
	if !slices.Equal(log.lines, wantLog) {
		t.Errorf("log %q, want %q", log.lines, wantLog)
	}

	// The same again is not kept again.
	out = ask()
	if want := strings.Replace(want, `transition_id="0"`, `transition_id="1"`, 1); out.Reply != want || out.Keep != nil || asked != 1 {
		t.Errorf("again: %+v", out)
	}
	wantLog = append(wantLog[1:3:3], strings.Replace(wantLog[3], "transition 0", "transition 1", 1),
		"6 (handle_pecalc_request) Input has not changed since last time, not saving to disk")
	if !slices.Equal(log.lines, wantLog) {
		t.Errorf("log %q, want %q", log.lines, wantLog)
	}
}

func cib(options, resources string) string {
	return `<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.7" epoch="1" num_updates="1" admin_epoch="0" have-quorum="1"><configuration><crm_config><cluster_property_set id="o">` +
		options + `</cluster_property_set></crm_config><nodes/><resources>` + resources + `</resources><constraints/></configuration><status/></cib>`
}

// The series and their limits.
func TestSeries(t *testing.T) {
	const off = `<nvpair id="s" name="stonith-enabled" value="false"/>`
	option := func(name, value string) string {
		return fmt.Sprintf(`<nvpair id="m" name=%q value=%q/>`, name, value)
	}
	const broken = `<primitive id="a" template="nowhere"/>`
	const unseen = `<node_state id="1" uname="n1" in_ccm="false" crmd="offline" join="down" expected="member"/>`
	for name, tt := range map[string]struct {
		cib  string
		last uint32
		path string // "" if nothing is kept
		next uint32
		says string // in the reply
	}{
		"plain":          {cib(off, ""), 7, "/pe-input-7.bz2", 8, `graph-errors="0" graph-warnings="0" config-errors="0" config-warnings="0"`},
		"wraps":          {cib(off, ""), 3999, "/pe-input-3999.bz2", 0, ""},
		"beyond":         {cib(off, ""), 5000, "/pe-input-5000.bz2", 0, ""},
		"small":          {cib(off+option("pe-input-series-max", "2"), ""), 1, "/pe-input-1.bz2", 0, ""},
		"all":            {cib(off+option("pe-input-series-max", "-1"), ""), 4e6, "/pe-input-4000000.bz2", 4000001, ""},
		"none":           {cib(off+option("pe-input-series-max", "0"), ""), 1, "", 0, `crm_sys_from="pengine" graph-errors="0"`},
		"errors":         {cib("", broken), 1, "/pe-error-1.bz2", 2, `graph-errors="1" graph-warnings="0" config-errors="1"`},
		"warnings":       {strings.Replace(strings.Replace(cib("", ""), "<nodes/>", `<nodes><node id="1" uname="n1"/></nodes>`, 1), "<status/>", "<status>"+unseen+"</status>", 1), 4, "/pe-warn-4.bz2", 5, `graph-errors="0" graph-warnings="1"`},
		"not kept ones":  {cib(option("pe-error-series-max", "0"), broken), 1, "", 0, `graph-errors="1"`},
		"cannot upgrade": {`<cib validate-with="pacemaker-0.1"><odd/></cib>`, 1, "/pe-input-1.bz2", 2, `config-errors="1" config-warnings="0"><crm_xml><transition_graph transition_id="0" cluster-delay="0"/></crm_xml>`},
	} {
		c := Calculator{Log: loglevel.Discard, Last: func(Series) uint32 { return tt.last }}
		out, err := c.Calculate(request(t, "r", "me", tt.cib), time.Unix(1700000000, 0))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !strings.Contains(out.Reply, tt.says) {
			t.Errorf("%s: %s", name, out.Reply)
		}
		if (out.Keep == nil) != (tt.path == "") || out.Keep != nil && (out.Keep.Path != tt.path || out.Keep.Next != tt.next) {
			t.Errorf("%s: %.300s", name, fmt.Sprintf("%+v", out.Keep))
		}
	}
}

func TestRefuses(t *testing.T) {
	for _, document := range []string{
		`<m subt="request"/>`, `<m subt="request"><crm_xml/></m>`, `<m subt="request"><crm_xml>text</crm_xml></m>`,
		`<m><crm_xml>` + cib("", "") + `</crm_xml></m>`,
	} {
		c := Calculator{Log: loglevel.Discard, Last: func(Series) uint32 { return 0 }}
		if out, err := c.Calculate(parse(t, document), time.Unix(0, 0)); err == nil {
			t.Errorf("%s: %+v", document, out)
		}
	}
}

func TestParseLast(t *testing.T) {
	for contents, want := range map[string]uint32{"7": 7, " 12\n": 12, "5x": 5} {
		if got, err := ParseLast(contents); err != nil || got != want {
			t.Errorf("%q: %d, %v", contents, got, err)
		}
	}
	for _, contents := range []string{"", "x", "-"} {
		if got, err := ParseLast(contents); err == nil {
			t.Errorf("%q: %d", contents, got)
		}
	}
}
