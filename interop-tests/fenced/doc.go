// Package fenced compares our stonith_admin with the reference's on a real cluster: the
// same command lines, asked of the same fencer, have to have the same output and status,
// and to say the same to the fencer. With -update it makes the goldens of
// internal/cli/stonithadmin anew.
//
// TestSwap runs our fencer on some of three nodes, -mixtures gcc,gcg,ggg, or with our stonith_admin too, GGG, below the reference's
// other daemons: devices with lists, maps, statuses and parameters of all kinds, fencing
// from every node, failures, timeouts, topology, relays, the history. What the tool says,
// what a recording agent reads and what is remembered has to be what it is with the
// reference's fencers alone (testdata/swap.txt).
//
// TestLost has such clusters lose nodes and fence them by themselves, with an agent that really
// takes a host's power. A resource holds a lock of the machine while it is active: nobody may
// start it a second time, and no fencer may call a node fenced whose power was not taken.
//
// TestWatchdog leaves fencing to the nodes themselves: SBD watches them, and the test is the
// watchdogs that SBD has not got here. Nodes lose their power, are asked to reset themselves and
// lose the others; and end for good when they are to be faster than SBD.
package fenced
