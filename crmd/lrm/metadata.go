package lrm

import (
	"strings"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/featureset"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
	"github.com/ringmaster-ha/ringmaster/lrmd"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// ocfVersion is that of the OCF standard that Pacemaker 2.1.5 is made for.
const ocfVersion = "1.1"

// metadata is what an agent says that matters here.
type metadata struct {
	reloadAgent  bool // it has the action of OCF 1.1
	legacyReload bool // it has the one that was used before
	params       []param
}

// param is what an agent says of a parameter.
type param struct {
	name                        string
	reloadable, unique, private bool
}

// needsMetadata tells whether digests of a task's parameters depend on what the agent says of
// them (crm_op_needs_metadata).
func needsMetadata(class, task string) bool {
	if !lrmd.Is(class, lrmd.ClassOCF) && !lrmd.Is(class, lrmd.ClassStonith) && !lrmd.Is(class, "nagios") {
		return false // agents of others have no parameters
	}
	switch task {
	case status.ActionNameStart, status.ActionNameMonitor, status.ActionNamePromote, status.ActionNameDemote,
		status.ActionNameReload, status.ActionNameReloadAgent, status.ActionNameMigrateTo, status.ActionNameMigrateFrom,
		status.ActionNameNotify:
		return true
	}
	return false
}

// cached is what is known of a resource's agent, or nil (controld_get_rsc_metadata).
func (l *Local) cached(rsc registered) *metadata {
	md := l.metadata[rsc.agent.String()]
	if md != nil {
		l.logf(loglevel.Debug, "controld_get_rsc_metadata", "Retrieved metadata for %s (%s) from cache", rsc.id, rsc.agent)
	}
	return md
}

// learn keeps what an agent says; nil if that cannot be read (controld_cache_metadata).
func (l *Local) learn(rsc registered, text string) *metadata {
	const function = "controld_cache_metadata"
	doc, err := xmltree.Parse([]byte(text), xmltree.KeepText)
	if err != nil || doc.Root() == nil {
		l.logf(loglevel.Warning, function, "Unable to update metadata for %s (%s): %s", rsc.id, rsc.agent, "Metadata is not valid XML")
		return nil
	}
	root := doc.Root()
	md := &metadata{}
	key := rsc.agent.String()
	modern := false
	if rsc.agent.class == lrmd.ClassOCF {
		version := ""
		if e := root.SelectElement("version"); e != nil {
			version = content(e)
		}
		l.logVersion(key, version)
		modern = version != "" && featureset.Compare(version, ocfVersion) >= 0
	}
	for _, action := range elements(root, "actions", "action") {
		switch name := attr(action, "name"); {
		case name == status.ActionNameReloadAgent && modern:
			md.reloadAgent = true
		case name == status.ActionNameReloadAgent:
			l.logf(loglevel.Notice, function, "reload-agent action will not be used with %s because it does not support OCF 1.1 or later", key)
		case !modern && strings.EqualFold(name, status.ActionNameReload):
			md.legacyReload = true
		}
	}
	private := false
	for _, e := range elements(root, "parameters", "parameter") {
		if e.SelectAttr("name") == nil {
			l.logf(loglevel.Warning, function, "Metadata for %s has parameter without a name", key)
			continue
		}
		p := param{attr(e, "name"), status.IsTrue(attr(e, "reloadable")), status.IsTrue(attr(e, "unique")), status.IsTrue(attr(e, "private"))}
		private = private || p.private
		// The last comes first in the lists of the entries.
		md.params = append([]param{p}, md.params...)
	}
	if !private {
		// Agents of before there was such a thing.
		for i, p := range md.params {
			md.params[i].private = p.name == "password" || p.name == "passwd" || p.name == "user"
		}
	}
	l.metadata[key] = md
	return md
}

// content is all the text of an element.
func content(e *etree.Element) string {
	text := ""
	for _, t := range e.Child {
		switch t := t.(type) {
		case *etree.CharData:
			text += t.Data
		case *etree.Element:
			text += content(t)
		}
	}
	return text
}

func elements(root *etree.Element, list, tag string) []*etree.Element {
	if e := root.SelectElement(list); e != nil {
		return e.SelectElements(tag)
	}
	return nil
}

// logVersion says what is to be expected of an agent (log_ra_ocf_version).
func (l *Local) logVersion(key, version string) {
	const function = "log_ra_ocf_version"
	switch {
	case version == "":
		l.logf(loglevel.Warning, function, "%s does not advertise OCF version supported", key)
	case featureset.Compare(version, "2") >= 0:
		l.logf(loglevel.Warning, function, "%s supports OCF version %s (this Pacemaker version supports "+ocfVersion+" and might not work properly with agent)", key, version)
	case featureset.Compare(version, ocfVersion) > 0:
		l.logf(loglevel.Info, function, "%s supports OCF version %s (this Pacemaker version supports "+ocfVersion+" and might not use all agent features)", key, version)
	default:
		l.logf(loglevel.Debug, function, "%s supports OCF version %s", key, version)
	}
}

// addDigests writes into an operation's entry which of the agent's parameters cannot be changed while the
// resource runs, which are not to be shown, and the digests of what matters then
// (append_restart_list, append_secure_list). dc is the DC's feature set.
func (md *metadata) addDigests(x *etree.Element, e *event, dc string) {
	if e.IntervalMS == 0 && (md.reloadAgent || md.legacyReload) {
		forces := func(p param) bool { return !p.reloadable }
		if !md.reloadAgent {
			forces = func(p param) bool { return p.unique }
		}
		picked := map[string]string{}
		for _, p := range md.params {
			if value, ok := e.Params[p.name]; ok && forces(p) {
				picked[p.name] = value
			}
		}
		x.CreateAttr("op-force-restart", md.list(forces))
		x.CreateAttr("op-restart-digest", status.DigestOf(picked))
	}
	isPrivate := func(p param) bool { return p.private }
	list := md.list(isPrivate)
	if list == "" {
		return
	}
	picked := map[string]string{}
	if featureset.Compare(dc, "3.16.0") >= 0 {
		picked = status.OperationParams(e.Params)
	}
	for _, p := range md.params {
		if p.private {
			delete(picked, p.name)
		} else if value, ok := e.Params[p.name]; ok {
			picked[p.name] = value
		}
	}
	x.CreateAttr("op-secure-params", list)
	x.CreateAttr("op-secure-digest", status.DigestOf(picked))
}

// list is the names of some parameters, with two blanks at its ends, or nothing (build_parameter_list).
func (md *metadata) list(of func(param) bool) string {
	text := ""
	for _, p := range md.params {
		if of(p) {
			text += " " + p.name
		}
	}
	if text == "" {
		return ""
	}
	return " " + text + "  "
}
