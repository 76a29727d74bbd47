//go:build interop

package scheduler

import (
	"fmt"
	"math/rand/v2"

	"github.com/beevik/etree"
)

// scene is what events may name.
type scene struct {
	*rand.Rand
	nodes, tickets []string
	probed         []instance
}

func (g *generator) commandLines() [][]string {
	return scene{g.Rand, append(g.nodes[:len(g.nodes):len(g.nodes)], g.remotes...), g.tickets, g.probed}.commandLines()
}

// sceneOf finds what a CIB has.
func sceneOf(rng *rand.Rand, root *etree.Element) scene {
	s := scene{Rand: rng}
	for _, n := range root.FindElements("configuration/nodes/node") {
		s.nodes = append(s.nodes, n.SelectAttrValue("uname", "?"))
	}
	for _, t := range root.FindElements("//rsc_ticket") {
		s.tickets = append(s.tickets, t.SelectAttrValue("ticket", "?"))
	}
	for _, r := range root.FindElements("//resources//primitive") {
		s.probed = append(s.probed, instance{id: r.SelectAttrValue("id", "?")})
	}
	return s
}

// commandLines draws two: for the summary, and for the scores or for XML, with the same
// events.
func (s scene) commandLines() [][]string {
	var events []string
	event := func(n int, option string, values ...string) {
		if s.IntN(n) == 0 && len(values) > 0 {
			events = append(events, option, one(s.Rand, values...))
		}
	}
	if s.IntN(3) == 0 {
		event(4, "-u", append(s.nodes[:len(s.nodes):len(s.nodes)], "fresh")...)
		event(4, "-d", s.nodes...)
		event(4, "-f", s.nodes...)
		event(6, "-q", "0", "1", "true", "false")
		event(10, "-w", "1", "0")
		for _, option := range []string{"-g", "-r", "-b", "-e"} {
			event(4, option, s.tickets...)
		}
		for range s.IntN(3) {
			event(1, "-i", s.operation())
		}
	}
	if s.IntN(8) == 0 {
		event(1, "-F", s.operation())
	}
	event(15, "-t", "2023-11-14T22:00:00Z", "2023-12-01T00:00:00Z", "2024-02-01T12:30:00Z", "2023-11-14T23:13:20Z")
	var first, second []string
	first = append(first, one(s.Rand, "-S", "-S", "-S", "-S", "-R"))
	for _, option := range []string{"-A", "-c", "-a", "-j"} {
		if s.IntN(6) == 0 {
			first = append(first, option)
		}
	}
	second = one(s.Rand, []string{"-sSQ"}, []string{"-sSU"}, []string{"-sUQ"}, []string{"-sSA"},
		[]string{"--output-as=xml", "-S", "-A", "-c", "-s", "-U"}, []string{"--output-as=xml", "-S", "-s"}, []string{"--output-as=xml", "-R"})
	return [][]string{append(first, events...), append(second, events...)}
}

// operation is one with a result, as options have it.
func (s scene) operation() string {
	if len(s.probed) == 0 || len(s.nodes) == 0 {
		return "nobody_monitor_0@nowhere=7"
	}
	return fmt.Sprintf("%s_%s@%s=%s", one(s.Rand, s.probed...).id, one(s.Rand, "monitor_10000", "monitor_11000", "start_0", "stop_0", "monitor_0", "promote_0", "migrate_to_0"),
		one(s.Rand, s.nodes...), one(s.Rand, "0", "1", "5", "7", "8", "9", "1"))
}
