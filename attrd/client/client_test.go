package client_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"syscall"
	"testing"

	"github.com/ringmaster-ha/ringmaster/attrd/attrdtest"
	"github.com/ringmaster-ha/ringmaster/attrd/client"
	"github.com/ringmaster-ha/ringmaster/attrd/wire"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
)

// serve runs a manager of attributes, and gives the options to reach it.
func serve(t *testing.T) (*attrdtest.Server, client.Options) {
	t.Helper()
	name := fmt.Sprintf("attrd-client-%d-%s", os.Getpid(), t.Name())
	return attrdtest.Serve(t, name, attrdtest.Sample()), client.Options{Service: name, IPC: ipc.DialOptions{AnyServer: true}}
}

func TestQuery(t *testing.T) {
	_, o := serve(t)
	c, err := client.Dial(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, q := range []struct {
		name   string
		host   *string
		values []string
		err    error
	}{
		{"color", nil, []string{"here=red", "there=blue"}, nil},
		{"color", new("localhost"), []string{"here=red"}, nil},
		{"color", new("nowhere"), []string{"nowhere="}, nil},
		{"gone", nil, nil, nil},
		{"missing", nil, nil, client.ErrNoSuch},
		{"wrong-type", nil, nil, client.ErrProtocol},
		{"just-ack", nil, nil, client.ErrProtocol},
		{"old-reply", nil, []string{"x=y"}, nil},
	} {
		values, err := c.Query(t.Context(), "test", q.name, q.host)
		var got []string
		for _, v := range values {
			value := ""
			if v.Value != nil {
				value = *v.Value
			}
			got = append(got, *v.Host+"="+value)
		}
		if !slices.Equal(got, q.values) || !errors.Is(err, q.err) {
			t.Errorf("%s: got %v, %v, want %v, %v", q.name, got, err, q.values, q.err)
		}
	}
}

func TestSend(t *testing.T) {
	s, o := serve(t)
	for want, m := range map[string]*wire.Message{
		`<create_attrd_op t="attrd" src="test" attr_regex="a.*" task="update" attr_value="1" attr_is_remote="0" attr_is_private="0"/>`:                                             client.Update("test", wire.Update, wire.Attribute{Pattern: new("a.*"), Value: new("1")}),
		`<create_attrd_op t="attrd" src="test" attr_name="a" task="update" attr_host="n" attr_is_remote="1" attr_is_private="0"/>`:                                                 client.Delete("test", wire.Attribute{Name: new("a"), Value: new("x"), Dampening: new("1"), Set: new("s"), Host: new("n"), Remote: wire.Yes}),
		`<create_attrd_op t="attrd" src="test" task="peer-remove" attr_host="n"/>`:                                                                                                 client.Purge("test", new("n")),
		`<create_attrd_op t="attrd" src="test" task="refresh"/>`:                                                                                                                   client.Refresh("test", nil),
		`<create_attrd_op t="attrd" src="test" task="clear-failure" attr_host="n" attr_resource="r" attr_clear_operation="monitor" attr_clear_interval="10s" attr_is_remote="0"/>`: client.ClearFailures("test", wire.Attribute{Host: new("n"), Resource: new("r"), Operation: new("monitor"), Interval: new("10s")}),
	} {
		if err := client.Send(t.Context(), o, m); err != nil {
			t.Errorf("%s: %v", want, err)
		}
		got := s.Asked()
		for len(got) == 0 && m.Task == wire.PeerRemove { // has no acknowledgement
			got = s.Asked()
		}
		if !slices.Equal(got, []string{want}) {
			t.Errorf("got %s\nwant %s", got, want)
		}
	}
}

func TestTarget(t *testing.T) {
	check := func(host, want *string) {
		t.Helper()
		if got := client.Target(host); (got == nil) != (want == nil) || got != nil && *got != *want {
			t.Errorf("%v: got %v, want %v", host, got, want)
		}
	}
	check(nil, nil)
	check(new("AUTO"), new("AUTO"))
	t.Setenv("OCF_RESKEY_CRM_meta_on_node", "guest")
	check(nil, new("guest"))
	check(new("localhost"), new("guest"))
	check(new("node1"), new("node1"))
	t.Setenv("CRM_meta_physical_host", "node2")
	check(nil, new("guest"))
	t.Setenv("CRM_meta_container_attribute_target", "Host")
	check(nil, new("node2"))
}

func TestRC(t *testing.T) {
	_, err := client.Dial(t.Context(), client.Options{Service: "attrd-nobody-is-there"})
	for e, want := range map[error]crmexit.RC{
		nil: crmexit.RCOK, err: crmexit.RC(syscall.ECONNREFUSED), client.ErrNoSuch: crmexit.RC(syscall.ENXIO), client.ErrProtocol: crmexit.RC(syscall.EPROTO),
		context.DeadlineExceeded: crmexit.RC(syscall.ETIMEDOUT), errors.New("x"): crmexit.RC(syscall.ENOTCONN), fmt.Errorf("x: %w", ipc.ErrUnauthorized): crmexit.RC(syscall.ECONNABORTED),
	} {
		if got := client.RC(e); got != want {
			t.Errorf("%v: got %v, want %v", e, got, want)
		}
	}
}
