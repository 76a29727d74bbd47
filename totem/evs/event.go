package evs

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/ringmaster-ha/ringmaster/totem"
)

// Proc is one life of one process on a node.
type Proc struct {
	Node totem.NodeID
	Life uint32 // incarnation or pid
}

func (p Proc) String() string { return fmt.Sprintf("%d/%d", p.Node, p.Life) }

// MsgID names a message: who sent it, and its number among those, from 1.
type MsgID struct {
	From Proc
	Seq  uint64
}

func (m MsgID) String() string { return fmt.Sprintf("%v/%d", m.From, m.Seq) }

func (m *message) String() string {
	if m == nil {
		return "none"
	}
	return m.id.String()
}

// Config is a configuration change as one process delivers it.
type Config struct {
	Type    totem.ConfigType
	Ring    totem.RingID // of a transitional one, the ring that it leads to
	Members []totem.NodeID
	Left    []totem.NodeID
	Joined  []totem.NodeID
	// Initial: the process comes into the middle of it.
	Initial bool
	// Lists: Left and Joined are known and checked.
	Lists bool
}

// Kind tells events apart.
type Kind uint8

// The kinds of events.
const (
	Send Kind = iota + 1
	Deliver
	Configure
	Crash
)

// Event is one event of one process.
type Event struct {
	Proc   Proc
	Kind   Kind
	Msg    MsgID   // Send, Deliver
	Sum    uint64  // Send, Deliver: checksum of the content, 0 when not known
	Config *Config // Configure
}

// Property is one of those of the package comment.
type Property string

// The properties, by the paper's names.
const (
	BasicDelivery                  Property = "basic delivery"
	DeliveryOfConfigurationChanges Property = "delivery of configuration changes"
	SelfDelivery                   Property = "self-delivery"
	FailureAtomicity               Property = "failure atomicity"
	VirtualSynchrony               Property = "virtual synchrony"
	CausalDelivery                 Property = "causal delivery"
	AgreedDelivery                 Property = "agreed delivery"
	TransitionalConfiguration      Property = "transitional configuration"
)

// Violation is an event that breaks a property.
type Violation struct {
	Property Property
	Proc     Proc
	Detail   string
}

func (v *Violation) Error() string {
	return fmt.Sprintf("evs: %s violated at %v: %s", v.Property, v.Proc, v.Detail)
}

func parseProc(s string) (Proc, error) {
	node, life, ok := strings.Cut(s, "/")
	if !ok {
		return Proc{}, fmt.Errorf("process %q: want node/process", s)
	}
	n, err := strconv.ParseUint(node, 10, 32)
	if err != nil {
		return Proc{}, fmt.Errorf("process %q: node: %w", s, err)
	}
	l, err := strconv.ParseUint(life, 10, 32)
	if err != nil {
		return Proc{}, fmt.Errorf("process %q: number: %w", s, err)
	}
	return Proc{totem.NodeID(n), uint32(l)}, nil
}

func parseMsgID(s string) (MsgID, error) {
	i := strings.LastIndexByte(s, '/')
	if i < 0 {
		return MsgID{}, fmt.Errorf("message %q: want node/process/number", s)
	}
	p, err := parseProc(s[:i])
	if err != nil {
		return MsgID{}, fmt.Errorf("message %q: %w", s, err)
	}
	n, err := strconv.ParseUint(s[i+1:], 10, 64)
	if err != nil || n == 0 {
		return MsgID{}, fmt.Errorf("message %q: number: want 1 or more", s)
	}
	return MsgID{p, n}, nil
}

func parseRing(s string) (totem.RingID, error) {
	rep, seq, _ := strings.Cut(s, ".")
	r, err := strconv.ParseUint(rep, 16, 32)
	if err != nil {
		return totem.RingID{}, fmt.Errorf("ring %q: representative: want hexadecimal", s)
	}
	q, err := strconv.ParseUint(seq, 16, 64)
	if err != nil {
		return totem.RingID{}, fmt.Errorf("ring %q: sequence: want hexadecimal", s)
	}
	return totem.RingID{Rep: totem.NodeID(r), Seq: q}, nil
}
