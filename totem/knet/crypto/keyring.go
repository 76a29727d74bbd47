package crypto

import (
	"errors"
	"fmt"

	"github.com/ringmaster-ha/ringmaster/totem/knet/wire"
)

// Slots is how many instances a Keyring can hold, numbered from 1
// (KNET_MAX_CRYPTO_INSTANCES).
const Slots = 2

// ErrInUse refuses to replace the instance that seals.
var ErrInUse = errors.New("crypto config is in use")

// ErrEmpty refuses to seal with a slot that holds nothing.
var ErrEmpty = errors.New("crypto config is not set")

// Keyring is the crypto configurations of a node. Packets are sealed with the one
// in use, or sent in clear if that is none, and opened with any.
//
// While a cluster changes its key, each node first sets the new instance in the
// slot that is free, so that it opens packets of either; once every node has
// done so each begins to use it, and when that is done everywhere each clears
// the old slot. To turn encryption on or off clear traffic is allowed meanwhile.
// A node that is late with the second step would be heard by nobody any more: it
// may do it as soon as it sees that another has (Await, Follow).
//
// The zero value sends in clear and refuses everything it receives.
type Keyring struct {
	slots      [1 + Slots]*Instance // slot 0 stays empty
	use        int
	allowClear bool

	opened   int // slot of the packet opened last, 0 if it was in clear
	next     int // what Follow goes over to
	awaiting bool
}

// Set puts an instance into a slot, 1 or 2, or empties it with nil. The slot in
// use is refused with ErrInUse.
func (k *Keyring) Set(slot int, i *Instance) error {
	if slot < 1 || slot > Slots {
		return fmt.Errorf("knet/crypto: slot %d: want 1 to %d", slot, Slots)
	}
	if k.use == slot {
		return ErrInUse
	}
	k.slots[slot] = i
	return nil
}

// Use seals from now on with the instance of a slot, or with none if slot is 0.
// The sizes of packets change with it, so that MTUs must be computed again.
func (k *Keyring) Use(slot int) error {
	if slot < 0 || slot > Slots {
		return fmt.Errorf("knet/crypto: slot %d: want 0 to %d", slot, Slots)
	}
	if slot > 0 && k.slots[slot] == nil {
		return ErrEmpty
	}
	k.use, k.awaiting = slot, false
	return nil
}

// Await lets Follow go over to a slot, or to none if slot is 0, until Use is
// called: that the other nodes are about to use.
func (k *Keyring) Await(slot int) { k.next, k.awaiting = slot, true }

// Follow goes over to the awaited slot if the packet opened last was sealed with
// it, and tells whether it has. The caller has made sure that a peer sent it.
func (k *Keyring) Follow() bool {
	if !k.awaiting || k.opened != k.next || k.use == k.next {
		return false
	}
	return k.Use(k.next) == nil
}

// Used is the slot that seals, 0 for none.
func (k *Keyring) Used() int { return k.use }

// AllowClear says whether packets that no instance opens are taken as they are.
func (k *Keyring) AllowClear(allow bool) { k.allowClear = allow }

// Sizes is what sealing adds to a packet now.
func (k *Keyring) Sizes() wire.Security {
	if k.use == 0 {
		return wire.Security{}
	}
	return k.slots[k.use].sizes
}

// Seal appends a packet of head and body to dst, sealed by the instance in use;
// see Instance.Seal.
func (k *Keyring) Seal(dst, head, body []byte) []byte {
	if k.use == 0 {
		return append(append(dst, head...), body...)
	}
	return k.slots[k.use].Seal(dst, head, body)
}

// Fill appends a packet of head and body to dst, which SealFilled seals; see
// Instance.Fill. Nothing may be set or used otherwise in between.
func (k *Keyring) Fill(dst, head, body []byte) []byte {
	if k.use == 0 {
		return append(append(dst, head...), body...)
	}
	return k.slots[k.use].Fill(dst, head, body)
}

// SealFilled seals packets that Fill has made; see Instance.SealFilled.
func (k *Keyring) SealFilled(packets [][]byte) {
	if k.use != 0 {
		k.slots[k.use].SealFilled(packets)
	}
}

// Open opens a packet with the instance in use, then with the other; see
// Instance.Open. sealed is false if neither could and the packet is returned as
// it came, because clear traffic is allowed. The error is that of the first
// instance tried, or ErrClear if there is none.
//
// A plaintext that does not begin as all packets do is not taken but counts as
// ErrGarbled: when a reload changes the cipher and neither key nor hash, one in
// 256 packets passes the test of its padding by chance under the other cipher.
// The reference loses those.
func (k *Keyring) Open(buf, packet []byte) (plain []byte, sealed bool, err error) {
	for n := range 1 + Slots {
		slot := n // the slots in order, but the one in use instead of slot 0
		switch n {
		case 0:
			slot = k.use
		case k.use:
			continue
		}
		i := k.slots[slot]
		if i == nil {
			continue
		}
		plain, e := i.Open(buf, packet)
		switch {
		case e != nil:
		case len(plain) > 0 && plain[0] == wire.Version:
			k.opened = slot
			return plain, true, nil
		default:
			e = ErrGarbled
		}
		if err == nil {
			err = e
		}
	}
	if k.allowClear {
		k.opened = 0
		return packet, false, nil
	}
	if err == nil {
		err = ErrClear
	}
	return nil, false, err
}
