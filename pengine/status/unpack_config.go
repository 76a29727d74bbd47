package status

import (
	"strings"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/pengine/rules"
)

// firstOptions is the id of the set of cluster options that wins over others of
// its score.
const firstOptions = "cib-bootstrap-options"

// unpackConfig reads the cluster options.
func (ws *WorkingSet) unpackConfig(config *etree.Element) {
	ws.apply(config, "cluster_property_set", ws.Config, ws.RuleInput(), rules.Options{First: firstOptions})
	ws.verifyOptions()

	ws.optionFlag("enable-startup-probes", StartupProbes)
	if !ws.Flags.Has(StartupProbes) {
		ws.At("unpack_config").Infof("Startup probes: disabled (dangerous)")
	}
	if IsTrue(ws.Option("have-watchdog")) {
		ws.At("unpack_config").Infof("Watchdog-based self-fencing will be performed via SBD if fencing is required and stonith-watchdog-timeout is nonzero")
		ws.Flags |= HaveFenceDevice
	}
	if ws.asksForUnfencing() {
		ws.Flags |= EnableUnfencing
	}
	ws.FencingTimeoutMS = int(ws.Interval(ws.Option("stonith-timeout")))
	ws.optionFlag("stonith-enabled", FencingEnabled)
	ws.FencingAction = ws.Option("stonith-action")
	if ws.FencingAction == "poweroff" {
		ws.At("unpack_config").WarnOncef(WarnPoweroff, "Support for stonith-action of 'poweroff' is deprecated and will be removed in a future release (use 'off' instead)")
		ws.FencingAction = "off"
	}
	ws.optionFlag("concurrent-fencing", ConcurrentFencing)
	ws.PriorityFencingDelay = int(ws.Interval(ws.Option("priority-fencing-delay")) / 1000)
	ws.optionFlag("stop-all-resources", StopEverything)
	ws.optionFlag("symmetric-cluster", SymmetricCluster)
	ws.NoQuorumPolicy = ws.quorumPolicy()
	switch ws.NoQuorumPolicy {
	case NoQuorumSuicide:
		ws.At("unpack_config").Noticef("On loss of quorum: Fence all remaining nodes")
	case NoQuorumIgnore:
		ws.At("unpack_config").Noticef("On loss of quorum: Ignore")
	}
	ws.optionFlag("stop-orphan-resources", StopOrphans)
	ws.optionFlag("stop-orphan-actions", StopOrphanActions)
	ws.optionFlag("remove-after-stop", RemoveAfterStop)
	if ws.Flags.Has(RemoveAfterStop) {
		ws.At("unpack_config").WarnOncef(WarnRemoveAfter, "Support for the remove-after-stop cluster property is deprecated and will be removed in a future release")
	}
	ws.optionFlag("maintenance-mode", MaintenanceMode)
	ws.optionFlag("start-failure-is-fatal", StartFailureFatal)
	if ws.Flags.Has(FencingEnabled) {
		ws.optionFlag("startup-fencing", StartupFencing)
	}
	if !ws.Flags.Has(StartupFencing) {
		ws.At("unpack_config").WarnOncef(WarnBlind, "Blind faith: not fencing unseen nodes")
	}
	ws.unpackHealth()
	ws.PlacementStrategy = ws.Option("placement-strategy")
	ws.optionFlag("shutdown-lock", ShutdownLock)
	if ws.Flags.Has(ShutdownLock) {
		ws.ShutdownLockLimit = int(ws.Interval(ws.Option("shutdown-lock-limit")) / 1000)
	}
}

// asksForUnfencing tells whether a meta-attribute of a resource, or a default,
// is provides or requires with the value unfencing, before any of them is
// unpacked. Rules, templates' use and references are not looked at.
func (ws *WorkingSet) asksForUnfencing() bool {
	configuration := section(ws.Input, "configuration")
	for _, e := range childrenOf(section(configuration, "rsc_defaults")) {
		if e.Tag == "meta_attributes" && setsUnfencing(e) {
			return true
		}
	}
	return metaUnfencing(section(configuration, "resources"))
}

func metaUnfencing(e *etree.Element) bool {
	for _, c := range childrenOf(e) {
		if c.Tag == "meta_attributes" && setsUnfencing(c) || metaUnfencing(c) {
			return true
		}
	}
	return false
}

func setsUnfencing(set *etree.Element) bool {
	for _, e := range childrenOf(set) {
		name, _ := attribute(e, "name")
		value, _ := attribute(e, "value")
		if e.Tag == "nvpair" && (name == "provides" || name == "requires") && value == "unfencing" {
			return true
		}
	}
	return false
}

func childrenOf(e *etree.Element) []*etree.Element {
	if e == nil {
		return nil
	}
	return e.ChildElements()
}

// unpackHealth turns the options of node health into the scores of colours
// (pe__unpack_node_health_scores).
func (ws *WorkingSet) unpackHealth() {
	h := Health{Base: parseScore(ws.Option("node-health-base"))}
	switch strings.ToLower(ws.Option("node-health-strategy")) {
	case "migrate-on-red":
		h.Strategy, h.Red = HealthMigrateOnRed, -Infinity
	case "only-green":
		h.Strategy, h.Red, h.Yellow = HealthOnlyGreen, -Infinity, -Infinity
	case "progressive":
		h.Strategy = HealthProgressive
	case "custom":
		h.Strategy = HealthCustom
	}
	if h.Strategy >= HealthProgressive {
		h.Red = parseScore(ws.Option("node-health-red"))
		h.Yellow = parseScore(ws.Option("node-health-yellow"))
		h.Green = parseScore(ws.Option("node-health-green"))
	}
	ws.Health = h
}
