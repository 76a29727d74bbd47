package cserr

import (
	"errors"
	"fmt"
	"io"
	"syscall"
	"testing"
)

func TestText(t *testing.T) {
	for _, tt := range []struct {
		code Code
		want string
	}{
		{OK, "success"},
		{Library, "CS_ERR_LIBRARY"},
		{NotExist, "CS_ERR_NOT_EXIST"},
		{TooManyGroups, "CS_ERR_TOO_MANY_GROUPS"},
		{Security, "CS_ERR_SECURITY"},
		{29, "unknown error"},
		{0, "unknown error"},
		{-1, "unknown error"},
	} {
		if got := tt.code.Error(); got != tt.want {
			t.Errorf("Code(%d) = %q, want %q", int32(tt.code), got, tt.want)
		}
	}
	if len(texts()) != 30 {
		t.Errorf("%d codes have a text, want the 30 of corotypes.h", len(texts()))
	}
}

func TestOf(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want Code
	}{
		{nil, OK},
		{Busy, Busy},
		{fmt.Errorf("set totem.x: %w", Access), Access},
		{syscall.EAGAIN, TryAgain},
		{syscall.ETIMEDOUT, TryAgain}, // yes: a client is meant to call again
		{syscall.ECONNREFUSED, Library},
		{fmt.Errorf("send: %w", syscall.EMSGSIZE), TooBig},
		{io.EOF, Library},
	} {
		if got := Of(tt.err); got != tt.want {
			t.Errorf("Of(%v) = %v, want %v", tt.err, got, tt.want)
		}
	}
	if OK.Err() != nil {
		t.Error("OK is an error")
	}
	if !errors.Is(Busy.Err(), Busy) {
		t.Error("Busy.Err() is not Busy")
	}
}
