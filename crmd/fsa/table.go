package fsa

import "sync"

// move is where an input leads from some states.
type move struct {
	to   State
	from []State
}

// doing is what an input has a controller do in some states.
type doing struct {
	actions Actions
	in      []State
}

// reaction is what follows from an input; the states that in does not name are elsewhere.
type reaction struct {
	elsewhere Actions
	in        []doing
}

// moves has the inputs that change a state; all others change none (crmd_fsa_state).
var moves = [numInputs][]move{
	ICIBUpdate: {
		{SRecovery, []State{SNotDC, SStarting, SPending}},
	},
	IDCTimeout: {
		{SRecovery, []State{SIdle, SIntegration, SFinalizeJoin, SPolicyEngine, SReleaseDC, STransitionEngine}},
		{SElection, []State{SNotDC, SPending, SHalt}},
	},
	IElection: {
		{SElection, []State{SIdle, SIntegration, SFinalizeJoin, SNotDC, SPolicyEngine, SPending, STransitionEngine}},
	},
	IPECalc: {
		{SPolicyEngine, []State{SIdle, STransitionEngine}},
		{SRecovery, []State{SStarting}},
	},
	IReleaseDC: {
		{SReleaseDC, []State{SIdle, SElection, SIntegration, SFinalizeJoin, SPolicyEngine, STransitionEngine}},
		{SRecovery, []State{SStarting}},
	},
	IElectionDC: {
		{SIntegration, []State{SIdle, SElection, SFinalizeJoin, SNotDC, SPolicyEngine, STransitionEngine}},
		{SRecovery, []State{SStarting}},
	},
	IError: {
		{SRecovery, []State{SIdle, SElection, SIntegration, SFinalizeJoin, SNotDC, SPolicyEngine, SReleaseDC, SStarting, SPending, STransitionEngine, SHalt}},
		{STerminate, []State{SStopping}},
	},
	IFail: {
		{SRecovery, []State{SIdle, SNotDC}},
		{SReleaseDC, []State{SElection, SHalt}},
		{SIntegration, []State{SFinalizeJoin, SPolicyEngine}},
		{SStopping, []State{SStarting, SPending}},
		{SPolicyEngine, []State{STransitionEngine}},
	},
	IIntegrated: {
		{SFinalizeJoin, []State{SIntegration}},
		{SRecovery, []State{SStarting, SPending}},
	},
	IFinalized: {
		{SPolicyEngine, []State{SFinalizeJoin}},
		{SRecovery, []State{SStarting, SPending}},
	},
	INodeJoin: {
		{SIntegration, []State{SIdle, SFinalizeJoin, SPolicyEngine, STransitionEngine}},
		{SRecovery, []State{SStarting}},
	},
	INotDC: {
		{SRecovery, []State{SIdle, SIntegration, SFinalizeJoin, SPolicyEngine, SStarting, STransitionEngine}},
		{SNotDC, []State{SPending}},
	},
	IRecovered: {
		{SIntegration, []State{SFinalizeJoin}},
		{SPending, []State{SRecovery}},
	},
	IReleaseFail: {
		{SStopping, []State{SIdle, SElection, SIntegration, SFinalizeJoin, SPolicyEngine, SRecovery, SReleaseDC, STransitionEngine}},
		{SRecovery, []State{SStarting}},
	},
	IReleaseSuccess: {
		{SRecovery, []State{SIdle, SIntegration, SFinalizeJoin, SPolicyEngine, SStarting, STransitionEngine}},
		{SPending, []State{SReleaseDC}},
	},
	ITESuccess: {
		{SRecovery, []State{SStarting}},
		{SIdle, []State{STransitionEngine}},
	},
	IShutdown: {
		{SPolicyEngine, []State{SIdle, STransitionEngine}},
		{SStopping, []State{SRecovery, SStarting}},
		{SElection, []State{SHalt}},
	},
	IStop: {
		{SStopping, []State{SIdle, SElection, SIntegration, SFinalizeJoin, SNotDC, SPolicyEngine, SRecovery, SReleaseDC, SStarting, SPending, STransitionEngine, SHalt}},
	},
	ITerminate: {
		{STerminate, []State{SIdle, SElection, SIntegration, SFinalizeJoin, SNotDC, SPolicyEngine, SRecovery, SReleaseDC, SStarting, SPending, SStopping, STransitionEngine, SHalt}},
	},
	IStartup: {
		{SRecovery, []State{SIdle, SElection, SIntegration, SFinalizeJoin, SNotDC, SPolicyEngine, STransitionEngine}},
	},
	IPESuccess: {
		{STransitionEngine, []State{SPolicyEngine}},
		{SRecovery, []State{SStarting}},
	},
	IJoinOffer: {
		{SPending, []State{SNotDC}},
	},
	IJoinRequest: {
		{SIntegration, []State{SIdle, SFinalizeJoin, SPolicyEngine, STransitionEngine}},
	},
	IJoinResult: {
		{SIntegration, []State{SIdle, SPolicyEngine, STransitionEngine}},
		{SPending, []State{SNotDC}},
		{SRecovery, []State{SStarting}},
	},
	IPending: {
		{SPending, []State{SIdle, SElection, SIntegration, SFinalizeJoin, SNotDC, SPolicyEngine, SStarting, STransitionEngine}},
	},
	IHalt: {
		{SHalt, []State{SIdle, SElection, SIntegration, SFinalizeJoin, SNotDC, SPolicyEngine, SPending, STransitionEngine}},
	},
}

// reactions has what is done about each input (crmd_fsa_actions).
var reactions = [numInputs]reaction{
	ICIBOp: {elsewhere: AError},
	ICIBUpdate: {elsewhere: AWarn, in: []doing{
		{ALog, []State{SIdle, SElection, SPolicyEngine, STransitionEngine}},
	}},
	IDCTimeout: {elsewhere: AWarn, in: []doing{
		{AElectionVote, []State{SElection}},
		{AWarn | AElectionVote, []State{SNotDC, SPending}},
		{ANothing, []State{SRecovery, SStopping, STerminate}},
		{AWarn | ATECancel, []State{STransitionEngine}},
	}},
	IElection: {elsewhere: AElectionVote, in: []doing{
		{ALog, []State{SRecovery, SReleaseDC, SStopping, STerminate}},
		{AWarn, []State{SStarting}},
	}},
	IPECalc: {in: []doing{
		{APEInvoke, []State{SIdle, SPolicyEngine, STransitionEngine}},
		{AWarn, []State{SNotDC, SPending, SStopping}},
		{AError, []State{SStarting, STerminate, SHalt}},
	}},
	IReleaseDC: {elsewhere: AWarn | ORelease, in: []doing{
		{ORelease, []State{SIdle, SElection, SRecovery}},
		{AWarn, []State{SNotDC, SPending, SStopping, STerminate, SHalt}},
		{AError, []State{SStarting}},
	}},
	IElectionDC: {elsewhere: AWarn | AElectionVote, in: []doing{
		{ALog | ADCTakeover | APEStart | ATEStart | ADCJoinOfferAll | ADCTimerStop, []State{SElection}},
		{AWarn | AElectionVote | ADCJoinOfferAll, []State{SIntegration, SFinalizeJoin}},
		{ALog | AElectionVote, []State{SNotDC}},
		{AWarn, []State{SRecovery, SStopping, STerminate, SHalt}},
		{ALog | AWarn, []State{SStarting, SPending}},
	}},
	IError: {elsewhere: AError | ARecover | ORelease | AElectionStart, in: []doing{
		{AError | ARecover | ORelease, []State{SElection}},
		{AError | ARecover, []State{SNotDC, SReleaseDC, SStarting, SPending}},
		{AError | ORelease, []State{SRecovery}},
		{AError | AExit1, []State{SStopping, STerminate}},
	}},
	IFail: {elsewhere: AWarn, in: []doing{
		{AWarn | ADCJoinOfferAll, []State{SIntegration, SFinalizeJoin}},
		{AWarn | ADCJoinOfferAll | ATECancel, []State{SPolicyEngine}},
		{AWarn | ORelease, []State{SRecovery}},
		{AWarn | AExit1, []State{STerminate}},
		{AWarn | OLRMReconnect | APEInvoke | ATECancel, []State{STransitionEngine}},
	}},
	IIntegrated: {elsewhere: AWarn, in: []doing{
		{ANothing, []State{SIdle, SPolicyEngine, STransitionEngine}},
		{ADCJoinFinalize, []State{SIntegration}},
	}},
	IFinalized: {elsewhere: AWarn, in: []doing{
		{ANothing, []State{SIdle, SPolicyEngine, STransitionEngine}},
		{ADCJoinFinal | ATECancel, []State{SFinalizeJoin}},
	}},
	INodeJoin: {elsewhere: AWarn, in: []doing{
		{ATEHalt | ADCJoinOfferOne, []State{SIdle, STransitionEngine}},
		{ADCJoinOfferOne, []State{SIntegration, SFinalizeJoin, SPolicyEngine}},
	}},
	INotDC: {elsewhere: AError | ORelease, in: []doing{
		{AWarn | ORelease, []State{SIdle}},
		{AError | AElectionStart | ADCTimerStop, []State{SElection}},
		{ALog, []State{SNotDC}},
		{AWarn, []State{SStarting, SStopping, STerminate, SHalt}},
		{ALog | ADCTimerStop, []State{SPending}},
	}},
	IRecovered: {elsewhere: AWarn, in: []doing{
		{AElectionVote, []State{SElection}},
		{ALog, []State{SRecovery}},
	}},
	IReleaseFail: {elsewhere: AWarn, in: []doing{
		{ANothing, []State{SPolicyEngine, SReleaseDC}},
		{AWarn | AShutdownReq, []State{SRecovery}},
	}},
	IReleaseSuccess: {elsewhere: AWarn, in: []doing{
		{ALog, []State{SReleaseDC, SPending}},
	}},
	IRestart: {elsewhere: ALog, in: []doing{
		{ANothing, []State{SIdle}},
		{ALog | AElectionVote, []State{SElection}},
		{ALog | ADCJoinOfferAll, []State{SIntegration}},
		{ALog | ADCJoinFinalize, []State{SFinalizeJoin}},
		{ALog | APEInvoke, []State{SPolicyEngine}},
		{ALog | ARecover | ORelease, []State{SRecovery}},
		{ALog | ORelease, []State{SReleaseDC}},
		{ALog | ATEInvoke, []State{STransitionEngine}},
		{AWarn, []State{SHalt}},
	}},
	ITESuccess: {elsewhere: AWarn, in: []doing{
		{ALog, []State{SIdle, STransitionEngine}},
		{AError, []State{SNotDC, SStarting, SPending}},
		{AWarn | ARecover, []State{SRecovery}},
	}},
	IRouter: {elsewhere: AMsgRoute, in: []doing{
		{AWarn | AMsgRoute, []State{SHalt}},
	}},
	IShutdown: {elsewhere: ALog | AShutdownReq, in: []doing{
		{ALog | AShutdownReq | AElectionVote, []State{SElection}},
		{AShutdownReq, []State{SNotDC, SPending}},
		{AWarn | OExit | ORelease, []State{SRecovery}},
		{AWarn | AShutdownReq, []State{SReleaseDC, STransitionEngine}},
		{AWarn | OExit, []State{SStarting}},
		{ALog, []State{SStopping, STerminate}},
		{AWarn | AElectionStart | AShutdownReq, []State{SHalt}},
	}},
	IStop: {elsewhere: AError | ORelease | OExit, in: []doing{
		{ORelease | OExit, []State{SElection}},
		{AWarn | ORelease | OExit, []State{SIntegration, SPolicyEngine, SHalt}},
		{OExit, []State{SNotDC, SStarting, SPending, SStopping}},
		{AError | AExit1, []State{STerminate}},
		{ALog | ORelease | OExit, []State{STransitionEngine}},
	}},
	ITerminate: {elsewhere: AError | OExit, in: []doing{
		{OExit, []State{SStarting, SStopping, STerminate}},
	}},
	IStartup: {elsewhere: AWarn, in: []doing{
		{ALog | AStartup | ACIBStart | ALRMConnect | AHAConnect | AReadConfig | AStarted, []State{SStarting}},
		{ALog, []State{SPending}},
	}},
	IPESuccess: {elsewhere: ALog, in: []doing{
		{AWarn, []State{SElection, SIntegration, SFinalizeJoin, SHalt}},
		{ANothing, []State{SNotDC}},
		{ATEInvoke, []State{SPolicyEngine}},
		{ALog | ARecover, []State{SRecovery}},
		{AError, []State{SStarting, SStopping, STerminate}},
	}},
	IJoinOffer: {elsewhere: AWarn | ACLJoinRequest, in: []doing{
		{AWarn | AElectionVote, []State{SElection}},
		{ACLJoinRequest, []State{SIntegration, SFinalizeJoin}},
		{ACLJoinRequest | ADCTimerStop, []State{SNotDC, SPending}},
		{AWarn | ACLJoinRequest | ADCTimerStop, []State{SRecovery, SReleaseDC}},
		{ALog, []State{SStarting, SStopping, STerminate}},
		{AWarn, []State{SHalt}},
	}},
	IJoinRequest: {elsewhere: AWarn, in: []doing{
		{ADCJoinOfferOne, []State{SIdle, SFinalizeJoin, SPolicyEngine, STransitionEngine}},
		{ADCJoinProcessReq, []State{SIntegration}},
	}},
	IJoinResult: {elsewhere: AError | ATEHalt | ADCJoinOfferAll, in: []doing{
		{ALog, []State{SElection, SRecovery, SReleaseDC}},
		{ALog | ACLJoinResult | ADCJoinProcessAck, []State{SIntegration}},
		{ACLJoinResult | ADCJoinProcessAck, []State{SFinalizeJoin}},
		{AError | ACLJoinAnnounce, []State{SNotDC}},
		{AError, []State{SStarting, SStopping, STerminate}},
		{ACLJoinResult, []State{SPending}},
		{AWarn, []State{SHalt}},
	}},
	IWaitForEvent: {elsewhere: ALog, in: []doing{
		{AWarn, []State{SHalt}},
	}},
	IDCHeartbeat: {elsewhere: AError, in: []doing{
		{AWarn | AElectionVote, []State{SElection}},
		{ANothing, []State{SNotDC, SRecovery, SStopping, STerminate}},
		{ALog, []State{SReleaseDC, SStarting}},
		{ALog | ACLJoinAnnounce, []State{SPending}},
		{AWarn, []State{SHalt}},
	}},
	ILRMEvent: {elsewhere: ALRMEvent, in: []doing{
		{AWarn, []State{SHalt}},
	}},
	IPending: {elsewhere: ORelease | ODCTimerRestart, in: []doing{
		{ALog | ODCTimerRestart, []State{SNotDC, SPending}},
		{AWarn, []State{SRecovery, SStopping, STerminate, SHalt}},
		{AWarn | ODCTimerRestart, []State{SReleaseDC}},
		{ALog | ADCTimerStart | ACLJoinQuery, []State{SStarting}},
	}},
	IHalt: {elsewhere: AWarn},
}

// cell is an entry of the table.
type cell struct {
	next    State
	actions Actions
}

// table is what filling it in has led to.
var table = sync.OnceValue(fill)

func fill() *[numInputs][numStates]cell {
	var t [numInputs][numStates]cell
	for i := range t {
		for s := range t[i] {
			t[i][s] = cell{State(s), reactions[i].elsewhere}
		}
		for _, m := range moves[i] {
			for _, s := range m.from {
				t[i][s].next = m.to
			}
		}
		for _, d := range reactions[i].in {
			for _, s := range d.in {
				t[i][s].actions = d.actions
			}
		}
	}
	return &t
}

// Next is the state that an input leads to, and what is to be done about it. An input or a
// state that is none leads to SIllegal.
func Next(s State, i Input) (State, Actions) {
	if s >= numStates || i >= numInputs {
		return SIllegal, 0
	}
	c := &table()[i][s]
	return c.next, c.actions
}
