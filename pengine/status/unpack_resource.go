package status

import (
	"math"
	"strconv"
	"strings"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/pengine/rules"
)

// parseVariant is what a resource of that element is.
func parseVariant(tag string) Variant {
	switch fold(tag) {
	case "primitive":
		return Primitive
	case "group":
		return Group
	case "clone", "master":
		return Clone
	case "bundle":
		return Bundle
	}
	return VariantUnknown
}

// unpackResource makes a resource, with all below it, of its configuration
// (pe__unpack_resource). The instance is the number of an instance of a clone,
// or of what is in one, or "".
func (ws *WorkingSet) unpackResource(e *etree.Element, parent *Resource, instance string) (*Resource, error) {
	id, ok := attribute(e, "id")
	if !ok {
		ws.At("pe__unpack_resource").Errorf("Ignoring <%s> configuration without id", e.Tag)
		return nil, errInvalid
	}
	expanded, err := ws.expandTemplate(e)
	if err != nil {
		return nil, err
	}
	r := &Resource{
		ID: id, XMLID: id, Element: expanded, Variant: parseVariant(expanded.Tag), Parent: parent, ws: ws,
		Flags: Runnable | Provisional, Role: RoleStopped, MigrationThreshold: Infinity,
	}
	r.Operations = ws.readOperations(firstChild(expanded, "operations"))
	if r.Variant == VariantUnknown {
		ws.At("pe__unpack_resource").Errorf("Ignoring resource '%s' of unknown type '%s'", id, expanded.Tag)
		return nil, errInvalid
	}
	r.Class, _ = attribute(expanded, "class")
	r.Provider, r.HasProvider = attribute(expanded, "provider")
	r.Type, _ = attribute(expanded, "type")
	if instance == "" {
		instance, _ = attribute(expanded, "clone")
	}
	if instance != "" {
		r.ID = id + ":" + instance
	}
	r.Meta = ws.evaluateMeta(r)
	if instance != "" {
		r.Meta["clone"] = instance
	}
	r.Params(nil) // so that what is wrong in them is said now

	guest := ws.unpackFlags(r)
	ws.unpackRecovery(r)
	if strings.EqualFold(r.Class, "stonith") {
		ws.Flags |= HaveFenceDevice
		r.Set(FenceDevice)
	}
	requires, ok := r.Meta["requires"]
	ws.unpackRequires(r, requires, ok)
	ws.unpackFailureTimeout(r, guest)
	if role, ok := r.targetRole(); ok {
		r.NextRole = role
	}
	if err := ws.unpackVariant(r, instance); err != nil {
		return nil, err
	}
	if ws.Flags.Has(SymmetricCluster) {
		r.Location(nil, 0, "symmetric_default")
	} else if guest {
		r.Location(nil, 0, "remote_connection_default")
	}
	if sets := ws.sets(r.Element, "utilization"); sets.Len() > 0 {
		r.Utilization = map[string]string{}
		ws.applySets(sets, r.Utilization, ws.RuleInput(), rules.Options{})
	}
	if template, ok := attribute(e, "template"); ok {
		addReference(ws.Templates, template, id)
	}
	return r, nil
}

func (ws *WorkingSet) unpackVariant(r *Resource, instance string) error {
	switch r.Variant {
	case Group:
		return ws.unpackGroup(r, instance)
	case Clone:
		return ws.unpackClone(r)
	case Bundle:
		return ws.unpackBundle(r)
	}
	return ws.unpackPrimitive(r)
}

// metaTrue tells whether a meta-attribute is there and means yes.
func (r *Resource) metaTrue(name string) bool { return IsTrue(r.Meta[name]) }

// unpackFlags reads the meta-attributes that are flags. It tells whether the
// resource is the connection of a guest node.
func (ws *WorkingSet) unpackFlags(r *Resource) (guest bool) {
	if !ws.Flags.Has(MaintenanceMode) {
		r.Set(Managed)
	}
	r.Priority = ws.ParseScore(r.Meta["priority"])
	if critical, ok := r.Meta["critical"]; !ok || IsTrue(critical) {
		r.Set(Critical)
	}
	if r.metaTrue("notify") {
		r.Set(Notify)
	}
	if isRemoteConnection(r.Element) {
		r.IsRemoteNode = true
		_, guest = r.Meta["container"]
	}
	if migrate, ok := r.Meta["allow-migrate"]; IsTrue(migrate) || !ok && r.IsRemoteNode && !guest {
		// A remote node's connection moves without a stop of all that runs
		// there, unless it is told otherwise.
		r.Set(AllowMigrate)
	}
	if managed, ok := r.Meta["is-managed"]; ok && !strings.EqualFold(managed, "default") {
		if IsTrue(managed) {
			r.Set(Managed)
		} else {
			r.Clear(Managed)
		}
	}
	if r.metaTrue("maintenance") || ws.Flags.Has(MaintenanceMode) {
		r.Clear(Managed)
		r.Set(Maintenance)
	}
	if !r.Top().IsClone() {
		r.Set(Unique)
		return guest
	}
	if r.metaTrue("globally-unique") {
		r.Set(Unique)
	}
	if r.metaTrue("promotable") {
		r.Set(Promotable)
	} else if strings.EqualFold(r.Element.Tag, "master") {
		r.Meta["promotable"] = "true"
		r.Set(Promotable)
	}
	return guest
}

// unpackRecovery reads the meta-attributes about recovery and moving.
func (ws *WorkingSet) unpackRecovery(r *Resource) {
	if strings.EqualFold(r.Meta["restart-type"], "restart") {
		ws.At("pe__unpack_resource").WarnOncef(WarnRestartType, "Support for restart-type is deprecated and will be removed in a future release")
	}
	multiple, ok := r.Meta["multiple-active"]
	switch fold(multiple) {
	case "stop_only":
		r.Recovery = RecoveryStopOnly
	case "block":
		r.Recovery = RecoveryBlock
	case "stop_unexpected":
		r.Recovery = RecoveryStopUnexpected
	case "stop_start":
	default:
		if ok {
			ws.At("pe__unpack_resource").Warnf("%s is not a valid value for multiple-active, using default of \"stop_start\"", multiple)
		}
	}
	if stickiness, ok := r.Meta["resource-stickiness"]; ok && !strings.EqualFold(stickiness, "default") {
		r.Stickiness = ws.ParseScore(stickiness)
	}
	if threshold, ok := r.Meta["migration-threshold"]; ok && !strings.EqualFold(threshold, "default") {
		r.MigrationThreshold = ws.ParseScore(threshold)
		if r.MigrationThreshold < 0 {
			ws.At("pe__unpack_resource").WarnOncef(WarnNegativeThreshold, "migration-threshold must be non-negative, using 1 instead")
			r.MigrationThreshold = 1
		}
	}
}

// unpackRequires reads what has to be had before the resource may start.
func (ws *WorkingSet) unpackRequires(r *Resource, value string, given bool) {
	switch word := fold(value); {
	case word == "nothing":
	case word == "quorum":
		r.Set(NeedsQuorum)
	case word == "fencing":
		r.Set(NeedsFencing)
		if !ws.Flags.Has(FencingEnabled) {
			ws.At("unpack_requires").ConfigWarnf("%s requires fencing but fencing is disabled", r.ID)
		}
	case word == "unfencing" && r.Is(FenceDevice):
		ws.At("unpack_requires").ConfigWarnf("Resetting \"requires\" for %s to \"quorum\" because fencing devices cannot require unfencing", r.ID)
		r.Set(NeedsQuorum)
	case word == "unfencing" && !ws.Flags.Has(FencingEnabled):
		ws.At("unpack_requires").ConfigWarnf("Resetting \"requires\" for %s to \"quorum\" because fencing is disabled", r.ID)
		r.Set(NeedsQuorum)
	case word == "unfencing":
		r.Set(NeedsFencing | NeedsUnfencing)
	default:
		usual := ws.usualRequirement(r)
		if given {
			ws.At("unpack_requires").ConfigErrorf("Resetting 'requires' for %s to '%s' because '%s' is not valid", r.ID, usual, value)
		}
		ws.unpackRequires(r, usual, true)
	}
}

// usualRequirement is what a resource requires that does not say.
func (ws *WorkingSet) usualRequirement(r *Resource) string {
	switch {
	case r.Is(FenceDevice), r.Variant == Primitive && r.IsRemoteNode:
		return "quorum"
	case ws.Flags.Has(EnableUnfencing):
		return "unfencing"
	case ws.Flags.Has(FencingEnabled):
		return "fencing"
	case ws.NoQuorumPolicy == NoQuorumIgnore:
		return "nothing"
	}
	return "quorum"
}

// unpackFailureTimeout reads after how long failures are forgotten. A remote
// node's reconnect_interval is that, too: it cannot be connected before.
func (ws *WorkingSet) unpackFailureTimeout(r *Resource, guest bool) {
	if timeout, ok := r.Meta["failure-timeout"]; ok {
		r.FailureTimeout = int(ws.Interval(timeout) / 1000)
	}
	if !r.IsRemoteNode || guest {
		return
	}
	if interval, ok := r.Params(nil)["reconnect_interval"]; ok {
		r.ReconnectMS = ws.Interval(interval)
		r.FailureTimeout = int(r.ReconnectMS / 1000)
	}
}

// targetRole is the role that target-role asks for; ok is false if it asks for
// no other than there would be anyway, or for what cannot be (get_target_role).
func (r *Resource) targetRole() (role Role, ok bool) {
	value, given := r.Meta["target-role"]
	if !given || equalAny(value, "started", "default") {
		return RoleUnknown, false
	}
	role = r.ws.ParseRole(value)
	switch {
	case role == RoleUnknown:
		r.ws.At("get_target_role").ConfigErrorf("Ignoring 'target-role' for %s because '%s' is not valid", r.ID, value)
		return RoleUnknown, false
	case role > RoleStarted && !r.Top().Is(Promotable):
		r.ws.At("get_target_role").ConfigErrorf("Ignoring 'target-role' for %s because '%s' only makes sense for promotable clones", r.ID, value)
		return RoleUnknown, false
	case role > RoleUnpromoted:
		return RoleUnknown, false
	}
	return role, true
}

// ParseRole is the role of that name; RoleUnknown, with an error, if it is none
// (text2role).
func (ws *WorkingSet) ParseRole(s string) Role {
	role, known := rules.ParseRole(s)
	if !known {
		ws.At("text2role").Logf(loglevel.Error, "Unknown role: %s", s)
	}
	return role
}

// unpackPrimitive checks whether a primitive can be in such a clone
// (native_unpack).
func (ws *WorkingSet) unpackPrimitive(r *Resource) error {
	top := r.Top()
	standard := r.Class
	unique := equalAny(standard, "ocf", "stonith")
	promotable := equalAny(standard, "ocf")
	if !unique && r.Is(Unique) && top.IsClone() {
		ws.At("pe__force_anon").Warnf("Ignoring globally-unique for %s because %s resources such as %s can be used only as anonymous clones",
			top.ID, standard, r.ID)
		top.CloneData.NodeMax = 1
		top.CloneData.Max = min(top.CloneData.Max, len(ws.Nodes))
		top.clearUnique()
		r.clearUnique()
	}
	if !promotable && top.Is(Promotable) {
		ws.At("native_unpack").Errorf("Resource %s is of type %s and therefore cannot be used as a promotable clone resource", r.ID, standard)
		return errInvalid
	}
	return nil
}

// clearUnique makes the resource and all below it anonymous. Its meta-attribute
// says so only if it was not there.
func (r *Resource) clearUnique() {
	r.Clear(Unique)
	addDefault(r.Meta, "globally-unique", "false")
	for _, c := range r.Children {
		c.clearUnique()
	}
}

// unpackGroup reads a group's members (group_unpack).
func (ws *WorkingSet) unpackGroup(r *Resource, instance string) error {
	r.GroupData = &GroupData{
		Ordered:   ws.groupFlag(r, "ordered", WarnGroupOrder),
		Colocated: ws.groupFlag(r, "collocated", WarnGroupColocation),
	}
	for _, e := range childrenOf(r.Element) {
		if e.Tag != "primitive" {
			continue
		}
		member, err := ws.unpackResource(e, r, instance)
		if err != nil {
			continue
		}
		r.Children = append(r.Children, member)
		r.GroupData.LastMember = member
	}
	if len(r.Children) == 0 {
		ws.At("group_unpack").ConfigWarnf("Group %s will be ignored because it does not have any members", r.ID)
	}
	return nil
}

func (ws *WorkingSet) groupFlag(r *Resource, name string, warning Warning) bool {
	if value, known := ParseBool(r.Meta[name]); value || !known {
		return true
	}
	ws.At("set_group_flag").WarnOncef(warning, "Support for the '%s' group meta-attribute is deprecated and will be removed in a future release (use a resource set instead)", name)
	return false
}

// minInt reads a number that must not be less than a minimum, which is also what
// counts if it is none (pcmk__scan_min_int).
func (ws *WorkingSet) minInt(s string, given bool, minimum int) int {
	if !given {
		return minimum
	}
	n, ok := LeadingInt(s)
	switch {
	case !ok:
		ws.At("scan_ll").Warningf("Could not parse integer from '%s' (using %d instead): No digits found", s, minimum)
		return minimum
	case n < int64(minimum):
		ws.At("pcmk__scan_min_int").Warningf("Clipped '%s' to minimum acceptable value %d", s, minimum)
		return minimum
	case n > math.MaxInt32:
		ws.At("pcmk__scan_min_int").Warningf("Clipped '%s' to maximum integer %d", s, math.MaxInt32)
		return math.MaxInt32
	}
	return int(n)
}

// metaInt reads a meta-attribute that is a number of 0 or more.
func (r *Resource) metaInt(name string, def int) int {
	if value, ok := r.Meta[name]; ok {
		return r.ws.minInt(value, true, 0)
	}
	return def
}

// These bound clone-max and replicas to what can be meant: the reference would
// run out of memory. Each replica makes a node.
const (
	maxInstances = 10000
	maxReplicas  = 300
)

// unpackClone reads a clone and makes its instances (clone_unpack).
func (ws *WorkingSet) unpackClone(r *Resource) error {
	c := &CloneData{}
	r.CloneData = c
	if r.Is(Promotable) {
		c.PromotedMax = r.metaInt("promoted-max", r.metaInt("master-max", 1))
		c.PromotedNodeMax = r.metaInt("promoted-node-max", r.metaInt("master-node-max", 1))
	}
	c.NodeMax = r.metaInt("clone-node-max", 1)
	c.Max = min(r.metaInt("clone-max", max(1, len(ws.Nodes))), maxInstances)
	c.Ordered = r.metaTrue("ordered")
	if !r.Is(Unique) && c.NodeMax > 1 {
		ws.At("clone_unpack").ConfigErrorf("Ignoring promoted-max for %s because anonymous clones support only one instance per node", r.ID)
		c.NodeMax = 1
	}
	for _, e := range childrenOf(r.Element) {
		if e.Tag == "primitive" || e.Tag == "group" {
			c.ChildElement = e
			c.ChildID, _ = attribute(e, "id")
			break
		}
	}
	if c.ChildElement == nil {
		ws.At("clone_unpack").ConfigErrorf("%s has nothing to clone", r.ID)
		return errInvalid
	}
	addDefault(r.Meta, "resource-stickiness", "1")
	addDefault(r.Meta, "globally-unique", strconv.FormatBool(r.Is(Unique)))
	// One instance even if there shall be none, so that history finds the clone.
	for i := 0; i < max(c.Max, 1); i++ {
		if _, err := ws.createInstance(r); err != nil {
			return err
		}
	}
	return nil
}

// createInstance makes the clone's next instance, an orphan if there are enough
// (pe__create_clone_child).
func (ws *WorkingSet) createInstance(r *Resource) (*Resource, error) {
	c := r.CloneData
	orphan := c.Total >= c.Max
	limit := c.Max
	instance, err := ws.unpackResource(c.ChildElement, r, strconv.Itoa(c.Total))
	if err != nil {
		return nil, err
	}
	c.Total++
	r.Children = append(r.Children, instance)
	if orphan {
		instance.SetTree(Orphan)
	}
	addDefault(instance.Meta, "clone-max", strconv.Itoa(limit))
	ws.At("pe__create_clone_child").Logf(loglevel.Trace, "Added %s instance %s", r.ID, instance.ID)
	return instance, nil
}
