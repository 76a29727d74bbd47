package server

import "sync"

// Cork holds back the notifications of events while a batch of them is made,
// so that each client of any server that shares the Cork is woken once. Events
// go into the clients' rings all the same.
type Cork struct {
	mu    sync.Mutex
	held  int
	dirty []*Conn
}

// Hold begins a batch; batches nest.
func (k *Cork) Hold() {
	k.mu.Lock()
	k.held++
	k.mu.Unlock()
}

// Release ends a batch; the end of the outermost sends what was held back.
func (k *Cork) Release() {
	k.mu.Lock()
	k.held--
	var dirty []*Conn
	if k.held == 0 {
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
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.held == 0 {
		return false
	}
	k.dirty = append(k.dirty, c)
	return true
}
