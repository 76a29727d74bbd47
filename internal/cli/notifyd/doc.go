// Package notifyd is corosync-notifyd(8): it follows the local daemon and tells of
// nodes that come and go, of quorum, of programs that connect and of knet's links,
// by syslog, on standard error, as D-Bus signals or as SNMP traps. Options, texts,
// signals, traps and exit statuses are those of the reference's
// tools/corosync-notifyd.c.
//
//	cmap, its statistics, quorum --watcher--> events --> one goroutine --> notifiers
//
// Events of one source stay in order. What is deliberately otherwise:
//
//   - A connection to D-Bus that is lost, or could not be made, is made anew with the
//     next event; the reference says nothing more for good.
//   - libqb's own debugging is not among what -o prints.
//
// What is kept though it looks wrong: the D-Bus signal for a link is called
// QuorumStateChange, and there is no trap for a program's connection.
package notifyd
