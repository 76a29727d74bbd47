package crmexit

import "sync"

// Code is an exit status of Pacemaker's programs (enum crm_exit_e).
type Code int

// The exit statuses. Those to 9 are also the results of OCF agents.
const (
	OK                 Code = 0   // OK
	Error              Code = 1   // Error occurred
	InvalidParam       Code = 2   // Invalid parameter
	UnimplementFeature Code = 3   // Unimplemented
	InsufficientPriv   Code = 4   // Insufficient privileges
	NotInstalled       Code = 5   // Not installed
	NotConfigured      Code = 6   // Not configured
	NotRunning         Code = 7   // Not running
	Promoted           Code = 8   // Promoted
	FailedPromoted     Code = 9   // Failed in promoted role
	Usage              Code = 64  // Incorrect usage
	DataErr            Code = 65  // Invalid data given
	NoInput            Code = 66  // Input file not available
	NoUser             Code = 67  // User does not exist
	NoHost             Code = 68  // Host does not exist
	Unavailable        Code = 69  // Necessary service unavailable
	Software           Code = 70  // Internal software bug
	OSErr              Code = 71  // Operating system error occurred
	OSFile             Code = 72  // System file not available
	CantCreat          Code = 73  // Cannot create output file
	IOErr              Code = 74  // I/O error occurred
	TempFail           Code = 75  // Temporary failure, try again
	Protocol           Code = 76  // Protocol violated
	NoPerm             Code = 77  // Insufficient privileges
	Config             Code = 78  // Invalid configuration
	Fatal              Code = 100 // Fatal error occurred, will not respawn
	Panic              Code = 101 // System panic required
	Disconnect         Code = 102 // Not connected
	Old                Code = 103 // Update was older than existing configuration
	Digest             Code = 104 // Digest mismatch
	NoSuch             Code = 105 // No such object
	Quorum             Code = 106 // Quorum required
	Unsafe             Code = 107 // Operation not safe
	Exists             Code = 108 // Requested item already exists
	Multiple           Code = 109 // Multiple items match request
	Expired            Code = 110 // Requested item has expired
	NotYetInEffect     Code = 111 // Requested item is not yet in effect
	Indeterminate      Code = 112 // Could not determine status
	Unsatisfied        Code = 113 // Not applicable under current conditions
	Timeout            Code = 124 // Timeout occurred
	Degraded           Code = 190 // Service is active but might fail soon
	DegradedPromoted   Code = 191 // Service is promoted but might fail soon
	None               Code = 193 // No exit status available
	// Max is the largest; a program that would exit with more exits with it.
	Max Code = 255
)

var codes = sync.OnceValue(func() map[Code]struct{ name, text string } {
	return map[Code]struct{ name, text string }{
		OK:                 {"CRM_EX_OK", "OK"},
		Error:              {"CRM_EX_ERROR", "Error occurred"},
		InvalidParam:       {"CRM_EX_INVALID_PARAM", "Invalid parameter"},
		UnimplementFeature: {"CRM_EX_UNIMPLEMENT_FEATURE", "Unimplemented"},
		InsufficientPriv:   {"CRM_EX_INSUFFICIENT_PRIV", "Insufficient privileges"},
		NotInstalled:       {"CRM_EX_NOT_INSTALLED", "Not installed"},
		NotConfigured:      {"CRM_EX_NOT_CONFIGURED", "Not configured"},
		NotRunning:         {"CRM_EX_NOT_RUNNING", "Not running"},
		Promoted:           {"CRM_EX_PROMOTED", "Promoted"},
		FailedPromoted:     {"CRM_EX_FAILED_PROMOTED", "Failed in promoted role"},
		Usage:              {"CRM_EX_USAGE", "Incorrect usage"},
		DataErr:            {"CRM_EX_DATAERR", "Invalid data given"},
		NoInput:            {"CRM_EX_NOINPUT", "Input file not available"},
		NoUser:             {"CRM_EX_NOUSER", "User does not exist"},
		NoHost:             {"CRM_EX_NOHOST", "Host does not exist"},
		Unavailable:        {"CRM_EX_UNAVAILABLE", "Necessary service unavailable"},
		Software:           {"CRM_EX_SOFTWARE", "Internal software bug"},
		OSErr:              {"CRM_EX_OSERR", "Operating system error occurred"},
		OSFile:             {"CRM_EX_OSFILE", "System file not available"},
		CantCreat:          {"CRM_EX_CANTCREAT", "Cannot create output file"},
		IOErr:              {"CRM_EX_IOERR", "I/O error occurred"},
		TempFail:           {"CRM_EX_TEMPFAIL", "Temporary failure, try again"},
		Protocol:           {"CRM_EX_PROTOCOL", "Protocol violated"},
		NoPerm:             {"CRM_EX_NOPERM", "Insufficient privileges"},
		Config:             {"CRM_EX_CONFIG", "Invalid configuration"},
		Fatal:              {"CRM_EX_FATAL", "Fatal error occurred, will not respawn"},
		Panic:              {"CRM_EX_PANIC", "System panic required"},
		Disconnect:         {"CRM_EX_DISCONNECT", "Not connected"},
		Old:                {"CRM_EX_OLD", "Update was older than existing configuration"},
		Digest:             {"CRM_EX_DIGEST", "Digest mismatch"},
		NoSuch:             {"CRM_EX_NOSUCH", "No such object"},
		Quorum:             {"CRM_EX_QUORUM", "Quorum required"},
		Unsafe:             {"CRM_EX_UNSAFE", "Operation not safe"},
		Exists:             {"CRM_EX_EXISTS", "Requested item already exists"},
		Multiple:           {"CRM_EX_MULTIPLE", "Multiple items match request"},
		Expired:            {"CRM_EX_EXPIRED", "Requested item has expired"},
		NotYetInEffect:     {"CRM_EX_NOT_YET_IN_EFFECT", "Requested item is not yet in effect"},
		Indeterminate:      {"CRM_EX_INDETERMINATE", "Could not determine status"},
		Unsatisfied:        {"CRM_EX_UNSATISFIED", "Not applicable under current conditions"},
		Timeout:            {"CRM_EX_TIMEOUT", "Timeout occurred"},
		Degraded:           {"CRM_EX_DEGRADED", "Service is active but might fail soon"},
		DegradedPromoted:   {"CRM_EX_DEGRADED_PROMOTED", "Service is promoted but might fail soon"},
		None:               {"CRM_EX_NONE", "No exit status available"},
		Max:                {"CRM_EX_UNKNOWN", "Error occurred"},
	}
})

// Name is the name of the constant in the reference (crm_exit_name).
func (c Code) Name() string {
	if i, ok := codes()[c]; ok {
		return i.name
	}
	return "CRM_EX_UNKNOWN"
}

// String is the description (crm_exit_str).
func (c Code) String() string {
	switch i, ok := codes()[c]; {
	case ok:
		return i.text
	case c > 128 && c < Max:
		return "Interrupted by signal"
	}
	return "Unknown exit status"
}
