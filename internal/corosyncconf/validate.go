package corosyncconf

import (
	"fmt"

	"github.com/ringmaster-ha/ringmaster/internal/icmap"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// Validate makes the checks that come after everything is read, as corosync -t
// does: totem_config_validate. It sets NetMTU if that is not set. The error is
// an *InputError.
func (t *Totem) Validate(f *File) error {
	if err := t.validate(f); err != nil {
		return err
	}
	return nil
}

func (t *Totem) validate(f *File) *InputError {
	configured := 0
	for i := range t.Links {
		if t.Links[i].Configured {
			configured++
		}
	}
	if configured == 0 {
		return f.fail("No interfaces defined", "nodelist.node.0", "nodelist", "totem.interface", "totem")
	}
	if _, err := f.Map.GetUint32(localPosKey); err != nil {
		return f.fail("No valid name found for local host", "nodelist.node.0", "nodelist", "totem")
	}
	for i := range t.Links {
		if t.Links[i].Configured {
			if err := t.validateLink(f, i); err != nil {
				return err
			}
		}
	}
	if t.Version != 2 {
		return f.fail("This totem parser can only parse version 2 configurations.", "totem.version", "totem")
	}
	if err := t.validateVolatile(f); err != nil {
		return err
	}
	if err := f.duplicateID(); err != nil {
		return err
	}
	switch t.LinkMode {
	case "active", "rr", "passive":
	default:
		return f.fail(fmt.Sprintf("The Knet link mode \"%s\" specified is invalid.  It must be active, passive or rr.", t.LinkMode), "totem.link_mode")
	}
	if t.Transport != Knet {
		if configured > 1 {
			return f.fail(fmt.Sprintf("%d is too many configured interfaces for non-Knet transport.", configured), "totem.transport", "totem")
		}
		if t.Crypto.Enabled() {
			return f.fail("crypto_cipher & crypto_hash are only valid for the Knet transport.", "totem.crypto_cipher", "totem.crypto_hash", "totem.secauth")
		}
	}
	if t.NetMTU == 0 {
		t.NetMTU = udpNetMTU
		if t.Transport == Knet {
			t.NetMTU = knetNetMTU
		}
	}
	// The reference has no such check and aborts when it starts to send.
	switch {
	case t.Transport == Knet:
	case t.NetMTU < udpNetMTUMin:
		return f.fail(fmt.Sprintf("The netmtu parameter (%d bytes) may not be less than (%d bytes).", t.NetMTU, udpNetMTUMin), "totem.netmtu")
	case t.NetMTU > udpNetMTUMax:
		return f.fail(fmt.Sprintf("The netmtu parameter (%d bytes) may not be more than (%d bytes).", t.NetMTU, udpNetMTUMax), "totem.netmtu")
	}
	return nil
}

func (t *Totem) validateLink(f *File, i int) *InputError {
	l := &t.Links[i]
	fail := func(item, format string) *InputError {
		key := linkItem(uint32(i), item)
		return f.fail(fmt.Sprintf(format, i), key, "totem.interface", "totem")
	}
	switch {
	case t.Transport == UDP && !l.Mcast.IsValid():
		return fail("mcastaddr", "No multicast address specified for interface %d")
	case l.Port == 0:
		return fail("mcastport", "No multicast port specified for interface %d")
	case t.Transport != UDP && l.TTL != 1:
		return fail("ttl", "Can only set ttl on multicast transport types for interface %d")
	case t.Transport != Knet && l.Knet.Priority != 1:
		return fail("knet_link_priority", "Can only set link priority on knet transport type for interface %d")
	case l.Mcast.Is6() && t.NodeID == 0:
		return fail("mcastaddr", "An IPV6 network requires that a node ID be specified for interface %d")
	}
	if t.Transport == UDP && !t.Broadcast {
		if l.Mcast.Is6() != l.BindNet.Is6() || !l.BindNet.IsValid() {
			return fail("mcastaddr", "Multicast address family does not match bind address family for interface %d")
		}
		if l.Mcast.Is4() && !l.Mcast.IsMulticast() {
			return fail("mcastaddr", "mcastaddr is not a correct multicast address for interface %d")
		}
	}
	return nil
}

// validateVolatile checks timeouts against each other, and the nodes' names
// and addresses: totem_volatile_config_validate.
func (t *Totem) validateVolatile(f *File) *InputError {
	v := &t.Volatile
	for _, c := range []struct {
		bad  bool
		text string
		keys []string // what it is about, the first one foremost
	}{
		tooShort(v.MaxNetworkDelay, "max_network_delay", "totem.max_network_delay"),
		tooShort(v.Token, "token timeout", "totem.token"),
		{v.TokenWarning > 100, fmt.Sprintf("The token warning parameter (%d%%) must be between 0 (disabled) and 100.", int32(v.TokenWarning)),
			[]string{"totem.token_warning"}},
		{v.TokenRetransmit < minTimeout && !f.isUint32("totem.token_retransmit"),
			"Not appropriate token or token_retransmits_before_loss_const value set",
			[]string{"totem.token_retransmits_before_loss_const", "totem.token"}},
		tooShort(v.TokenRetransmit, "token retransmit timeout", "totem.token_retransmit"),
		{v.Hold < minTimeoutHold, fmt.Sprintf("The token hold timeout parameter (%d ms) may not be less than (%d ms).", int32(v.Hold), minTimeoutHold),
			[]string{"totem.hold", "totem.token_retransmit"}},
		tooShort(v.Join, "join timeout", "totem.join"),
		tooShort(v.Consensus, "consensus timeout", "totem.consensus", "totem.token"),
		{v.Consensus < v.Join, fmt.Sprintf("The consensus timeout parameter (%d ms) may not be less than join timeout (%d ms).", int32(v.Consensus), int32(v.Join)),
			[]string{"totem.consensus", "totem.join", "totem.token"}},
		tooShort(v.Merge, "merge timeout", "totem.merge"),
		tooShort(v.Downcheck, "downcheck timeout", "totem.downcheck"),
	} {
		if c.bad {
			return f.fail(c.text, append(c.keys, "totem")...)
		}
	}
	return t.validateNodes(f)
}

// tooShort is the check that most timeouts share. Numbers print as C's %d does.
func tooShort(ms uint32, what string, keys ...string) (c struct {
	bad  bool
	text string
	keys []string
}) {
	c.bad = ms < minTimeout
	c.text = fmt.Sprintf("The %s parameter (%d ms) may not be less than (%d ms).", what, int32(ms), minTimeout)
	c.keys = keys
	return c
}

func (f *File) isUint32(key string) bool {
	_, err := f.Map.GetUint32(key)
	return err == nil
}

func (t *Totem) validateNodes(f *File) *InputError {
	links, nodes := 0, 0
	for i := range t.Links {
		if t.Links[i].Configured {
			if links == 0 {
				nodes = len(t.Links[i].Members)
			}
			links++
		}
	}
	if links > 1 {
		for i := range nodes {
			if _, err := f.Map.GetString(nodeItem(uint32(i), "name")); err != nil {
				return f.fail("for a multi-link configuration, all nodes must have a 'name' attribute", fmt.Sprintf("nodelist.node.%d", i), "nodelist", "totem")
			}
		}
		for i := range t.Links {
			if t.Links[i].Configured && len(t.Links[i].Members) != nodes {
				return f.fail("Not all nodes have the same number of links", "nodelist", "totem")
			}
		}
	}
	for i := range t.Links {
		l := &t.Links[i]
		for _, m := range l.Members {
			if l.Configured && m.Addr.Is4() != l.Members[0].Addr.Is4() {
				return f.fail(fmt.Sprintf("Nodes for link %d have different IP families (compared %s with %s)", i, m.Addr, l.Members[0].Addr), "nodelist", "totem")
			}
		}
	}
	return nil
}

// Changed works out what a change of one key that IsVolatile means; deleted
// tells that the key is gone. The new values are returned and stored in the map
// below runtime.config, unless they do not fit together: then nothing changes,
// other than in the reference, which goes on with them.
func (t *Totem) Changed(env *Env, m *icmap.Map, key string, deleted bool) (*Totem, error) {
	gone := ""
	if deleted {
		gone = key
	}
	n := *t
	trial := m.Clone()
	n.Volatile = readVolatile(trial, gone, len(t.Links[0].Members))
	if err := n.validateVolatile(&File{Name: "cmap", Map: trial}); err != nil {
		env.logf(loglevel.Error, "parse error in config: %s", err.Text)
		return t, err
	}
	readVolatile(m, gone, len(t.Links[0].Members))
	return &n, nil
}
