package crmexit

import (
	"strconv"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// RC is a result of a function of Pacemaker's library (enum pcmk_rc_e): 0, one of
// those below, or, above 0, an error of the operating system.
type RC int

// The results.
const (
	RCOK                RC = 0     // OK
	RCError             RC = -1001 // Error
	RCUnknownFormat     RC = -1002 // Unknown output format
	RCBadNVPair         RC = -1003 // Bad name/value pair given
	RCAlready           RC = -1004 // Already in requested state
	RCNodeUnknown       RC = -1005 // Node not found
	RCMultiple          RC = -1006 // Resource active on multiple nodes
	RCCIBCorrupt        RC = -1007 // Could not parse on-disk configuration
	RCCIBSave           RC = -1008 // Could not save new configuration to disk
	RCCIBBackup         RC = -1009 // Could not archive previous configuration
	RCCIBModified       RC = -1010 // On-disk configuration was manually modified
	RCDiffResync        RC = -1011 // Application of update diff failed, requesting full refresh
	RCDiffFailed        RC = -1012 // Application of update diff failed
	RCOldData           RC = -1013 // Update was older than existing configuration
	RCTransformFailed   RC = -1014 // Schema transform failed
	RCSchemaUnchanged   RC = -1015 // Schema is already the latest available
	RCSchemaValidation  RC = -1016 // Update does not conform to the configured schema
	RCNoQuorum          RC = -1017 // Operation requires quorum
	RCIPCUnauthorized   RC = -1018 // IPC server is blocked by unauthorized process
	RCIPCUnresponsive   RC = -1019 // IPC server is unresponsive
	RCIPCPIDOnly        RC = -1020 // IPC server process is active but not accepting connections
	RCOpUnsatisfied     RC = -1021 // Not applicable under current conditions
	RCUndetermined      RC = -1022 // Result undetermined
	RCBeforeRange       RC = -1023 // Result occurs before given range
	RCWithinRange       RC = -1024 // Result occurs within given range
	RCAfterRange        RC = -1025 // Result occurs after given range
	RCNoOutput          RC = -1026 // Output message produced no output
	RCNoInput           RC = -1027 // Input file not available
	RCUnderflow         RC = -1028 // Value too small to be stored in data type
	RCDotError          RC = -1029 // Error writing dot(1) file
	RCGraphError        RC = -1030 // Error writing graph file
	RCInvalidTransition RC = -1031 // Cluster simulation produced invalid transition
	RCUnpackError       RC = -1032 // Unable to parse CIB XML
	RCDuplicateID       RC = -1033 // Two or more XML elements have the same ID
)

// results are the names and descriptions of the results below RCOK, by their distance from it
var results = [...]struct{ name, text string }{
	{"pcmk_rc_error", "Error"},
	{"pcmk_rc_unknown_format", "Unknown output format"},
	{"pcmk_rc_bad_nvpair", "Bad name/value pair given"},
	{"pcmk_rc_already", "Already in requested state"},
	{"pcmk_rc_node_unknown", "Node not found"},
	{"pcmk_rc_multiple", "Resource active on multiple nodes"},
	{"pcmk_rc_cib_corrupt", "Could not parse on-disk configuration"},
	{"pcmk_rc_cib_save", "Could not save new configuration to disk"},
	{"pcmk_rc_cib_backup", "Could not archive previous configuration"},
	{"pcmk_rc_cib_modified", "On-disk configuration was manually modified"},
	{"pcmk_rc_diff_resync", "Application of update diff failed, requesting full refresh"},
	{"pcmk_rc_diff_failed", "Application of update diff failed"},
	{"pcmk_rc_old_data", "Update was older than existing configuration"},
	{"pcmk_rc_transform_failed", "Schema transform failed"},
	{"pcmk_rc_schema_unchanged", "Schema is already the latest available"},
	{"pcmk_rc_schema_validation", "Update does not conform to the configured schema"},
	{"pcmk_rc_no_quorum", "Operation requires quorum"},
	{"pcmk_rc_ipc_unauthorized", "IPC server is blocked by unauthorized process"},
	{"pcmk_rc_ipc_unresponsive", "IPC server is unresponsive"},
	{"pcmk_rc_ipc_pid_only", "IPC server process is active but not accepting connections"},
	{"pcmk_rc_op_unsatisfied", "Not applicable under current conditions"},
	{"pcmk_rc_undetermined", "Result undetermined"},
	{"pcmk_rc_before_range", "Result occurs before given range"},
	{"pcmk_rc_within_range", "Result occurs within given range"},
	{"pcmk_rc_after_range", "Result occurs after given range"},
	{"pcmk_rc_no_output", "Output message produced no output"},
	{"pcmk_rc_no_input", "Input file not available"},
	{"pcmk_rc_underflow", "Value too small to be stored in data type"},
	{"pcmk_rc_dot_error", "Error writing dot(1) file"},
	{"pcmk_rc_graph_error", "Error writing graph file"},
	{"pcmk_rc_invalid_transition", "Cluster simulation produced invalid transition"},
	{"pcmk_rc_unpack_error", "Unable to parse CIB XML"},
	{"pcmk_rc_duplicate_id", "Two or more XML elements have the same ID"},
}

// Name is the name of the constant in the reference, or of the system's error
// (pcmk_rc_name).
func (rc RC) Name() string {
	switch {
	case rc == RCOK:
		return "pcmk_rc_ok"
	case rc.isOwn():
		return results[RCError-rc].name
	}
	if name, ok := errnoNames()[syscall.Errno(rc)]; ok && rc > 0 {
		return name
	}
	return "Unknown"
}

// String is the description (pcmk_rc_str).
func (rc RC) String() string {
	switch {
	case rc == RCOK:
		return "OK"
	case rc.isOwn():
		return results[RCError-rc].text
	case rc < 0:
		return "Error"
	}
	text := syscall.Errno(rc).Error()
	switch {
	case rc == RC(unix.EHWPOISON):
		return "Memory page has hardware error" // package syscall does not know it
	case strings.HasPrefix(text, "errno "):
		return "Unknown error " + strconv.Itoa(int(rc))
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

func (rc RC) isOwn() bool { return rc <= RCError && int(RCError-rc) < len(results) }

// First and Last are the results that crm_error lists; those between RCError and
// RCOK belong to callers.
const (
	First = RCDuplicateID
	Last  = RC(256)
)

// exits are the exit statuses of results that have one of their own.
var exits = sync.OnceValue(func() map[RC]Code {
	return map[RC]Code{
		RCOK:               OK,
		RCNoQuorum:         Quorum,
		RCOldData:          Old,
		RCSchemaValidation: Config, RCTransformFailed: Config, RCUnpackError: Config,
		RCBadNVPair:         InvalidParam,
		RC(syscall.EACCES):  InsufficientPriv,
		RC(syscall.EBADF):   Software,
		RC(syscall.EINVAL):  Software,
		RC(syscall.EFAULT):  Software,
		RC(syscall.ENOSYS):  Software,
		RC(syscall.EBADMSG): Protocol, RC(syscall.EMSGSIZE): Protocol, RC(syscall.ENOMSG): Protocol,
		RC(syscall.ENOPROTOOPT): Protocol, RC(syscall.EPROTO): Protocol,
		RC(syscall.EPROTONOSUPPORT): Protocol, RC(syscall.EPROTOTYPE): Protocol,
		RC(syscall.EOVERFLOW): Software, RCUnderflow: Software,
		RC(syscall.ECOMM): OSErr, RC(syscall.ENOMEM): OSErr,
		RC(syscall.ECONNABORTED): Disconnect, RC(syscall.ECONNREFUSED): Disconnect,
		RC(syscall.ECONNRESET): Disconnect, RC(syscall.ENOTCONN): Disconnect,
		RC(syscall.EEXIST): Exists, RCAlready: Exists,
		RC(syscall.EIO): IOErr, RCNoOutput: IOErr, RCDotError: IOErr, RCGraphError: IOErr,
		RC(syscall.EOPNOTSUPP): UnimplementFeature,
		RC(syscall.ENOTUNIQ):   Multiple, RCMultiple: Multiple, RCDuplicateID: Multiple,
		RC(syscall.ENODEV): NoSuch, RC(syscall.ENOENT): NoSuch, RC(syscall.ENXIO): NoSuch,
		RCNodeUnknown: NoSuch, RCUnknownFormat: NoSuch,
		RC(syscall.ETIME): Timeout, RC(syscall.ETIMEDOUT): Timeout,
		RC(syscall.EAGAIN): Unsatisfied, RC(syscall.EBUSY): Unsatisfied,
		RCBeforeRange:   NotYetInEffect,
		RCAfterRange:    Expired,
		RCWithinRange:   OK,
		RCUndetermined:  Indeterminate,
		RCOpUnsatisfied: Unsatisfied,
		RCNoInput:       NoInput,
	}
})

// Exit is the exit status nearest to rc (pcmk_rc2exitc).
func (rc RC) Exit() Code {
	if c, ok := exits()[rc]; ok {
		return c
	}
	return Error
}
