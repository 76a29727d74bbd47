package corosyncconf

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/icmap"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// Changes is what a reload means for the ring.
type Changes struct {
	Totem *Totem
	// Added and Removed are members of each link that have come and gone.
	Added, Removed [LinkMax][]Member
	// Crypto tells that cipher, hash or key have changed.
	Crypto bool
}

// sections are those in which a key that has gone from the file goes from the
// map too.
var reloadedSections = []string{"logging.", "totem.", "nodelist.", "quorum.", "uidgid.config.", "nozzle."}

// fixedKeys cannot be changed while the daemon runs.
var fixedKeys = []string{
	"totem.version", "totem.threads", "totem.ip_version", "totem.rrp_mode", "totem.netmtu",
	"totem.interface.ringnumber", "totem.interface.bindnetaddr", "totem.interface.mcastaddr",
	"totem.interface.broadcast", "totem.interface.mcastport", "totem.interface.ttl",
	"totem.transport", "totem.cluster_name", "quorum.provider",
	"system.move_to_root_cgroup", "system.allow_knet_handle_fallback", "system.sched_rr", "system.priority",
	"system.qb_ipc_type", "system.state_dir",
}

// Reload reads the files again and brings the map to what they say: the
// reload of exec/cfg.c. Trackers see config.reload_in_progress go to 1 before
// the first change and back to 0 after the last.
//
// Other than in the reference, everything is read and checked, by the other
// parts' checks too, before anything
// is changed: after an error the map is as it was, but for
// config.reload_status and the two marks of progress. What ails the reload has
// been logged when Reload returns; the error is an *InputError.
func Reload(env *Env, old *Totem, m *icmap.Map, file string, checks ...Check) (*Changes, error) {
	m.SetUint8("config.totemconfig_reload_in_progress", 1)
	f, err := Parse(env, file)
	if err != nil {
		env.reloadf(loglevel.Error, "Unable to reload config file: %v", err)
		m.SetUint8("config.totemconfig_reload_in_progress", 0)
		return nil, err
	}
	m.SetUint8("config.reload_in_progress", 1)
	c, gone, fault := prepare(env, old, m, f, checks)
	status := int32(1)
	if fault == nil {
		for _, key := range gone {
			m.Delete(key)
		}
		for key, v := range f.Map.Iterate("") {
			m.Set(key, v)
		}
	} else {
		status = 7 // CS_ERR_INVALID_PARAM
		err = fault
	}
	m.SetInt32("config.reload_status", status)
	m.SetUint8("config.totemconfig_reload_in_progress", 0)
	m.SetUint8("config.reload_in_progress", 0)
	return c, err
}

// prepare works out what a file means for a running daemon, and changes
// nothing but the file's own map.
func prepare(env *Env, old *Totem, m *icmap.Map, f *File, checks []Check) (*Changes, []string, *InputError) {
	var gone []string
	for _, prefix := range reloadedSections {
		for key := range m.Iterate(prefix) {
			if _, err := f.Map.Get(key); err != nil {
				gone = append(gone, key)
			}
		}
	}
	for _, key := range fixedKeys {
		is, err := m.Get(key)
		want, wantErr := f.Map.Get(key)
		if wantErr == nil && (err != nil || is != want) {
			f.Map.Delete(key)
			env.reloadf(loglevel.Notice, "Modified entry '%s' in corosync.conf cannot be changed at run-time", key)
		}
	}
	c := &Changes{}
	t, err := reread(env, old, f)
	if err != nil {
		env.reloadf(loglevel.Error, "Cannot configure new interface definitions: %s", err.Text)
		return nil, nil, err
	}
	c.Totem = t
	t.Volatile = readVolatile(f.Map, "", len(t.Links[0].Members))
	t.knetPingTimers(f.Map)
	r := &reader{env: env, f: f, m: f.Map, t: t}
	if err := r.crypto(); err != nil {
		env.reloadf(loglevel.Error, "Crypto configuration is not valid: %s", err.Text)
		return nil, nil, err
	}
	c.Crypto = t.Crypto.differs(&old.Crypto)
	err = t.validateVolatile(f)
	if err == nil {
		err = f.duplicateID()
	}
	for i := 0; err == nil && i < len(checks); i++ {
		err = f.check(checks[i])
	}
	if err != nil {
		env.reloadf(loglevel.Error, "Configuration is not valid: %s", err.Text)
		return nil, nil, err
	}
	for i := range t.Links {
		c.Removed[i] = without(old.Links[i].Members, t.Links[i].Members)
		c.Added[i] = without(t.Links[i].Members, old.Links[i].Members)
		for _, m := range c.Removed[i] {
			env.logf(loglevel.Debug, "removing dynamic member %s for ring %d", m.Addr, i)
		}
		for _, m := range c.Added[i] {
			env.logf(loglevel.Debug, "adding dynamic member %s for ring %d", m.Addr, i)
		}
	}
	// Keys that reread has made again must not vanish in between.
	gone = slices.DeleteFunc(gone, func(key string) bool {
		_, err := f.Map.Get(key)
		return err == nil
	})
	return c, gone, nil
}

// reread reads links and nodes anew on top of what cannot change.
func reread(env *Env, old *Totem, f *File) (*Totem, *InputError) {
	t := *old
	t.Volatile = Volatile{}
	if t.Transport == Knet {
		t.Links = [LinkMax]Link{}
	} else {
		clear(t.Links[1:])
	}
	r := &reader{env: env, f: f, m: f.Map, t: &t}
	if err := r.interfaces(true); err != nil {
		return nil, err
	}
	if err := r.members(); err != nil {
		return nil, err
	}
	if err := unmoved(env, old, &t, f); err != nil {
		return nil, err
	}
	return &t, nil
}

// unmoved refuses to change a node's address: that takes a removal and an
// addition.
func unmoved(env *Env, old, t *Totem, f *File) *InputError {
	moved := false
	for i := range t.Links {
		l, was := &t.Links[i], &old.Links[i]
		if !l.Configured || !was.Configured {
			continue
		}
		if l.Knet.SCTP != was.Knet.SCTP {
			env.logf(loglevel.Error, "New config has different knet transport for link %d. Internal value was NOT changed.", i)
			moved = true
		}
		for _, m := range l.Members {
			for _, o := range was.Members {
				if m.NodeID == o.NodeID && m.Addr != o.Addr {
					env.logf(loglevel.Error, "new config has different address for link %d (addr changed from %s to %s). Internal value was NOT changed.", i, o.Addr, m.Addr)
					moved = true
				}
			}
		}
	}
	if moved {
		return f.fail("To reconfigure an interface it must be deleted and recreated. A working interface needs to be available to corosync at all times", "nodelist", "totem.interface")
	}
	return nil
}

// without are the members of a that b has not.
func without(a, b []Member) []Member {
	var out []Member
	for _, m := range a {
		if !slices.Contains(b, m) {
			out = append(out, m)
		}
	}
	return out
}

// Describe is the dump of the values in use that the reference logs at debug
// level after a change.
func (t *Totem) Describe() []string {
	v := &t.Volatile
	lines := []string{fmt.Sprintf("Token Timeout (%d ms) retransmit timeout (%d ms)", v.Token, v.TokenRetransmit)}
	if v.TokenWarning == 0 {
		lines = append(lines, "Token warnings disabled")
	} else {
		ms := v.TokenWarning * v.Token / 100
		lines = append(lines, fmt.Sprintf("Token warning every %d ms (%d%% of Token Timeout)", ms, v.TokenWarning))
		if ms < v.TokenRetransmit {
			lines = append(lines, fmt.Sprintf("The token warning interval (%d ms) is less than the token retransmit timeout (%d ms) "+
				"which can lead to spurious token warnings. Consider increasing the token_warning parameter.", ms, v.TokenRetransmit))
		}
	}
	rest := fmt.Sprintf(`token hold (%d ms) retransmits before loss (%d retrans)
join (%d ms) send_join (%d ms) consensus (%d ms) merge (%d ms)
downcheck (%d ms) fail to recv const (%d msgs)
seqno unchanged const (%d rotations) Maximum network MTU %d
window size per rotation (%d messages) maximum messages per rotation (%d messages)
missed count const (%d messages)
heartbeat_failures_allowed (%d)
max_network_delay (%d ms)`, v.Hold, v.RetransmitsBeforeLoss, v.Join, v.SendJoin, v.Consensus, v.Merge, v.Downcheck, v.FailRecvConst,
		v.SeqnoUnchangedConst, t.NetMTU, v.WindowSize, v.MaxMessages, v.MissCountConst, v.HeartbeatFailuresAllowed, v.MaxNetworkDelay)
	return append(lines, strings.Split(rest, "\n")...)
}
