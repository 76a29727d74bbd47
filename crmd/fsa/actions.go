package fsa

import (
	"math/bits"
	"strings"
)

// Actions is a set of things to do. Their numbers are in the order in which they are done:
// First gives what comes next (s_crmd_fsa_actions).
type Actions uint64

// What a controller does, the most urgent first: what is said, the end, what restarts a part,
// what a start needs, timers, messages, the DC's work, and the way out.
const (
	AError Actions = 1 << iota
	AWarn
	ALog
	AExit1
	// First looks for the restarts here.
	AStartup
	ACIBStart
	AHAConnect
	AReadConfig
	ALRMConnect
	ATEStart
	APEStart
	ADCTimerStop
	AIntegrateTimerStop
	AIntegrateTimerStart
	AFinalizeTimerStop
	AFinalizeTimerStart
	AMsgRoute
	ARecover
	ACLJoinResult
	ACLJoinRequest
	AShutdownReq
	AElectionVote
	AElectionCount
	ALRMEvent
	AStarted
	ACLJoinQuery
	ADCTimerStart
	ADCTakeover
	ADCRelease
	ADCJoinFinal
	AElectionCheck
	AElectionStart
	ADCJoinOfferAll
	ADCJoinOfferOne
	ADCJoinProcessReq
	ADCJoinProcessAck
	ADCJoinFinalize
	ACLJoinAnnounce
	ATEHalt
	ATECancel
	ALRMInvoke
	APEInvoke
	ATEInvoke
	ADCReleased
	APEStop
	ATEStop
	AShutdown
	ALRMDisconnect
	AHADisconnect
	ACIBStop
	AStop
	AExit0

	ANothing Actions = 0
)

// Actions that go together.
const (
	OExit           = AShutdown | AStop | ALRMDisconnect | AHADisconnect | AExit0 | ACIBStop
	ORelease        = ADCTimerStop | ADCRelease | APEStop | ATEStop | ADCReleased
	OPERestart      = APEStart | APEStop
	OTERestart      = ATEStart | ATEStop
	OCIBRestart     = ACIBStart | ACIBStop
	OLRMReconnect   = ALRMConnect | ALRMDisconnect
	ODCTimerRestart = ADCTimerStop | ADCTimerStart
	// StartupActions are not done once a controller shuts down.
	StartupActions = AStartup | ACIBStart | ALRMConnect | AHAConnect | AReadConfig | AStarted | ACLJoinQuery
)

// restarts are pairs that are done as one, before anything that AStartup comes before.
var restarts = [...]Actions{OLRMReconnect, OCIBRestart, OPERestart, OTERestart}

// First is what of the set is done next: one action, or one of the restarts; ANothing if the
// set is empty.
func (a Actions) First() Actions {
	if said := a & (AError | AWarn | ALog | AExit1); said != 0 {
		return said & -said
	}
	for _, r := range restarts {
		if a&r == r {
			return r
		}
	}
	return a & -a
}

// Has tells whether any of the actions is in the set.
func (a Actions) Has(b Actions) bool { return a&b != 0 }

var actionNames = [...]string{
	"A_ERROR", "A_WARN", "A_LOG", "A_EXIT_1", "A_STARTUP", "A_CIB_START", "A_HA_CONNECT", "A_READCONFIG",
	"A_LRM_CONNECT", "A_TE_START", "A_PE_START", "A_DC_TIMER_STOP", "A_INTEGRATE_TIMER_STOP",
	"A_INTEGRATE_TIMER_START", "A_FINALIZE_TIMER_STOP", "A_FINALIZE_TIMER_START", "A_MSG_ROUTE", "A_RECOVER",
	"A_CL_JOIN_RESULT", "A_CL_JOIN_REQUEST", "A_SHUTDOWN_REQ", "A_ELECTION_VOTE", "A_ELECTION_COUNT",
	"A_LRM_EVENT", "A_STARTED", "A_CL_JOIN_QUERY", "A_DC_TIMER_START", "A_DC_TAKEOVER", "A_DC_RELEASE",
	"A_DC_JOIN_FINAL", "A_ELECTION_CHECK", "A_ELECTION_START", "A_DC_JOIN_OFFER_ALL", "A_DC_JOIN_OFFER_ONE",
	"A_DC_JOIN_PROCESS_REQ", "A_DC_JOIN_PROCESS_ACK", "A_DC_JOIN_FINALIZE", "A_CL_JOIN_ANNOUNCE", "A_TE_HALT",
	"A_TE_CANCEL", "A_LRM_INVOKE", "A_PE_INVOKE", "A_TE_INVOKE", "A_DC_RELEASED", "A_PE_STOP", "A_TE_STOP",
	"A_SHUTDOWN", "A_LRM_DISCONNECT", "A_HA_DISCONNECT", "A_CIB_STOP", "A_STOP", "A_EXIT_0",
}

// String names the actions of the set in their order.
func (a Actions) String() string {
	if a == ANothing {
		return "A_NOTHING"
	}
	var names []string
	for ; a != 0; a &= a - 1 {
		if n := bits.TrailingZeros64(uint64(a)); n < len(actionNames) {
			names = append(names, actionNames[n])
		} else {
			names = append(names, "<UNKNOWN_ACTION>")
		}
	}
	return strings.Join(names, "|")
}
