package service

import (
	"github.com/ringmaster-ha/ringmaster/internal/mar"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// Idle is for an Engine to embed that has no use for most of the contract: a
// service without clients, that sends nothing and does not care who is there.
// What it does care for, it defines itself.
type Idle struct{}

// Deliver is not called: the service has no messages.
func (Idle) Deliver(totem.NodeID, int, []byte, mar.ByteOrder) {}

// ConfigChange is of no interest.
func (Idle) ConfigChange(*totem.ConfigChange) {}

// Open is not called: the service has no clients.
func (Idle) Open(Conn) error { return nil }

// Request is not called.
func (Idle) Request(Conn, int, []byte) {}

// Close is not called.
func (Idle) Close(Conn) {}

// Dump has nothing to tell.
func (Idle) Dump() {}

// Stop has nothing to undo.
func (Idle) Stop() {}
