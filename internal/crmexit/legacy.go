package crmexit

import "sync"

// Legacy is a result of the library's older functions: 0, minus an error of the
// operating system, or minus one of a few numbers above 200. The sign does not
// matter here.
type Legacy int

// Some that the CIB's messages have, with their sign turned.
const (
	generic                Legacy = 201
	LegacySchemaValidation Legacy = 203
	LegacyOldData          Legacy = 205
	LegacyDiffFailed       Legacy = 206
	LegacyDiffResync       Legacy = 207
	LegacySchemaUnchanged  Legacy = 211
)

var legacies = sync.OnceValue(func() map[Legacy]struct {
	name string
	rc   RC
} {
	return map[Legacy]struct {
		name string
		rc   RC
	}{
		generic: {"pcmk_err_generic", RCError},
		202:     {"pcmk_err_no_quorum", RCNoQuorum},
		203:     {"pcmk_err_schema_validation", RCSchemaValidation},
		204:     {"pcmk_err_transform_failed", RCTransformFailed},
		205:     {"pcmk_err_old_data", RCOldData},
		206:     {"pcmk_err_diff_failed", RCDiffFailed},
		207:     {"pcmk_err_diff_resync", RCDiffResync},
		208:     {"pcmk_err_cib_modified", RCCIBModified},
		209:     {"pcmk_err_cib_backup", RCCIBBackup},
		210:     {"pcmk_err_cib_save", RCCIBSave},
		211:     {"Unknown", RCSchemaUnchanged}, // the reference forgot its name
		212:     {"pcmk_err_cib_corrupt", RCCIBCorrupt},
		213:     {"pcmk_err_multiple", RCMultiple},
		214:     {"pcmk_err_node_unknown", RCNodeUnknown},
		215:     {"pcmk_err_already", RCAlready},
		216:     {"pcmk_err_bad_nvpair", RCBadNVPair},
		217:     {"pcmk_err_unknown_format", RCUnknownFormat},
	}
})

// RC is the result as today's functions give it (pcmk_legacy2rc).
func (l Legacy) RC() RC {
	l = l.abs()
	if i, ok := legacies()[l]; ok {
		return i.rc
	}
	return RC(l)
}

// Legacy is the result as the older functions give it, 0 or negative (pcmk_rc2legacy).
func (rc RC) Legacy() Legacy {
	if rc >= 0 {
		return -Legacy(rc)
	}
	for l, i := range legacies() {
		if i.rc == rc {
			return -l
		}
	}
	return -generic
}

// Name is pcmk_errorname.
func (l Legacy) Name() string {
	l = l.abs()
	if i, ok := legacies()[l]; ok {
		return i.name
	}
	return RC(l).Name()
}

// String is pcmk_strerror.
func (l Legacy) String() string { return l.RC().String() }

// abs leaves the least number of 32 bits as it is, as C's does.
func (l Legacy) abs() Legacy {
	if l < 0 && l > -1<<31 {
		return -l
	}
	return l
}
