// Package lab makes hosts on one machine for the interop tests: each with its
// own network, mounts, processes and host name, its own /run, /var/lib/corosync,
// /var/lib/pacemaker, /var/log, /etc/corosync and /dev/shm, joined by a network
// that can be cut, slowed and made lossy between any two of them. On each host
// either the reference's programs run or ours, under the same names and paths.
//
//	l := lab.New(t, 3)
//	l.Host(1).Use(lab.Go)
//	l.WriteFile("/etc/corosync/corosync.conf", conf)
//	for _, h := range l.Hosts() { h.Start("corosync", "-f") }
//	l.Cut(l.Host(0), l.Host(2))
//	l.Host(1).Crash()
//
// It needs root, and nothing of it leaves the machine: the network is a switch
// in this process with one TAP device in each host. A program that uses the
// package calls Init first thing in main or TestMain, because a host's first
// process is this program again.
//
// Host.Copy lays a program of this machine on a host; Lab.OnDatagram shows what the
// hosts send.
//
// A scenario that has failed prints the end of its hosts' logs, and leaves them
// whole in the folder that RINGMASTER_KEEP names; with Lab.KeepFrames also what went
// over its networks.
//
// When the process ends, by whatever way, the kernel ends the hosts with it.
package lab
