// Package cpg is a client of corosync's closed process groups, with no cgo. It
// works with our daemon and with the C one alike, as libcpg does.
//
// A process joins a group by its name. From then on it learns, in the same
// order as all other members on all nodes of the cluster, who joins and leaves,
// and what members multicast. That order is what the service is for: members
// that see the same inputs in the same order reach the same state.
//
//	conn, err := cpg.Dial(ctx, cpg.Options{})
//	...
//	defer conn.Close()
//	if err := conn.Join(ctx, "my-group"); err != nil { ... }
//	for {
//		ev, err := conn.Next(ctx)
//		...
//		switch ev := ev.(type) {
//		case *cpg.Message:      // ev.From, ev.Data
//		case *cpg.Membership:   // ev.Members, ev.Left, ev.Joined
//		case *cpg.RingChange:   // ev.Ring, ev.Nodes
//		}
//	}
//
// A Conn is in one group at a time; who wants several opens several. The
// process hears what it multicasts itself, in its place in the order: act then,
// not at the time of sending.
//
// # Waiting
//
// While the cluster's membership changes, and while its send queue is full,
// the daemon takes nothing. Methods with a context wait for it, until the
// context ends; TryMcast does not and returns ErrTryAgain.
//
// Somebody must call Next steadily: events that are not fetched use the
// daemon's memory.
//
// # Concurrency
//
// The methods of a Conn may be called from several goroutines. Next belongs to
// one at a time; events come in order only there.
package cpg
