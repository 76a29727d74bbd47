package client

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
	"github.com/ringmaster-ha/ringmaster/stonithd/fencertest"
)

// serve answers requests, one after the other, with documents.
func serve(t *testing.T, answers ...string) Options {
	t.Helper()
	s := &fencertest.Answers{Documents: answers}
	name := fmt.Sprintf("stonith-client-%d-%s", os.Getpid(), strings.ReplaceAll(t.Name(), "/", "-"))
	l, err := ipc.Listen(ipc.Options{Name: name, Handler: s, ShmDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- l.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return Options{Service: name, IPC: ipc.DialOptions{AnyServer: true}}
}

const registered = `<reply st_op="register" st_clientid="me"/>`

// What the fencer does not say clearly is never a success.
func TestAnswers(t *testing.T) {
	for name, tt := range map[string]struct {
		answer string
		want   error
		rc     crmexit.RC
	}{
		"good":     {`<st-reply st_callid="2" op-status="0" rc-code="0"/>`, nil, crmexit.RCOK},
		"bad":      {`<st-reply st_callid="2" op-status="10" rc-code="1"/>`, nil, crmexit.RC(syscall.ENODEV)},
		"other":    {`<st-reply st_callid="3" op-status="0" rc-code="0"/>`, ErrOtherCall, crmexit.RC(syscall.ENOMSG)},
		"no call":  {`<st-reply op-status="0" rc-code="0"/>`, ErrOtherCall, crmexit.RC(syscall.ENOMSG)},
		"half":     {`<st-reply st_callid="2" op-status="0"/>`, nil, crmexit.RC(syscall.ENODATA)},
		"pending":  {`<st-reply st_callid="2" op-status="-1" rc-code="0"/>`, nil, crmexit.RC(syscall.EINPROGRESS)},
		"nothing":  {`<ack/>`, ErrOtherCall, crmexit.RC(syscall.ENOMSG)},
		"old":      {`<st-reply st_callid="2" st_rc="-62"/>`, nil, crmexit.RC(syscall.ETIME)},
		"old good": {`<st-reply st_callid="2" st_rc="0"/>`, nil, crmexit.RCOK},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := Dial(t.Context(), "test", serve(t, registered, tt.answer))
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			err = c.Confirm(t.Context(), "a")
			if RC(err) != tt.rc || tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("got %v (%v), want %v", err, RC(err), tt.rc)
			}
		})
	}
}

func TestDial(t *testing.T) {
	for name, answer := range map[string]string{"other": `<reply st_op="query" st_clientid="me"/>`, "no id": `<reply st_op="register"/>`} {
		t.Run(name, func(t *testing.T) {
			if _, err := Dial(t.Context(), "test", serve(t, answer)); !errors.Is(err, ErrProtocol) || RC(err) != crmexit.RC(syscall.EPROTO) {
				t.Errorf("got %v", err)
			}
		})
	}
	if _, err := Dial(t.Context(), "test", Options{Service: "nobody-at-all"}); RC(err) != crmexit.RC(syscall.ENOTCONN) {
		t.Errorf("got %v", err)
	}
}
