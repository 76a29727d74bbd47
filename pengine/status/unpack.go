package status

import (
	"errors"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/featureset"
	"github.com/ringmaster-ha/ringmaster/internal/iso8601"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/pengine/rules"
)

// ErrNoCIB tells that there is no document.
var ErrNoCIB = errors.New("pengine/status: no CIB")

// Unpack reads a CIB, which must be of the newest schema, into a working set
// (cluster_status). The document must not change while the working set is used.
//
// What is wrong in the document is logged and left out, as in the reference; the
// only error is ErrNoCIB.
func Unpack(cib *etree.Element, o Options) (*WorkingSet, error) {
	if cib == nil {
		return nil, ErrNoCIB
	}
	ws := newWorkingSet(cib, o)
	configuration := cib.SelectElement("configuration")
	ws.opDefaults = anywhere(cib, configuration, "op_defaults")
	ws.rscDefaults = anywhere(cib, configuration, "rsc_defaults")
	ws.unpackConfig(anywhere(cib, configuration, "crm_config"))
	if !ws.Flags.Any(QuickLocation|HaveQuorum) && ws.NoQuorumPolicy != NoQuorumIgnore {
		ws.At("cluster_status").Warningf("Fencing and resource management disabled due to lack of quorum")
	}
	ws.unpackNodes(anywhere(cib, configuration, "nodes"))
	resources := anywhere(cib, configuration, "resources")
	if !ws.Flags.Has(QuickLocation) {
		ws.unpackRemoteNodes(resources)
	}
	ws.unpackResources(resources)
	ws.unpackTags(anywhere(cib, configuration, "tags"))
	if !ws.Flags.Has(QuickLocation) {
		ws.unpackStatus(anywhere(cib, cib, "status"))
	}
	if !ws.Flags.Has(NoCounts) {
		for _, r := range ws.Resources {
			r.count()
		}
	}
	ws.Flags |= HaveStatus
	return ws, nil
}

// section is the child of that name; nil if there is none, or more than one: a
// search that the reference expects to have one result has none then.
func section(parent *etree.Element, name string) (found *etree.Element) {
	for _, c := range childrenOf(parent) {
		if c.Tag == name {
			if found != nil {
				return nil
			}
			found = c
		}
	}
	return found
}

// anywhere is the section of that name; the reference looks for it in all of the CIB,
// so that it finds one that is out of place, and none of two. A CIB that validates has
// it in its place only, if at all.
func anywhere(cib, place *etree.Element, name string) *etree.Element {
	if schema, ok := attribute(cib, "validate-with"); ok && schema != "none" {
		return section(place, name)
	}
	found := cib.FindElements("//" + name)
	if len(found) != 1 {
		return nil
	}
	return found[0]
}

// firstChild is the first child of that name, or nil.
func firstChild(parent *etree.Element, name string) *etree.Element {
	for _, c := range childrenOf(parent) {
		if c.Tag == name {
			return c
		}
	}
	return nil
}

func newWorkingSet(cib *etree.Element, o Options) *WorkingSet {
	ws := &WorkingSet{
		Input:          cib,
		Options:        o,
		DCID:           o.DCUUID,
		Flags:          o.Flags | StopOrphans | SymmetricCluster | StopOrphanActions,
		NoQuorumPolicy: NoQuorumStop,
		NextOrderID:    1,
		NextActionID:   1,
		Config:         map[string]string{},
		Tags:           map[string]*Tag{},
		Templates:      map[string]*Tag{},
		Tickets:        map[string]*Ticket{},

		now:            iso8601.FromTime(o.Now),
		log:            o.Log,
		warned:         o.Warned,
		document:       rules.NewDocument(cib),
		readSets:       map[setsKey]*rules.Sets{},
		params:         map[*etree.Element]*params{},
		expanded:       map[*etree.Element]*etree.Element{},
		operations:     map[*etree.Element][]*Operation{},
		failed:         map[failedOperation]bool{},
		operationMetas: map[operationKind]operationMeta{},
		nodesByID:      map[string][]*Node{},
		nodesByName:    map[string][]*Node{},
		byID:           map[string][]*Resource{},
		byHistoryID:    map[string][]*Resource{},
		byKey:          map[string][]*Action{},
		singletons:     map[string]*Action{},
		histories:      map[string][]*NodeHistory{},
		featureSet:     featureset.Current,
	}
	if ws.log == nil {
		ws.log = loglevel.Discard
	}
	if ws.warned == nil {
		ws.warned = &Warned{}
	}
	if ws.DCID == "" {
		ws.DCID, _ = attribute(cib, "dc-uuid")
	}
	version, ok := attribute(cib, "crm_feature_set")
	if ok {
		ws.featureSet = version
	}
	ws.perResourceFailures = featureset.Compare(version, "3.0.13") < 0
	if quorate, _ := attribute(cib, "have-quorum"); IsTrue(quorate) {
		ws.Flags |= HaveQuorum
	} else {
		ws.Flags &^= HaveQuorum
	}
	return ws
}
