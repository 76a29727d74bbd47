package crmsimulate

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
)

// --explain shows the explanation in place of the cluster and the transition, and
// beside the scores if those are asked for; what does not exist is an error.
func TestExplain(t *testing.T) {
	const file = "../../../pengine/explain/testdata/placement.xml"
	for _, tt := range []struct {
		args   string
		code   crmexit.Code
		first  string // the first line
		has    string
		hasNot string
	}{
		{"--explain web", crmexit.OK, "web is active on node2 and will be moved to node1.", "node2: 50, lower score", "Transition Summary"},
		{"--explain=web@node3", crmexit.OK, "web is not on node3, and will not be: its place is on node1.", "-500  logger", "Current cluster status"},
		{"--explain web -s", crmexit.OK, "pcmk__primitive_assign: web allocation score on node1: 100", "web is active on node2", "Transition Summary"},
		{"--explain node1", crmexit.OK, "node1 is online and can run resources.", "Active there: db.", ""},
		{"--explain web --node-down node1", crmexit.OK, "", "node1: 100, the node is offline", ""},
		{"--explain web --output-as=xml", crmexit.OK, `<pacemaker-result api-version="2.25" request="crm_simulate -x `, `<term kind="location" score="100" constraint="loc-web">`, "<actions>"},
		{"--explain wep", crmexit.NoSuch, "crm_simulate: Resource or node 'wep' not found: did you mean web?", "", ""},
		{"--explain web@nodel", crmexit.NoSuch, "crm_simulate: Node 'nodel' not found: did you mean node1, node2 or node3?", "", ""},
		{"--explain", crmexit.Usage, "crm_simulate: Missing argument for --explain", "", ""},
	} {
		t.Run(tt.args, func(t *testing.T) {
			var out bytes.Buffer
			args := append([]string{"crm_simulate", "-x", file}, strings.Fields(tt.args)...)
			code := run(args, strings.NewReader(""), &out, &out, time.Unix(1700000000, 0).UTC())
			text := strings.TrimLeft(out.String(), "\n")
			if i := strings.Index(text, "pcmk__primitive_assign: web"); i > 0 {
				text = text[i:]
			}
			if code != int(tt.code) || !strings.HasPrefix(text, tt.first) {
				t.Errorf("status %d, want %d, and %q: %s", code, tt.code, tt.first, text)
			}
			if !strings.Contains(text, tt.has) || tt.hasNot != "" && strings.Contains(text, tt.hasNot) {
				t.Errorf("want %q and not %q: %s", tt.has, tt.hasNot, text)
			}
		})
	}
}
