package sched

import (
	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// unpackOrder reads a rsc_order (pcmk__unpack_ordering).
func (s *scheduler) unpackOrder(constraint *etree.Element) {}

// newOrdering adds an ordering between two actions, or those of two resources
// with these keys (pcmk__new_ordering).
func (s *scheduler) newOrdering(first *status.Resource, firstTask string, firstAction *status.Action,
	then *status.Resource, thenTask string, thenAction *status.Action, flags status.OrderFlags) {
}

// createInternalConstraints adds what follows from the variants of resources
// (pcmk__create_internal_constraints).
func (s *scheduler) createInternalConstraints() {}

// handleConfigChanges restarts or reloads what runs with other parameters than
// configured (pcmk__handle_rsc_config_changes).
func (s *scheduler) handleConfigChanges() {}

// scheduleResourceActions creates probes, clean-ups and the resources' actions
// (schedule_resource_actions).
func (s *scheduler) scheduleResourceActions() {}

// orderRemoteConnectionActions orders what depends on the connections of remote
// nodes (pcmk__order_remote_connection_actions).
func (s *scheduler) orderRemoteConnectionActions() {}

// scheduleFencingAndShutdowns fences what is unclean and lets go what wants to
// leave (schedule_fencing_and_shutdowns).
func (s *scheduler) scheduleFencingAndShutdowns() {}

// applyOrderings turns orderings into relations between actions
// (pcmk__apply_orderings).
func (s *scheduler) applyOrderings() {}

// createGraph decides which actions are in the graph (pcmk__create_graph).
func (s *scheduler) createGraph() {}
