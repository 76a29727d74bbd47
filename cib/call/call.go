// Package call is how a CIB is asked for something, whoever asks and by whatever way: the
// operation, what it is about, and the options as bits (include/crm/cib/cib_types.h of
// Pacemaker 2.1.5). Package client carries Requests to a daemon or a file; cores that have a
// Host do it for them name them without knowing of connections.
package call

import (
	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/ops"
)

// Operations that only a daemon does; those of package ops are for all.
const (
	Noop         ops.Op = "noop"
	Ping         ops.Op = "ping" // answers with the version and the digest
	Sync         ops.Op = "cib_sync"
	SyncOne      ops.Op = "cib_sync_one"
	IsPrimary    ops.Op = "cib_ismaster" // no error: the node's is the primary instance
	SetPrimary   ops.Op = "cib_master"
	SetSecondary ops.Op = "cib_slave"
	Shutdown     ops.Op = "cib_shutdown_req"
	DeleteExact  ops.Op = "cib_delete_alt"
)

// Options are a request's options, as bits (enum cib_call_options).
type Options uint32

// The options.
const (
	Verbose        Options = 0x1
	XPath          Options = 0x2 // the section is an XPath
	Multiple       Options = 0x4 // and means all that it finds
	CanCreate      Options = 0x8
	DiscardReply   Options = 0x10
	NoChildren     Options = 0x20
	XPathAddress   Options = 0x40 // a query answers with paths
	MixedUpdate    Options = 0x80
	ScopeLocal     Options = 0x100 // this node's copy will do
	DryRun         Options = 0x200
	SyncCall       Options = 0x1000 // the request waits for its answer; Do sets it
	NoTime         Options = 0x2000
	ZeroCopy       Options = 0x4000
	NoNotification Options = 0x10000
	QuorumOverride Options = 0x100000
	NoBroadcast    Options = 0x1000000
	ForceDiff      Options = 0x10000000
)

// Request is what to do.
type Request struct {
	Op      ops.Op
	Host    string // the node that shall do it, "" for whoever does that
	Section string // or XPath; "" for all
	Data    *etree.Element
	Options Options
	// User is in whose name, which root and the cluster's user may say; "" for who CIB_user
	// names, or else one's own.
	User string
}
