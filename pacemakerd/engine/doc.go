// Package engine is pacemakerd, which starts Pacemaker's daemons on a node, watches them and stops
// them, as a state machine without I/O (daemons/pacemakerd/ of Pacemaker 2.1.5).
// internal/cli/pacemakerd is the program around it.
//
//	Begin: find daemons that run already    shutdown                  stop the last that runs,
//	  init --> (wait_for_ping) --> starting_daemons --> running --> shutting_down --> shutdown_complete
//	                of SBD            start the others              then the one before     SBD has read it
//
// Daemons (table.go) start in the order of the table and stop in the reverse, one after the
// other. One that ends is started again, unless it says that the node shall stay down (exit
// status CRM_EX_FATAL) or be reset (CRM_EX_PANIC), has ended more than MaxRespawn times, or a
// shutdown is under way. In turn, one each CheckInterval, they are connected to; one that runs
// and does not answer CheckRetries times is killed.
//
// An Engine is told what happens with the time at which it does, and acts through its Host:
// nothing of a Host may call the Engine back. It arms no timer: NextDeadline is when Tick is
// due. What takes time, Host.Probe, is answered later by Answer. None of it is safe for
// concurrent use.
//
// # Invariants
//
//   - No daemon is started while one of its kind is known to run: its process has ended
//     (Exited), or for one that was adopted there is neither process nor service.
//   - When a daemon is told to stop, all those behind it in the table have ended, and none is
//     started from then on.
//   - Done is called once, and nothing after it.
//
// # Deviations from the reference
//
// A daemon that has died while corosync lets nobody in ("Not respawning ... until cluster
// returns") is tried again each RetryInterval. The reference waits for the connection to
// corosync to be lost and to come back, which it may never do.
//
// The look for services does not keep pacemakerd from answering its clients. A daemon that
// was adopted later, because it was found serving in place of one that had ended, is
// watched like one that ran before; there its end would go unseen. While one that was adopted
// is to stop, it is looked at each CheckInterval, and not in turn. That there is no process
// for another daemon is tried again, where the reference aborts. Processes of number 1, which
// stand for ones that cannot be known on other systems, are as all others.
package engine
