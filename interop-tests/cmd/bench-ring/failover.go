package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

const (
	// defaultToken is corosync's own, in ms before the coefficient for the third
	// node is added; the links' ping interval and timeout follow from it.
	defaultToken = 3000
	// settle is how long links that have come up are given up later than
	// configured: libknet begins at ten times the ping timeout and comes down by
	// one each second.
	settle = 12 * time.Second
	// paced is how long messages are sent, every pace milliseconds: beyond the
	// time in which any ping timeout of the default passes.
	paced, pace = 8, 2
)

// failover cuts the one of two links that is in use, among all nodes, under a
// steady load: how long nothing is delivered, and until when all nodes have
// logged that the link to each other one is down.
func (s *suite) failover() {
	c, g := s.both(defaultToken, 2, func(cl *cluster) []float64 {
		all := cl.Hosts()
		cl.Eventually(time.Minute, "both links are up", func() bool {
			for _, h := range all {
				if strings.Count(h.Exec("corosync-cfgtool", "-s").Stdout, "\tconnected") != 2*(len(all)-1) {
					return false
				}
			}
			return true
		})
		time.Sleep(settle)
		done := make(chan lab.Result)
		go func() { done <- all[0].Exec(cl.tool, "pace", "64", fmt.Sprint(paced), fmt.Sprint(pace)) }()
		time.Sleep(2 * time.Second)
		var logged []int
		for _, h := range all {
			logged = append(logged, len(h.CorosyncLog()))
		}
		cut := time.Now()
		for i, a := range all {
			for _, b := range all[i+1:] {
				cl.SetLinkOn(0, a, b, lab.Fault{Cut: true})
			}
		}
		for i, h := range all {
			for strings.Count(h.CorosyncLog()[logged[i]:], "link: 0 is down") < len(all)-1 {
				if time.Since(cut) > time.Minute {
					panic(fmt.Sprintf("%v: a link that is cut stays up for a minute", cl.kind))
				}
				time.Sleep(2 * time.Millisecond)
			}
		}
		detected := time.Since(cut)
		var gap float64
		r := <-done
		if _, err := fmt.Sscan(r.Stdout, &gap); err != nil {
			panic(fmt.Sprintf("cpgbench said %q%q: %v", r.Stdout, r.Stderr, err))
		}
		if log := all[0].CorosyncLog()[logged[0]:]; strings.Contains(log, "A new membership") {
			panic(fmt.Sprintf("%v: a link's failure changed the membership:\n%s", cl.kind, log))
		}
		return []float64{float64(detected.Milliseconds()), gap}
	})
	table.Row("a cut link is known to be down, token 3000", c[0], g[0], "ms", false)
	table.Row("longest time without a message meanwhile", c[1], g[1], "ms", false)
}
