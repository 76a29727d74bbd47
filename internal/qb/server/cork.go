package server

import (
	"sync"
	"sync/atomic"
)

// Cork holds back the notifications of events while a batch of them is made,
// so that each client of any server that shares the Cork is woken once. Events
// go into the clients' rings all the same.
type Cork struct {
	mu    sync.Mutex
	held  atomic.Int32 // changes under mu only
	dirty []*Conn
}

// Hold begins a batch; batches nest.
func (k *Cork) Hold() {
	k.mu.Lock()
	k.held.Add(1)
	k.mu.Unlock()
}

// Release ends a batch; the end of the outermost sends what was held back.
func (k *Cork) Release() {
	k.mu.Lock()
	var dirty []*Conn
	if k.held.Add(-1) == 0 {
		dirty, k.dirty = k.dirty, nil
	}
	k.mu.Unlock()
	for _, c := range dirty {
		c.mu.Lock()
		c.corked = false
		c.notify()
		c.mu.Unlock()
	}
	if cap(dirty) > 0 {
		clear(dirty)
		k.mu.Lock()
		if k.dirty == nil {
			k.dirty = dirty[:0]
		}
		k.mu.Unlock()
	}
}

// hold reports whether c must wait for Release. Precondition: c.mu is held.
func (k *Cork) hold(c *Conn) bool {
	if k.held.Load() == 0 { // the usual case costs no lock
		return false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.held.Load() == 0 {
		return false
	}
	k.dirty = append(k.dirty, c)
	return true
}
