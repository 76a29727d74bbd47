package fsa

import (
	_ "embed"
	"math/bits"
	"slices"
	"strings"
	"testing"
)

// reference is the reference's table: an input, a state, the next state and the actions.
//
//go:embed testdata/table.txt
var reference string

var composites = map[string]Actions{
	"A_NOTHING": ANothing, "O_EXIT": OExit, "O_RELEASE": ORelease, "O_LRM_RECONNECT": OLRMReconnect, "O_DC_TIMER_RESTART": ODCTimerRestart,
}

func parseActions(t *testing.T, text string) (set Actions) {
	t.Helper()
	for name := range strings.SplitSeq(text, "|") {
		if a, ok := composites[name]; ok {
			set |= a
			continue
		}
		n := slices.Index(actionNames[:], name)
		if n < 0 {
			t.Fatalf("no action is called %q", name)
		}
		set |= 1 << n
	}
	return set
}

// Every state has an answer to every input, and it is the reference's.
func TestNext(t *testing.T) {
	seen := map[[2]int]bool{}
	for line := range strings.Lines(reference) {
		f := strings.Fields(line)
		i, s := slices.Index(inputNames[:], f[0]), slices.Index(stateNames[:], f[1])
		if i < 0 || s < 0 {
			t.Fatalf("unknown name in %q", line)
		}
		seen[[2]int{i, s}] = true
		next, actions := Next(State(s), Input(i))
		if next.String() != f[2] || actions != parseActions(t, f[3]) {
			t.Errorf("%s in %s: %v, %v; want %s", f[0], f[1], next, actions, strings.Join(f[2:], " "))
		}
	}
	if want := int(numInputs) * int(numStates); len(seen) != want {
		t.Errorf("%d cells, want %d", len(seen), want)
	}
	for _, x := range []struct {
		s State
		i Input
	}{{SIllegal, INull}, {SIdle, IIllegal}, {200, 200}} {
		if s, a := Next(x.s, x.i); s != SIllegal || a != ANothing {
			t.Errorf("Next(%d, %d) = %v, %v", x.s, x.i, s, a)
		}
	}
}

func TestFirst(t *testing.T) {
	for _, tt := range []struct {
		set  Actions
		want []Actions
	}{
		{ANothing, nil},
		{ALog | AError | AStarted | ACIBStart, []Actions{AError, ALog, ACIBStart, AStarted}},
		{AStop | OLRMReconnect | AExit1, []Actions{AExit1, OLRMReconnect, AStop}},   // nothing worse is to happen first
		{OTERestart | APEStop | AStartup, []Actions{OTERestart, AStartup, APEStop}}, // APEStop alone is no restart
		{ATEInvoke | APEInvoke | ATECancel, []Actions{ATECancel, APEInvoke, ATEInvoke}},
		{OExit | ORelease, []Actions{
			ADCTimerStop, ADCRelease, ADCReleased, APEStop, ATEStop,
			AShutdown, ALRMDisconnect, AHADisconnect, ACIBStop, AStop, AExit0,
		}},
	} {
		var got []Actions
		for set := tt.set; set != 0; set &^= set.First() {
			got = append(got, set.First())
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%v is done as %v, want %v", tt.set, got, tt.want)
		}
	}
}

func TestNames(t *testing.T) {
	if n := bits.Len64(uint64(AExit0)); n != len(actionNames) {
		t.Errorf("%d actions, %d names", n, len(actionNames))
	}
	for _, tt := range []struct {
		set  Actions
		want string
	}{
		{ANothing, "A_NOTHING"}, {AExit0, "A_EXIT_0"}, {APEInvoke | AError, "A_ERROR|A_PE_INVOKE"}, {1 << 63, "<UNKNOWN_ACTION>"},
	} {
		if got := tt.set.String(); got != tt.want {
			t.Errorf("%#x is %q, want %q", uint64(tt.set), got, tt.want)
		}
	}
	if got := (Actions(AStop)).Has(OExit); !got {
		t.Error("A_STOP is none of O_EXIT")
	}
}
