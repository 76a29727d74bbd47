package corosyncconf

import (
	"fmt"
	"strings"
)

// Position is a place in a configuration file. Line counts from 1; 0 means the
// file as a whole.
type Position struct {
	File string
	Line int
}

func (p Position) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d", p.File, p.Line)
}

// InputError is what is wrong with a configuration. It prints as
// "file:line: what is wrong", in the reference's words.
type InputError struct {
	Position
	Key  string // the full key, "totem.token"; empty when it is about no single one
	Got  string // what was there, when that can be said
	Want string // what may be there, when that can be said
	Text string // what is wrong, as the reference says it
}

func (e *InputError) Error() string {
	return e.Position.String() + ": " + strings.TrimRight(e.Text, "\n")
}

func errorAt(p Position, format string, args ...any) *InputError {
	return &InputError{Position: p, Text: fmt.Sprintf(format, args...)}
}
