package sched

import (
	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// The stages that follow are in files of their own as they come.

func readOrder(ws *status.WorkingSet, e *etree.Element) {}

func createInternalConstraints(ws *status.WorkingSet) {}

func handleConfigChanges(ws *status.WorkingSet) {}

func scheduleResourceActions(ws *status.WorkingSet) {}

func orderRemoteConnectionActions(ws *status.WorkingSet) {}

func scheduleFencingAndShutdowns(ws *status.WorkingSet) {}

func applyOrderings(ws *status.WorkingSet) {}

func createGraph(ws *status.WorkingSet) {}

func orderTasks(first *status.Resource, firstTask string, then *status.Resource, thenTask string, flags status.OrderFlags) {
}
