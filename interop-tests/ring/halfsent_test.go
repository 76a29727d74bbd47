package ring

import (
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/totem/evs"
)

func logOf(t *testing.T, text string) []evs.Event {
	t.Helper()
	log, err := evs.ReadLog(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return log
}

// Node 3 has half sent its message 2 when node 1 comes back.
func TestMendHalfSent(t *testing.T) {
	const three = `{"proc":"3/1","ev":"config","ring":"2.10","members":[2,3]}
{"proc":"3/1","ev":"send","msg":"3/1/1"}
{"proc":"3/1","ev":"deliver","msg":"3/1/1"}
{"proc":"3/1","ev":"send","msg":"3/1/2"}
{"proc":"3/1","ev":"send","msg":"3/1/3"}
{"proc":"3/1","ev":"config","ring":"1.14","members":[1,2,3]}
{"proc":"3/1","ev":"deliver","msg":"3/1/2"}
{"proc":"3/1","ev":"send","msg":"3/1/4"}
{"proc":"3/1","ev":"deliver","msg":"3/1/3"}
{"proc":"3/1","ev":"send","msg":"3/1/5"}
{"proc":"3/1","ev":"deliver","msg":"3/1/4"}
{"proc":"3/1","ev":"deliver","msg":"3/1/5"}
`
	one := func(delivers ...string) string {
		text := `{"proc":"1/1","ev":"config","ring":"1.8","members":[1]}
{"proc":"1/1","ev":"config","ring":"1.14","members":[1,2,3]}
`
		for _, m := range delivers {
			text += `{"proc":"1/1","ev":"deliver","msg":"3/1/` + m + `"}` + "\n"
		}
		return text
	}
	for _, tt := range []struct {
		name   string
		one    string
		byC    bool
		mended int
		ok     bool
	}{
		{"nothing is missed", one("2", "3", "4", "5"), true, 0, true},
		{"the half sent one is missed", one("3", "4", "5"), true, 1, true},
		{"ours must not", one("3", "4", "5"), false, 0, false},
		{"one is missed that came with it", one("4", "5"), true, 2, true},
		{"another one is missed", one("2", "4", "5"), true, 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			logs := [][]evs.Event{logOf(t, tt.one), logOf(t, three)}
			if n := mendHalfSent(logs, func(p evs.Proc) bool { return tt.byC && p.Node == 3 }); n != tt.mended {
				t.Errorf("mended %d, want %d", n, tt.mended)
			}
			c, err := evs.CheckLogs(logs...)
			if err == nil {
				err = c.Quiescent([]evs.Proc{logs[0][0].Proc, logs[1][0].Proc})
			}
			if (err == nil) != tt.ok {
				t.Errorf("after mending: %v", err)
			}
		})
	}
}
