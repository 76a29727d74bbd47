// Package state names what pacemakerd is about: starting its daemons, watching them, stopping them. The daemon and those
// who ask it import it.
package state

// State is what pacemakerd is about (enum pcmk_pacemakerd_state).
type State int

// The states.
const (
	Invalid State = iota - 1
	Initializing
	StartingDaemons
	WaitingForPing // for SBD's leave to start the daemons
	Running
	ShuttingDown
	ShutdownComplete // and SBD is to know of it
)

var states = [...]struct{ name, friendly string }{
	{"init", "Initializing pacemaker"},
	{"starting_daemons", "Pacemaker daemons are starting"},
	{"wait_for_ping", "Waiting for startup trigger from SBD"},
	{"running", "Pacemaker is running"},
	{"shutting_down", "Pacemaker daemons are shutting down"},
	{"shutdown_complete", "Pacemaker daemons are shut down (reporting to SBD)"},
}

// String is the state's name in messages.
func (s State) String() string {
	if s < 0 || int(s) >= len(states) {
		return "invalid"
	}
	return states[s].name
}

// Friendly is the state in words.
func (s State) Friendly() string {
	if s < 0 || int(s) >= len(states) {
		return "Invalid pacemakerd state"
	}
	return states[s].friendly
}

// Parse is the state of a name, or Invalid.
func Parse(name string) State {
	for i := range states {
		if states[i].name == name {
			return State(i)
		}
	}
	return Invalid
}
