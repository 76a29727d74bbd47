package status

import (
	"crypto/md5"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/internal/featureset"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// metaPrefix is what the names of meta-attributes begin with in the parameters
// of an operation.
const metaPrefix = "CRM_meta_"

// MetaName is a meta-attribute's name as a parameter of an operation
// (crm_meta_name).
func MetaName(name string) string { return metaPrefix + strings.ReplaceAll(name, "-", "_") }

// CalculateDigests are the digests that an operation's parameters have now
// (pe__calculate_digests). entry, if not nil, is the history entry that they are
// to be compared with: it says how. overrides, if any, win over the resource's
// parameters, and over the interval.
func (r *Resource) CalculateDigests(task string, intervalMS uint, on *Node, entry *HistoryEntry, overrides map[string]string, secure bool) *Digests {
	version := r.ws.featureSet
	if entry != nil && entry.FeatureSet != "" {
		version = entry.FeatureSet
	}
	if text, ok := overrides[metaInterval]; ok {
		if n, ok := LeadingInt(text); ok && n >= 0 && n <= 1<<32-1 {
			intervalMS = uint(n)
		}
	}
	d := &Digests{Result: DigestMatch, IntervalMS: intervalMS}
	params := r.Params(on)
	all := r.digestParams(d, task, intervalMS, on, params, overrides)
	d.AllParams = all
	d.All = digestOf(all)
	if secure {
		d.SecureParams = r.secureParams(all, params, entry, version, overrides)
		d.Secure = digestOf(d.SecureParams)
	}
	if entry != nil && entry.RestartDigest != "" {
		d.RestartParams = slices.Clone(all)
		if entry.HasRestartParams {
			d.RestartParams = slices.DeleteFunc(d.RestartParams, func(p [2]string) bool { return !listed(entry.RestartParams, p[0]) })
		}
		d.Restart = digestOf(d.RestartParams)
	}
	return d
}

// digestParams are the parameters that the main digest is of, sorted.
func (r *Resource) digestParams(d *Digests, task string, intervalMS uint, on *Node, params, overrides map[string]string) [][2]string {
	all := make([][2]string, 0, len(params)+len(overrides)+4)
	if host := r.BundleRemoteName(); host != "" {
		all = append(all, [2]string{"addr", host})
	}
	a := r.ws.Action(r, r.KeyOf(task, intervalMS), task, on, true, false)
	all = appendPairs(appendPairs(all, overrides), params)
	for name, value := range a.Extra.All() {
		all = append(all, [2]string{name, value})
	}
	// Of the meta-attributes only the timeout of recurring operations stays.
	all = append(all, [2]string{metaInterval, a.Meta.Value("interval")}, [2]string{metaTimeout, a.Meta.Value("timeout")})
	if intervalMS == 0 && a.Extra.Len() > 0 {
		d.Result = DigestRestart
	}
	return filterForDigest(firstByName(all))
}

// The parameters of an operation that digests take a look at.
const (
	metaInterval = metaPrefix + "interval"
	metaTimeout  = metaPrefix + "timeout"
)

// filterForDigest takes away what is no parameter of the agent's
// (pcmk__filter_op_for_digest).
func filterForDigest(params [][2]string) [][2]string {
	recurs := false
	for _, p := range params {
		if p[0] == metaInterval {
			interval, _ := strconv.ParseUint(p[1], 10, 32)
			recurs = interval > 0
		}
	}
	return slices.DeleteFunc(params, func(p [2]string) bool {
		switch p[0] {
		case "id", "crm_feature_set", "op-digest", "on_node", "on_node_uuid", "pcmk_external_ip":
			return true
		case metaTimeout:
			return !recurs
		}
		return strings.HasPrefix(p[0], metaPrefix)
	})
}

// secureParams are the parameters without those that an agent calls private, sorted.
func (r *Resource) secureParams(all [][2]string, params map[string]string, entry *HistoryEntry, version string, overrides map[string]string) [][2]string {
	list := " passwd password user "
	if entry != nil {
		list = entry.SecureParams
	}
	old := featureset.Compare(version, "3.16.0") < 0
	secure := slices.Clone(all)
	if old {
		secure = firstByName(appendPairs(appendPairs(nil, overrides), params))
	}
	secure = filterForDigest(slices.DeleteFunc(secure, func(p [2]string) bool {
		return listed(list, p[0]) || old && strings.EqualFold(r.Class, "stonith") && isFenceParam(p[0])
	}))
	if old {
		secure = slices.DeleteFunc(secure, func(p [2]string) bool { return p[0] == metaTimeout })
	}
	return secure
}

// listed tells whether a list with a space around each word has the word.
func listed(list, word string) bool { return strings.Contains(list, " "+word+" ") }

// isFenceParam tells whether a parameter of a fence device is Pacemaker's own
// (pcmk_stonith_param).
func isFenceParam(name string) bool {
	switch name {
	case "provides", "stonith-timeout", "pcmk_action_limit", "pcmk_delay_base", "pcmk_delay_max",
		"pcmk_host_argument", "pcmk_host_check", "pcmk_host_list", "pcmk_host_map":
		return true
	}
	rest, ok := strings.CutPrefix(name, "pcmk_")
	if !ok {
		return false
	}
	switch _, after, _ := strings.Cut(rest, "_"); after {
	case "action", "timeout", "retries":
		return true
	}
	return false
}

// appendPairs appends names with their values, in any order.
func appendPairs(pairs [][2]string, m map[string]string) [][2]string {
	for name, value := range m {
		pairs = append(pairs, [2]string{name, value})
	}
	return pairs
}

// firstByName sorts pairs, and keeps the first of each name.
func firstByName(pairs [][2]string) [][2]string {
	slices.SortStableFunc(pairs, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	return slices.CompactFunc(pairs, func(a, b [2]string) bool { return a[0] == b[0] })
}

// digestOf is the digest of a parameters element with these attributes, as text
// the way the reference's first digests were made.
func digestOf(pairs [][2]string) string {
	b := append(make([]byte, 0, 512), " <parameters"...) // most are shorter
	for _, p := range pairs {
		b = append(append(append(b, ' '), p[0]...), `="`...)
		b = append(text.AppendEscaped(b, p[1], text.Faithful), '"')
	}
	sum := md5.Sum(append(b, "/>\n"...))
	return hex.EncodeToString(sum[:])
}

// digests are those of the resource's operation on the node, calculated once.
func (r *Resource) digests(task string, intervalMS uint, on *Node, entry *HistoryEntry, secure bool) *Digests {
	key := r.KeyOf(task, intervalMS)
	d := on.digests[key]
	if d == nil {
		d = r.CalculateDigests(task, intervalMS, on, entry, nil, secure)
		if on.digests == nil {
			on.digests = map[string]*Digests{}
		}
		on.digests[key] = d
	}
	return d
}

// CompareDigests are the digests that the operation of a history entry has now,
// and how they compare with the entry's (rsc_action_digest_cmp).
func (r *Resource) CompareDigests(entry *HistoryEntry, on *Node) *Digests {
	ws := r.ws
	ws.said(entry, fieldInterval)
	d := r.digests(entry.Task, entry.IntervalMS, on, entry, ws.Flags.Has(Sanitized))
	changed := func(what, was, now, then string) {
		if ws.log.Enabled(loglevel.Info) {
			if was == "" {
				was = "missing"
			}
			ws.At("rsc_action_digest_cmp").Infof("Parameters %sto %dms-interval %s action for %s on %s changed: hash was %s vs. now %s (%s:%s) %s", what,
				entry.IntervalMS, entry.Task, r.ID, on, was, now, then, entry.FeatureSet, entry.TransitionMagic)
		}
	}
	switch {
	case entry.RestartDigest != "" && d.Restart != "" && d.Restart != entry.RestartDigest:
		changed("", entry.RestartDigest, d.Restart, "restart")
		d.Result = DigestRestart
	case entry.Digest == "":
		d.Result = DigestUnknown
	case entry.Digest == d.All:
		d.Result = DigestMatch
	case entry.IntervalMS == 0 && d.Result == DigestRestart:
		changed("containing extra ones ", entry.Digest, d.All, "restart")
	default:
		then := "reload"
		if entry.IntervalMS > 0 {
			then = "reschedule"
		}
		changed("", entry.Digest, d.All, then)
		d.Result = DigestAll
	}
	return d
}

// fencingDigestTask is the name under which the digests of fence devices are
// kept, which is none of a real action.
const fencingDigestTask = "stonith-on"

// compareFencingDigest compares a fence device's parameters with those that the
// node was last unfenced with (pe__compare_fencing_digest).
func (r *Resource) compareFencingDigest(agent string, on *Node) *Digests {
	ws := r.ws
	d := r.digests(fencingDigestTask, 0, on, nil, true)
	summary, ok := on.Attribute("#digests-all")
	if !ok {
		d.Result = DigestUnknown
		return d
	}
	if strings.Contains(summary, r.ID+":"+agent+":"+d.All) {
		d.Result = DigestMatch
		return d
	}
	secure := r.ID + ":" + agent + ":" + d.Secure
	if summary, ok := on.Attribute("#digests-secure"); ok && strings.Contains(summary, secure) {
		d.Result = DigestMatch
		ws.Infof("Only 'private' parameters to %s for unfencing %s changed", r.ID, on)
		return d
	}
	d.Result = DigestAll
	if ws.Flags.Has(Sanitized) && d.Secure != "" {
		ws.Infof("Parameters to %s for unfencing %s changed, try '%s'", r.ID, on, secure)
	}
	return d
}

// NeedsBundleRemoteName tells whether it is the connection to a bundle's replica
// that has no address of its own, so that the host's is taken
// (pe__bundle_needs_remote_name).
func (r *Resource) NeedsBundleRemoteName() bool {
	return r != nil && r.IsRemoteNode && strings.EqualFold(r.Params(nil)["addr"], "#uname")
}

// BundleRemoteName is the name of the node that a bundle's remote connection is
// to be made to: the host of its container; "" if it is no such connection, or
// the container is nowhere (pe__add_bundle_remote_name).
func (r *Resource) BundleRemoteName() string {
	if !r.NeedsBundleRemoteName() {
		return ""
	}
	replica := r.replicaOfRemote()
	if replica == nil {
		return ""
	}
	if c := replica.Container.AssignedTo; c != nil {
		return c.Name
	}
	if n := replica.Container.Current(); n != nil {
		return n.Name
	}
	return ""
}

// replicaOfRemote is the replica whose connection it is, or nil.
func (r *Resource) replicaOfRemote() *Replica {
	top := r.Outermost()
	if top.BundleData == nil {
		return nil
	}
	for _, replica := range top.BundleData.Replicas {
		if replica.Remote == r {
			return replica
		}
	}
	return nil
}

func addDefault(values map[string]string, name, value string) {
	if _, ok := values[name]; !ok {
		values[name] = value
	}
}

// attribute is an attribute of an element; ok is false if there is none.
func attribute(e *etree.Element, name string) (value string, ok bool) {
	if e == nil {
		return "", false
	}
	for i := range e.Attr {
		if a := &e.Attr[i]; a.Space == "" && a.Key == name {
			return a.Value, true
		}
	}
	return "", false
}

// OperationDigest is the digest of the parameters that an operation was carried out
// with, as its history entry has it (add_op_digest_to_xml).
func OperationDigest(params map[string]string) string {
	return digestOf(filterForDigest(firstByName(appendPairs(nil, params))))
}

// OperationParams are those of an operation's parameters that its digest is of
// (pcmk__filter_op_for_digest).
func OperationParams(params map[string]string) map[string]string {
	left := map[string]string{}
	for _, p := range filterForDigest(appendPairs(nil, params)) {
		left[p[0]] = p[1]
	}
	return left
}

// DigestOf is the digest of parameters, all of them (calculate_operation_digest).
func DigestOf(params map[string]string) string {
	return digestOf(firstByName(appendPairs(nil, params)))
}
