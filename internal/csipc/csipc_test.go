package csipc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"syscall"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/cserr"
	"github.com/ringmaster-ha/ringmaster/internal/qb/client"
)

func TestCoded(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want cserr.Code
	}{
		{client.ErrAgain, cserr.TryAgain},
		{fmt.Errorf("send: %w", client.ErrTooLarge), cserr.TooBig},
		{client.ErrDisconnected, cserr.Library},
		{&client.RefusedError{Name: "cpg", Errno: syscall.EACCES}, cserr.Access},
		{io.ErrUnexpectedEOF, cserr.Library},
		{fmt.Errorf("get: %w", cserr.NotExist), cserr.NotExist},
	} {
		err := Coded(tt.err)
		if code := cserr.Of(err); code != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%v became %v with code %v, want %v", tt.err, err, code, tt.want)
		}
	}
	for _, err := range []error{nil, context.Canceled, context.DeadlineExceeded} {
		if got := Coded(err); got != err {
			t.Errorf("%v became %v", err, got)
		}
	}
}

func TestNobodyListens(t *testing.T) {
	_, err := Dial(t.Context(), "cpg", t.TempDir())
	if cserr.Of(err) == cserr.OK {
		t.Error("a connection to nobody")
	}
}
