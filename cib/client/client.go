package client

import (
	"context"
	"net"
	"os"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/call"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/dhtls"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
)

// Notification is a kind of event that a daemon tells of on request.
type Notification string

// The notifications.
const (
	NotifyDiff    Notification = "cib_diff_notify"    // the CIB has changed, with a patchset
	NotifyReplace Notification = "cib_refresh_notify" // it has been replaced
	NotifyPre     Notification = "cib_pre_notify"
	NotifyPost    Notification = "cib_post_notify"
	NotifyConfirm Notification = "cib_update_confirmation"
)

// Conn is a connection to a CIB.
type Conn interface {
	// Do does what is asked for and waits until it is done; without a deadline as long as
	// Options.Timeout says. The answer may come with an error: it then is what could not be done.
	// It is the caller's.
	Do(ctx context.Context, r call.Request) (*etree.Element, error)
	// Send asks for something and returns the number of the call, by which the Event
	// is known that has the answer.
	Send(ctx context.Context, r call.Request) (call int, err error)
	// Subscribe asks for events of a kind, or for no more. A file has none.
	Subscribe(ctx context.Context, kind Notification, on bool) error
	// Event waits for the next event.
	Event(ctx context.Context) (Event, error)
	// Await waits for the answer to a call, for ever if ctx does; other events are kept.
	Await(ctx context.Context, call int) (Event, error)
	// Done is closed when the connection has ended. That to a file never does.
	Done() <-chan struct{}
	// Live tells whether a daemon is at the other end.
	Live() bool
	// Close ends the connection. A file that was changed is written.
	Close() error
}

// Type is what a connection is for, which chooses the daemon's service.
type Type int

// The types.
const (
	Command     Type = iota // reading and writing
	Query                   // reading
	Nonblocking             // like Command
)

var services = [...]string{Command: "cib_rw", Query: "cib_ro", Nonblocking: "cib_shm"}

// Timeout is how long a daemon may take for an answer, if nothing else is said
// (PCMK__IPC_TIMEOUT).
const Timeout = 120 * time.Second

// Options of Open; the zero value will do.
type Options struct {
	Type Type
	// Cluster is for the cluster's CIB whatever the environment says, NoShadow passes over a
	// shadow only (cib_new_no_shadow).
	Cluster, NoShadow bool
	// Timeout is that of Do, if not 0.
	Timeout time.Duration
	// Getenv is the environment, os.LookupEnv if nil.
	Getenv func(name string) (value string, ok bool)
	Log    loglevel.Logger // nil for none
	// Load reads a file, with a status, and tells whether it is what it claims to be; nil for
	// one that says nothing about what is wrong.
	Load func(name string) (*etree.Element, crmexit.RC)
	// Refuse logs why a CIB that a request would lead to is not valid, Explain says it to the user;
	// nil for nobody who wants to know.
	Refuse, Explain func(cib *etree.Element)
	// Complain says what a user has to know whether he looks at the log or not; nil for nobody.
	Complain func(text string)
	// Prompt asks the user for what another machine's daemon wants to know; false is no answer. nil for
	// nobody to ask.
	Prompt func(what string) (string, bool)
	// Secure makes an encrypted connection of one to another machine's daemon; nil for one
	// that package dhtls makes.
	Secure func(ctx context.Context, c net.Conn) (net.Conn, error)
	IPC    ipc.DialOptions
	// Service is another one than the Type's, if not empty.
	Service string
}

func (o *Options) complete() {
	if o.Getenv == nil {
		o.Getenv = os.LookupEnv
	}
	if o.Log == nil {
		o.Log = loglevel.Discard
	}
	if o.Load == nil {
		o.Load = load
	}
	if o.Refuse == nil {
		o.Refuse = func(*etree.Element) {}
	}
	if o.Complain == nil {
		o.Complain = func(string) {}
	}
	if o.Secure == nil {
		o.Secure = func(ctx context.Context, c net.Conn) (net.Conn, error) { return dhtls.Client(ctx, c) }
	}
	if o.Prompt == nil {
		o.Prompt = func(string) (string, bool) { return "", false }
	}
	if o.Explain == nil {
		o.Explain = func(*etree.Element) {}
	}
	if o.Timeout == 0 {
		o.Timeout = Timeout
	}
	if o.Service == "" {
		o.Service = services[o.Type]
	}
}

// Open connects a program of that name to a CIB.
func Open(ctx context.Context, program string, o Options) (Conn, error) {
	waits := o.Timeout
	o.complete()
	if !o.Cluster {
		if !o.NoShadow {
			if name, ok := o.Getenv("CIB_shadow"); ok && name != "" {
				return openFile(program, ShadowFile(name, o.Getenv), o)
			}
		}
		if name, ok := o.Getenv("CIB_file"); ok {
			return openFile(program, name, o)
		}
		if port, ok := o.Getenv("CIB_port"); ok {
			if waits == 0 {
				o.Timeout = remoteTimeout
			}
			return dialRemote(ctx, program, port, o)
		}
	}
	return dial(ctx, program, o)
}

// user is in whose name a request is: CIB_user steps in where it says nothing
// (cib_internal_op).
func (o *Options) user(r *call.Request) string {
	if r.User != "" {
		return r.User
	}
	name, _ := o.Getenv("CIB_user")
	return name
}
