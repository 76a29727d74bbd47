package fsa

// State is what a controller is about (enum crmd_fsa_state).
type State uint8

const (
	SIdle State = iota
	SElection
	SIntegration
	SFinalizeJoin
	SNotDC
	SPolicyEngine
	SRecovery
	SReleaseDC
	SStarting
	SPending
	SStopping
	STerminate
	STransitionEngine
	SHalt
	SIllegal

	numStates = SIllegal
)

var stateNames = [...]string{
	SIdle:             "S_IDLE",
	SElection:         "S_ELECTION",
	SIntegration:      "S_INTEGRATION",
	SFinalizeJoin:     "S_FINALIZE_JOIN",
	SNotDC:            "S_NOT_DC",
	SPolicyEngine:     "S_POLICY_ENGINE",
	SRecovery:         "S_RECOVERY",
	SReleaseDC:        "S_RELEASE_DC",
	SStarting:         "S_STARTING",
	SPending:          "S_PENDING",
	SStopping:         "S_STOPPING",
	STerminate:        "S_TERMINATE",
	STransitionEngine: "S_TRANSITION_ENGINE",
	SHalt:             "S_HALT",
	SIllegal:          "S_ILLEGAL",
}

// String is the name that the reference's log and its tools' output have.
func (x State) String() string {
	if int(x) < len(stateNames) {
		return stateNames[x]
	}
	return "<unknown>"
}

// Input is something that makes a controller act (enum crmd_fsa_input).
type Input uint8

const (
	INull Input = iota
	ICIBOp
	ICIBUpdate
	IDCTimeout
	IElection
	IPECalc
	IReleaseDC
	IElectionDC
	IError
	IFail
	IIntegrated
	IFinalized
	INodeJoin
	INotDC
	IRecovered
	IReleaseFail
	IReleaseSuccess
	IRestart
	ITESuccess
	IRouter
	IShutdown
	IStop
	ITerminate
	IStartup
	IPESuccess
	IJoinOffer
	IJoinRequest
	IJoinResult
	IWaitForEvent
	IDCHeartbeat
	ILRMEvent
	IPending
	IHalt
	IIllegal

	numInputs = IIllegal
)

var inputNames = [...]string{
	INull:           "I_NULL",
	ICIBOp:          "I_CIB_OP",
	ICIBUpdate:      "I_CIB_UPDATE",
	IDCTimeout:      "I_DC_TIMEOUT",
	IElection:       "I_ELECTION",
	IPECalc:         "I_PE_CALC",
	IReleaseDC:      "I_RELEASE_DC",
	IElectionDC:     "I_ELECTION_DC",
	IError:          "I_ERROR",
	IFail:           "I_FAIL",
	IIntegrated:     "I_INTEGRATED",
	IFinalized:      "I_FINALIZED",
	INodeJoin:       "I_NODE_JOIN",
	INotDC:          "I_NOT_DC",
	IRecovered:      "I_RECOVERED",
	IReleaseFail:    "I_RELEASE_FAIL",
	IReleaseSuccess: "I_RELEASE_SUCCESS",
	IRestart:        "I_RESTART",
	ITESuccess:      "I_TE_SUCCESS",
	IRouter:         "I_ROUTER",
	IShutdown:       "I_SHUTDOWN",
	IStop:           "I_STOP",
	ITerminate:      "I_TERMINATE",
	IStartup:        "I_STARTUP",
	IPESuccess:      "I_PE_SUCCESS",
	IJoinOffer:      "I_JOIN_OFFER",
	IJoinRequest:    "I_JOIN_REQUEST",
	IJoinResult:     "I_JOIN_RESULT",
	IWaitForEvent:   "I_WAIT_FOR_EVENT",
	IDCHeartbeat:    "I_DC_HEARTBEAT",
	ILRMEvent:       "I_LRM_EVENT",
	IPending:        "I_PENDING",
	IHalt:           "I_HALT",
	IIllegal:        "I_ILLEGAL",
}

// String is the name that the reference's log and its tools' output have.
func (x Input) String() string {
	if int(x) < len(inputNames) {
		return inputNames[x]
	}
	return "<unknown>"
}

// Cause is where an Input comes from (enum crmd_fsa_cause).
type Cause uint8

const (
	CUnknown Cause = iota
	CStartup
	CIPCMessage
	CHAMessage
	CControllerStatusCallback
	CLRMOpCallback
	CTimerPopped
	CShutdown
	CFSAInternal
)

var causeNames = [...]string{
	CUnknown:                  "C_UNKNOWN",
	CStartup:                  "C_STARTUP",
	CIPCMessage:               "C_IPC_MESSAGE",
	CHAMessage:                "C_HA_MESSAGE",
	CControllerStatusCallback: "C_CRMD_STATUS_CALLBACK",
	CLRMOpCallback:            "C_LRM_OP_CALLBACK",
	CTimerPopped:              "C_TIMER_POPPED",
	CShutdown:                 "C_SHUTDOWN",
	CFSAInternal:              "C_FSA_INTERNAL",
}

// String is the name that the reference's log and its tools' output have.
func (x Cause) String() string {
	if int(x) < len(causeNames) {
		return causeNames[x]
	}
	return "<unknown>"
}
