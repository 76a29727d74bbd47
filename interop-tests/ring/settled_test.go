package ring

import (
	"testing"

	"github.com/ringmaster-ha/ringmaster/totem/evs"
)

func TestSettled(t *testing.T) {
	const (
		config = `{"proc":"1/7","ev":"config","ring":"1.8","members":[1,2]}
`
		other = `{"proc":"2/8","ev":"config","ring":"1.8","members":[1,2]}
`
		send      = `{"proc":"1/7","ev":"send","msg":"1/7/1"}` + "\n"
		deliver   = `{"proc":"1/7","ev":"deliver","msg":"1/7/1"}` + "\n"
		delivered = `{"proc":"2/8","ev":"deliver","msg":"1/7/1"}` + "\n"
	)
	for _, tt := range []struct {
		name, a, b string
		want       bool
	}{
		{"nothing sent", config, other, true},
		{"sent, the ring stands still", config + send, other, false},
		{"the sender alone has it", config + send + deliver, other, false},
		{"another alone has it", config + send, other + delivered, false},
		{"all have it", config + send + deliver, other + delivered, true},
	} {
		if got := settled([][]evs.Event{logOf(t, tt.a), logOf(t, tt.b)}); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}
