package knet

import (
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/knet/crypto"
)

// rekey is how far the change of a key has come. There are two slots: the new key
// goes into the one that is free, so that what is sealed with either is read
// until every node seals with the new one.
type rekey struct {
	slot    int // of the configuration that counts, 1 or 2
	enabled bool
	forget  totem.Instant // when the old one is forgotten, totem.Never if there is none
}

// forgetAfter is how long after its last step a change of keys leaves the old one
// to be read.
const forgetAfter = 10 * time.Second

// setFirstKeys puts the keys in place with which the node starts.
func (t *Transport) setFirstKeys(c crypto.Config) error {
	t.rekey = rekey{slot: 1, enabled: c.Enabled(), forget: totem.Never}
	if !c.Enabled() {
		t.keys.AllowClear(true)
		return nil
	}
	if err := t.load(c); err != nil {
		return err
	}
	return t.keys.Use(t.rekey.slot)
}

// load puts a configuration into the slot that counts.
func (t *Transport) load(c crypto.Config) error {
	t.cfg.Log.Logf(loglevel.Debug, "Configuring crypto %s/%s/%s on index %d", c.Model, c.Cipher, c.Hash, t.rekey.slot)
	if !c.Enabled() {
		t.keys.AllowClear(true)
		return t.keys.Set(t.rekey.slot, nil)
	}
	i, err := crypto.New(c, t.salt.fill)
	if err != nil {
		return err
	}
	return t.keys.Set(t.rekey.slot, i)
}

// SetCrypto begins the change to another key, cipher or hash: packets of both are
// read from here on, and what is sent is sealed as before. It is the first of
// three steps, Activate and Cleanup follow when all nodes have done the one
// before.
//
// The ring's order alone does not see to that. A node of the reference carries a
// message out before it passes the token on, so that a step is done by all when its
// message has been around; ours passes it on from another thread. One that is late
// then has the new key while the others have forgotten the old one, and the token
// that would bring it the message for the next step is lost with it. It therefore
// seals with the new key as soon as it hears another do so.
func (t *Transport) SetCrypto(c crypto.Config) error {
	if t.rekey.forget != totem.Never {
		t.forget()
	}
	t.rekey.slot = 3 - t.rekey.slot
	t.rekey.enabled = c.Enabled()
	err := t.load(c)
	if err != nil {
		t.cfg.Log.Logf(loglevel.Error, "knet_handle_crypto_set_config (index %d) failed: %v", t.rekey.slot, err)
	}
	if err == nil {
		t.keys.Await(t.rekey.sealing())
	}
	t.cfg.Log.Logf(loglevel.Info, "kronosnet crypto reconfigured on index %d: %s/%s/%s", t.rekey.slot, c.Model, c.Cipher, c.Hash)
	return err
}

// sealing is the slot that is to seal once the change is done.
func (r *rekey) sealing() int {
	if !r.enabled {
		return 0
	}
	return r.slot
}

// Activate seals with the new key from now on.
func (t *Transport) Activate(now totem.Instant) {
	t.now = now
	t.sayPhase(1)
	slot := t.rekey.sealing()
	if slot == t.keys.Used() {
		return // another node was first
	}
	if err := t.keys.Use(slot); err != nil {
		t.cfg.Log.Logf(loglevel.Error, "knet_handle_crypto_use_config %d failed: %v", slot, err)
		return
	}
	t.core.Rekeyed(now)
	t.run()
}

// Cleanup has the old key forgotten, but not at once as the reference does: a node
// that has missed the message for its second step still seals with it, and what
// would bring it the message is the token that it passes on. That happens where one
// node is much slower than the others: libknet drops clear packets for as long as a
// node of the reference takes to load a configuration without a key.
func (t *Transport) Cleanup() {
	t.sayPhase(2)
	t.cfg.Log.Logf(loglevel.Debug, "Clearing old knet crypto config %d\n", 3-t.rekey.slot)
	t.rekey.forget = t.now.Add(forgetAfter)
}

// forget ends a change of keys.
func (t *Transport) forget() {
	t.rekey.forget = totem.Never
	old := 3 - t.rekey.slot
	if err := t.keys.Set(old, nil); err != nil {
		t.cfg.Log.Logf(loglevel.Error, "knet_handle_crypto_set_config to clear index %d failed: %v", old, err)
	}
	if t.rekey.enabled {
		t.keys.AllowClear(false)
	}
}

func (t *Transport) sayPhase(n int) {
	t.cfg.Log.Logf(loglevel.Debug, "totemknet_crypto_reconfigure_phase %d, index=%d\n", n, t.rekey.slot)
}
