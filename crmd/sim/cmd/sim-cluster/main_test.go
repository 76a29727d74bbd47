package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestCommand(t *testing.T) {
	full := 1
	if testing.Short() {
		full = 0 // each of them takes seconds
	}
	for _, tt := range []struct {
		args string
		code int
		out  string
	}{
		{"sim-cluster -seedlings", 2, ""},
		{"sim-cluster -seed 2 -trace", 0, "boots"},
		{"sim-cluster -seeds 1 -from 2 -workers 1", 0, "1 of 1 seeds, 0 failed"},
	}[:2+full] {
		var out, errw bytes.Buffer
		if code := run(strings.Fields(tt.args), &out, &errw); code != tt.code {
			t.Errorf("%s: exit code %d, want %d\n%s", tt.args, code, tt.code, errw.String())
		}
		if !strings.Contains(out.String(), tt.out) {
			t.Errorf("%s: %.300s", tt.args, out.String())
		}
	}
}
