package daemon

import (
	"fmt"
	"net/netip"

	"github.com/ringmaster-ha/ringmaster/internal/cfgwire"
	"github.com/ringmaster-ha/ringmaster/internal/cserr"
	"github.com/ringmaster-ha/ringmaster/internal/exitcode"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// actions is the Daemon as cfgsvc.Actions; under the service lock.
type actions struct{ *Daemon }

// Interfaces are this node's own links.
func (a actions) Interfaces() []cfgwire.Interface {
	var list []cfgwire.Interface
	for i := range a.totem.Links {
		for _, m := range a.totem.Links[i].Members {
			if a.totem.Links[i].Configured && m.NodeID == a.totem.NodeID {
				list = append(list, cfgwire.Interface{Name: fmt.Sprintf("%d %s", i, m.Addr), Status: a.net.status(i)})
			}
		}
	}
	return list
}

// NodeAddrs implements cfgsvc.Actions.
func (a actions) NodeAddrs(id totem.NodeID) []netip.Addr { return a.addresses(id) }

// NodeStatus asks the ring thread, which answers between two packets.
func (a actions) NodeStatus(id totem.NodeID) (cfgwire.NodeStatus, error) {
	out := cfgwire.NodeStatus{Node: id}
	var err error
	if out.Reachable, err = a.ring.Reachable(id); err == nil {
		err = a.net.links(id, &out)
	}
	if err != nil {
		return cfgwire.NodeStatus{}, cserr.TryAgain
	}
	return out, nil
}

// CryptoPhase implements cfgsvc.Actions.
func (a actions) CryptoPhase(phase uint32) { a.net.cryptoPhase(phase) }

// ReopenLogs opens the log files anew, away from the lock.
func (a actions) ReopenLogs(done func(error)) {
	go func() {
		err := a.log.Reopen()
		a.mu.Lock()
		defer a.mu.Unlock()
		done(err)
	}()
}

// Shutdown ends the daemon in order.
func (a actions) Shutdown() { a.end(ending{code: exitcode.Exit, orderly: true}) }

// Exit ends the daemon at once.
func (a actions) Exit(code exitcode.Code, where string) {
	a.end(ending{code: code, where: where})
}
