package graph_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/schema"
	"github.com/ringmaster-ha/ringmaster/pengine/graph"
	"github.com/ringmaster-ha/ringmaster/pengine/sched"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// schedule reads a CIB, upgrades it and makes its graph.
func schedule(t testing.TB, name string, now time.Time) (*status.WorkingSet, *graph.Graph) {
	doc := etree.NewDocument()
	if err := doc.ReadFromFile(name); err != nil {
		t.Fatal(err)
	}
	u, ok := schema.UpdateConfiguration(doc.Root())
	if !ok {
		t.Fatalf("%s: no upgrade", name)
	}
	if date := u.CIB.SelectAttrValue("execution-date", ""); now.IsZero() && date != "" {
		epoch, _ := strconv.ParseInt(date, 10, 64)
		now = time.Unix(epoch, 0).UTC()
	}
	if now.IsZero() {
		now = time.Unix(1700000000, 0).UTC()
	}
	ws, err := status.Unpack(u.CIB, status.Options{Now: now, Flags: status.Sanitized})
	if err != nil {
		t.Fatal(err)
	}
	sched.Schedule(ws)
	return ws, graph.New(ws, 0)
}

var ignored = regexp.MustCompile(`crm_feature_set="[^"]*"|batch-limit="[0-9]*"|[ \t]`)

// comparable is a text as the reference's runner compares it, by lines.
func comparable(text string) []string {
	var lines []string
	for line := range strings.Lines(text) {
		if line = ignored.ReplaceAllString(strings.TrimSpace(line), ""); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// difference is the first line in which two texts differ, or "".
func difference(got, want []string) string {
	for i := range max(len(got), len(want)) {
		g, w := "(end)", "(end)"
		if i < len(got) {
			g = got[i]
		}
		if i < len(want) {
			w = want[i]
		}
		if g != w {
			return fmt.Sprintf("line %d:\n got %s\nwant %s", i+1, g, w)
		}
	}
	return ""
}

// The graphs and drawings of the reference's own inputs are the reference's.
func TestCorpus(t *testing.T) {
	corpus := os.Getenv("RINGMASTER_CORPUS")
	if corpus == "" {
		t.Skip("RINGMASTER_CORPUS does not name the folder of the reference's cts/scheduler")
	}
	list, err := os.ReadFile(filepath.Join(corpus, "tests.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	tests, graphs, dots := 0, 0, 0
	for line := range strings.Lines(string(list)) {
		name, args, _ := strings.Cut(strings.TrimRight(line, "\n"), "\t")
		tests++
		t.Run(name, func(t *testing.T) {
			var now time.Time
			if date, ok := strings.CutPrefix(args, "-t "); ok {
				now = effectiveDate(t, date)
			}
			ws, g := schedule(t, filepath.Join(corpus, "xml", name+".xml"), now)
			want, err := os.ReadFile(filepath.Join(corpus, "exp", name+".exp"))
			if err != nil {
				t.Fatal(err)
			}
			if diff := difference(comparable(string(g.AppendXML(nil))), comparable(string(want))); diff != "" {
				t.Errorf("graph: %s", diff)
			} else {
				graphs++
			}
			want, err = os.ReadFile(filepath.Join(corpus, "dot", name+".dot"))
			if err != nil {
				t.Fatal(err)
			}
			got, wanted := comparable(string(graph.AppendDot(nil, ws, graph.DotOptions{}))), comparable(string(want))
			slices.Sort(got)
			slices.Sort(wanted)
			if diff := difference(slices.Compact(got), slices.Compact(wanted)); diff != "" {
				t.Errorf("dot: %s", diff)
			} else {
				dots++
			}
		})
	}
	t.Logf("of %d: %d graphs and %d drawings are equal", tests, graphs, dots)
}

// effectiveDate is a date of the few forms that the corpus has.
func effectiveDate(t *testing.T, date string) time.Time {
	for _, layout := range []string{"2006-002", "2006-002T15:04", "2006-01-02 15:04:05"} {
		if at, err := time.Parse(layout, date); err == nil {
			return at
		}
	}
	t.Fatalf("date %q", date)
	return time.Time{}
}
