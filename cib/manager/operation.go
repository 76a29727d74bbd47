package manager

import (
	"github.com/ringmaster-ha/ringmaster/cib/ops"
)

// The operations that package ops does not have.
const (
	opPrimary      ops.Op = "cib_master"
	opSecondary    ops.Op = "cib_slave"
	opAllSecondary ops.Op = "cib_slave_all"
	opIsPrimary    ops.Op = "cib_ismaster"
	opSync         ops.Op = "cib_sync"
	opSyncOne      ops.Op = "cib_sync_one"
	opDeleteAlt    ops.Op = "cib_delete_alt"
	opNoop         ops.Op = "noop"
	opShutdown     ops.Op = "cib_shutdown_req"
	opPing         ops.Op = "ping"

	// These are of the connection, and no operations.
	register  = "register"
	notifyReq = typeNotify
)

// operation is what is known of one (cib_server_ops).
type operation struct {
	modifies   bool
	privileged bool // not for clients that may only read
	data       bool // takes data
}

var operations = map[ops.Op]operation{
	ops.Query:      {},
	ops.Modify:     {modifies: true, privileged: true, data: true},
	ops.Patch:      {modifies: true, privileged: true, data: true},
	ops.Replace:    {modifies: true, privileged: true, data: true},
	ops.Create:     {modifies: true, privileged: true, data: true},
	ops.Delete:     {modifies: true, privileged: true, data: true},
	opDeleteAlt:    {modifies: true, privileged: true, data: true},
	ops.Bump:       {modifies: true, privileged: true},
	ops.Erase:      {modifies: true, privileged: true},
	ops.Upgrade:    {modifies: true, privileged: true},
	opPrimary:      {modifies: true, privileged: true, data: true},
	opSecondary:    {privileged: true},
	opAllSecondary: {privileged: true},
	opIsPrimary:    {privileged: true},
	opSync:         {privileged: true},
	opSyncOne:      {privileged: true},
	opShutdown:     {privileged: true},
	opNoop:         {},
	opPing:         {},
}
