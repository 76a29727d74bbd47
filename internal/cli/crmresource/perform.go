package crmresource

import (
	"strings"
	"syscall"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// isInstance tells whether an id has the number of an instance.
func isInstance(id string) bool { return strings.Contains(id, ":") }

// perform carries out the command.
func (t *tool) perform() error {
	switch t.command {
	case listResources:
		if !t.p.ResourceStates(t.ws) {
			return syscall.ENXIO
		}
	case listInstances:
		return t.listInstances()
	case listStandards, listProviders, listAlternatives:
		return t.listProviders()
	case listAgents:
		return t.listAgents()
	case showMetadata:
		return t.showMetadata()
	case restart:
		return t.restart()
	case waitForCluster:
		return t.waitForCluster()
	case executeAgent:
		return ended(t.execute())
	case showDigests:
		return t.showDigests()
	case showConstraints:
		t.showConstraints()
	case listForCTS:
		t.listForCTS()
	case fail:
		return t.fail()
	case listActive, listOperations:
		return t.listOperations(t.command == listActive)
	case locate:
		return t.locate()
	case queryXML, queryRaw:
		t.p.ResourceConfig(t.rsc, t.command == queryRaw)
	case why:
		t.why()
	case clearBans:
		return t.clear()
	case move, ban:
		return t.moveOrBan()
	case getProperty:
		t.getProperty()
	case setProperty:
		return t.replaceProperty()
	case getParameter:
		t.getParameter()
	case setParameter:
		if t.value == nil || *t.value == "" {
			return t.end(crmexit.Usage, "You need to supply a value with the -v option")
		}
		return t.update(t.change(t.rsc), *t.value)
	case deleteParameter:
		return t.deletePair(t.change(t.rsc))
	case cleanup:
		return t.cleanup()
	case refresh:
		return t.refresh()
	case deleteResource:
		return t.delete()
	}
	return nil
}

// moveOrBan is -M and -B.
func (t *tool) moveOrBan() error {
	var err error
	switch {
	case t.node == nil:
		err = t.banCurrent()
	case t.command == move:
		err = t.move()
	default:
		err = t.ban(*t.resource, t.host.Name)
	}
	if err == syscall.EINVAL {
		return ended(crmexit.Usage)
	}
	return err
}

// places are the nodes where a resource is active now.
func places(r *status.Resource) []*status.Node { return r.Places(status.WhereRunning) }
