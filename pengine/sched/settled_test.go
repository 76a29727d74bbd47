package sched

import (
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/golden"
	"github.com/ringmaster-ha/ringmaster/pengine/sched/schedtest"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// To leave out relations that mean nothing new changes nothing: not an action's flags,
// its reason, nor what is left of the relations.
func TestSettledRelations(t *testing.T) {
	defer func(n int) { manyRelations = n }(manyRelations)
	outcome := func(root *etree.Element, many int) []string {
		manyRelations = many
		ws, err := status.Unpack(root, status.Options{Now: time.Unix(1700000100, 0).UTC()})
		if err != nil {
			t.Fatal(err)
		}
		Schedule(ws)
		var lines []string
		for _, a := range ws.Actions {
			line := fmt.Sprintf("%d %s %v %#x %s:", a.ID, a.Key, a.Node, a.Flags, a.Reason)
			for _, r := range a.Before {
				line += fmt.Sprintf(" %d/%#x", r.Action.ID, r.Flags)
			}
			lines = append(lines, line)
		}
		return lines
	}
	files, err := filepath.Glob("testdata/scores/*.xml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no CIBs: %v", err)
	}
	clusters := []schedtest.Cluster{{Nodes: 3, Resources: 50}, {Nodes: 4, Resources: 20, Instances: 40}}
	for seed := range uint64(200) {
		doc := etree.NewDocument()
		var err error
		if seed%4 == 0 {
			c := clusters[seed%8/4]
			c.Settled = seed%16 > 7
			err = doc.ReadFromString(c.CIB())
		} else {
			err = doc.ReadFromFile(files[int(seed)%len(files)])
		}
		if err != nil {
			t.Fatal(err)
		}
		if seed >= 16 {
			schedtest.Disturb(doc.Root(), rand.New(rand.NewPCG(seed, 1)).IntN)
		}
		if diff := golden.Difference(outcome(doc.Root(), 1), outcome(doc.Root(), math.MaxInt)); diff != "" {
			t.Errorf("seed %d: %s", seed, diff)
		}
	}
}

// Only open places are found, from the last on.
func TestSettledPlaces(t *testing.T) {
	s := &settledRelations{make([]uint64, 3), make([]uint64, 3)}
	s.openAll()
	s.always[1] = 1 << 6
	for i := range 192 {
		s.settle(i)
	}
	for _, i := range []int{0, 63, 64, 191} {
		s.open[i/64] |= 1 << (i % 64)
	}
	var found []string
	for i := s.last(193); i >= 0; i = s.last(i - 1) {
		found = append(found, fmt.Sprint(i))
	}
	if want := strings.Fields("193 192 191 70 64 63 0"); !slices.Equal(found, want) {
		t.Errorf("open are %v, want %v", found, want)
	}
}
