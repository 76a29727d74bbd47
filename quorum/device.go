package quorum

import (
	"context"
	"fmt"

	"github.com/ringmaster-ha/ringmaster/quorum/wire"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// MaxDeviceName is the longest name of a quorum device, in bytes.
const MaxDeviceName = wire.NameSize - 1

func checkName(name string) error {
	if err := wire.CheckDeviceName(name); err != nil {
		return fmt.Errorf("%w: %w", err, ErrInvalidParam)
	}
	return nil
}

// RegisterDevice announces a quorum device on this node. It does not count
// before it polls. All nodes of a cluster must give their device the same name.
func (v *Votes) RegisterDevice(ctx context.Context, name string) error {
	if err := checkName(name); err != nil {
		return err
	}
	return v.status(ctx, "register device", wire.QdeviceName{Name: name}.AppendTo(nil, wire.ReqQdeviceRegister))
}

// UnregisterDevice takes it back.
func (v *Votes) UnregisterDevice(ctx context.Context, name string) error {
	if err := checkName(name); err != nil {
		return err
	}
	return v.status(ctx, "unregister device", wire.QdeviceName{Name: name}.AppendTo(nil, wire.ReqQdeviceUnregister))
}

// RenameDevice renames the device on all nodes.
func (v *Votes) RenameDevice(ctx context.Context, from, to string) error {
	for _, name := range []string{from, to} {
		if err := checkName(name); err != nil {
			return err
		}
	}
	return v.status(ctx, "rename device", wire.QdeviceUpdate{OldName: from, NewName: to}.AppendTo(nil))
}

// PollDevice says that the device lives and whether it gives its votes to this
// node. It must be repeated within quorum.device.timeout. ring is the one that
// the device has decided about, from a [Nodes] event; about another than the
// present one the poll is refused with ErrMessage.
func (v *Votes) PollDevice(ctx context.Context, name string, vote bool, ring totem.RingID) error {
	if err := checkName(name); err != nil {
		return err
	}
	return v.status(ctx, "poll device", wire.QdevicePoll{Name: name, CastVote: number(vote), Ring: ring}.AppendTo(nil))
}

// SetMasterWins says whether the part of the cluster that has the device's
// votes is quorate in any case.
func (v *Votes) SetMasterWins(ctx context.Context, name string, allow bool) error {
	if err := checkName(name); err != nil {
		return err
	}
	return v.status(ctx, "set master wins", wire.QdeviceMasterWins{Name: name, Allow: number(allow)}.AppendTo(nil))
}

func number(b bool) uint32 {
	if b {
		return 1
	}
	return 0
}
