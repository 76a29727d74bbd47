package manager

import (
	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/document"
	"github.com/ringmaster-ha/ringmaster/cib/ops"
	"github.com/ringmaster-ha/ringmaster/cib/schema"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// Prepare makes what was read from the disk the CIB that a manager begins with
// (readCibXmlFile): a new one if it is nil, without the status of old unless that is
// kept, and with a version. The status tells whether it can be used: 0, or that
// it does not validate. The element given is changed.
func Prepare(read *etree.Element, keepStatus bool, log loglevel.Logger) (cib *etree.Element, status crmexit.Legacy) {
	const function = "readCibXmlFile"
	say := func(level loglevel.Level, format string, args ...any) {
		loglevel.LogfAt(log, level, function, format, args...)
	}
	cib = read
	if cib == nil {
		cib = ops.Empty("0")
		say(loglevel.Warning, "Continuing with an empty configuration.")
	}
	old := cib.SelectElement("status")
	if old != nil && !keepStatus {
		cib.RemoveChild(old)
		old = nil
	}
	if old == nil {
		cib.CreateElement("status")
	}
	if _, ok := document.Get(cib, "admin_epoch"); !ok {
		say(loglevel.Warning, "No value for admin_epoch was specified in the configuration.")
		say(loglevel.Warning, "The recommended course of action is to shutdown, run crm_verify and fix any errors it reports.")
		say(loglevel.Warning, "We will default to zero and continue but may get confused about which configuration to use if multiple nodes are powered up at the same time.")
	}
	for _, field := range []string{"admin_epoch", "epoch", "num_updates"} {
		if _, ok := document.Get(cib, field); !ok {
			cib.CreateAttr(field, "0")
		}
	}
	cib.RemoveAttr("dc-uuid")
	claimed, ok := document.Get(cib, "validate-with")
	if !ops.Validate(cib) {
		if !ok {
			claimed = "no schema specified"
		}
		say(loglevel.Error, "CIB does not validate with %s", claimed)
		return cib, -crmexit.LegacySchemaValidation
	}
	if !ok {
		// That it validates with none, which is no schema, is what ops.Validate has found.
		say(loglevel.Notice, "Enabling %s validation on the existing (sane) configuration", schema.None)
	}
	return cib, 0
}
