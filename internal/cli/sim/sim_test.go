package sim

import (
	"bytes"
	"strings"
	"testing"
)

func TestCommand(t *testing.T) {
	for _, tt := range []struct {
		args string
		code int
		out  string
	}{
		{"sim -seeds 3 -workers 2", 0, "4 runs for 3 seeds, 0 failed"},
		{"sim -seed 2", 0, "seed 2: "},
		{"sim -seed 2 -trace", 0, "regular configuration"},
		{"sim -seed 2 -services", 0, "Replay:-services"},
		{"sim -seedlings", 2, ""},
	} {
		var out, errw bytes.Buffer
		if code := Main(strings.Fields(tt.args), &out, &errw); code != tt.code {
			t.Errorf("%s: exit code %d, want %d\n%s", tt.args, code, tt.code, errw.String())
		}
		if !strings.Contains(out.String(), tt.out) {
			t.Errorf("%s: %.300s", tt.args, out.String())
		}
	}
}
