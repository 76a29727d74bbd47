package quorumtool

import (
	"bufio"
	"context"
	"fmt"
	"io"

	"github.com/ringmaster-ha/ringmaster/internal/cserr"
	"github.com/ringmaster-ha/ringmaster/quorum"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// Main runs the tool as the process of this name and returns its exit status.
func Main(args []string, _ io.Reader, out, errw io.Writer) int {
	return Run(context.Background(), args, local{}, out, errw)
}

// Run runs the tool on the given services. The end of ctx ends it as a failure.
func Run(ctx context.Context, args []string, s Services, out, errw io.Writer) int {
	opts, err := parse(args, out, errw)
	if err != nil {
		return int(err.(done))
	}
	buffered := bufio.NewWriter(out)
	t := &tool{ctx: ctx, opts: opts, world: s, out: buffered, errw: errw}
	status := exitFailure
	if t.connect() {
		status = t.run()
	}
	if buffered.Flush() != nil {
		return exitFailure
	}
	return status
}

// tool is one run.
type tool struct {
	ctx   context.Context
	opts  *options
	world Services
	out   *bufio.Writer
	errw  io.Writer

	cmap   Map
	quorum Quorum
	nodes  Nodes
	votes  Votes // nil unless votequorum is the provider

	self    totem.NodeID // 0 without votequorum
	view    []totem.NodeID
	quorate bool
	ring    totem.RingID // Seq from the quorum service, Rep from votequorum
}

func (t *tool) printf(format string, args ...any) { fmt.Fprintf(t.out, format, args...) }

func (t *tool) fail(format string, args ...any) int {
	fmt.Fprintf(t.errw, format+"\n", args...)
	return exitFailure
}

// connect opens what is needed (init_all).
func (t *tool) connect() bool {
	var err error
	complain := func(text string) bool {
		if err != nil {
			t.fail("%s", text)
		}
		return err != nil
	}
	if t.cmap, err = t.world.Map(t.ctx); complain("Cannot initialize CMAP service") {
		return false
	}
	if t.quorum, err = t.world.Quorum(t.ctx); complain("Cannot initialize QUORUM service") {
		return false
	}
	if t.nodes, err = t.world.Nodes(t.ctx); complain("Cannot initialise CFG service") {
		return false
	}
	if !t.votequorum() {
		return true
	}
	if t.votes, err = t.world.Votes(t.ctx); complain("Cannot initialise VOTEQUORUM service") {
		return false
	}
	self, err := t.cmap.GetUint32(t.ctx, "runtime.votequorum.this_node_id")
	t.self = totem.NodeID(self)
	if err != nil {
		t.fail("Unable to retrieve this_node_id")
	}
	return err == nil
}

// provider is the name of the quorum provider; false when there is none.
func (t *tool) provider() (string, bool) {
	if !t.quorum.HasProvider() {
		return "", false
	}
	name, err := t.cmap.GetString(t.ctx, "quorum.provider")
	return name, err == nil
}

func (t *tool) votequorum() bool {
	name, ok := t.provider()
	return ok && name == "corosync_votequorum"
}

// run does what the options ask for.
func (t *tool) run() int {
	switch t.opts.command {
	case showNodes:
		return t.showNodes()
	case monitor:
		return t.monitor()
	case setVotes:
		if t.votes == nil {
			return t.fail("You cannot change node votes, corosync is not using votequorum")
		}
		node := totem.NodeID(t.opts.node)
		if node == 0 {
			node = t.self
		}
		if err := t.votes.SetVotes(t.ctx, node, t.opts.votes); err != nil {
			return t.fail("Unable to set votes %d for nodeid: %d: %s", t.opts.votes, node, code(err))
		}
		return exitOK
	case setExpected:
		if t.votes == nil {
			return t.fail("You cannot change expected votes, corosync is not using votequorum")
		}
		if err := t.votes.SetExpected(t.ctx, t.opts.votes); err != nil {
			return t.fail("Unable to set expected votes: %s", code(err))
		}
		return exitOK
	case unregisterDevice:
		if t.votes == nil {
			return t.fail("You cannot unregister quorum device, corosync is not using votequorum")
		}
		return t.unregisterDevice()
	}
	return t.showStatus()
}

func (t *tool) unregisterDevice() int {
	info, err := t.votes.Info(t.ctx, t.self)
	if err != nil {
		return t.fail("Unable to get quorum device info: %s", code(err))
	}
	if !info.Flags.Has(quorum.DeviceRegistered) {
		return exitOK
	}
	if err := t.votes.UnregisterDevice(t.ctx, info.DeviceName); err != nil {
		return t.fail("Unable to unregister quorum device: %s", code(err))
	}
	return exitOK
}

// nextChange waits for news of quorum and takes them; what is new of the
// membership alone is passed over.
func (t *tool) nextChange() error {
	for {
		e, err := t.quorum.Next(t.ctx)
		if err != nil {
			return err
		}
		if c, ok := e.(quorum.Change); ok {
			t.quorate, t.view, t.ring.Seq = c.Quorate, c.Members, c.Ring.Seq
			return nil
		}
	}
}

// nextRing waits for votequorum's news of the ring, which has its
// representative.
func (t *tool) nextRing() error {
	for {
		e, err := t.votes.Next(t.ctx)
		if err != nil {
			return err
		}
		if n, ok := e.(quorum.Nodes); ok {
			t.ring.Rep = n.Ring.Rep
			return nil
		}
	}
}

// trackVotes begins to follow votequorum. Without a provider the reference
// tries to do so as well, on a connection that it has not made.
func (t *tool) trackVotes(flags quorum.TrackFlags) error {
	err := error(cserr.BadHandle)
	if t.votes != nil {
		err = t.votes.Track(t.ctx, 0, flags)
	}
	if err != nil {
		t.fail("Unable to start votequorum status tracking: %s", code(err))
	}
	return err
}

// otherProvider: the quorum provider is there and is not votequorum, so that
// the reference does without votes.
func (t *tool) otherProvider() bool {
	_, ok := t.provider()
	return ok && t.votes == nil
}

func (t *tool) showStatus() int {
	quorate, err := t.quorum.Quorate(t.ctx)
	if err != nil {
		return t.fail("Unable to get cluster quorate status: %s", code(err))
	}
	if err := t.quorum.Track(t.ctx, quorum.Current); err != nil {
		return t.fail("Unable to start quorum status tracking: %s", code(err))
	}
	err = t.nextChange()
	if err != nil {
		t.fail("Unable to dispatch quorum status: %s", code(err))
	}
	if err := t.quorum.Untrack(t.ctx); err != nil {
		t.fail("Unable to stop quorum status tracking: %s", code(err))
	}
	if !t.otherProvider() {
		if t.trackVotes(quorum.Current) != nil {
			return exitFailure
		}
		if err == nil {
			if err = t.nextRing(); err != nil {
				t.fail("Unable to dispatch votequorum status: %s", code(err))
			}
		}
	}
	if err != nil || !t.printStatus(quorate) {
		return exitFailure
	}
	if !quorate {
		return exitNotQuorate
	}
	return exitOK
}

// monitor shows the status after each change; it ends with the daemon.
func (t *tool) monitor() int {
	if !t.quorum.HasProvider() {
		t.printf("\nQuorum is not configured - cannot monitor\n")
		return t.showStatus()
	}
	if err := t.quorum.Track(t.ctx, quorum.Changes); err != nil {
		return t.fail("Unable to start quorum status tracking: %s", code(err))
	}
	votes := !t.otherProvider()
	if votes && t.trackVotes(quorum.Changes) != nil {
		return exitFailure
	}
	for {
		if err := t.nextChange(); err != nil {
			return t.fail("Unable to dispatch quorum status: %s", code(err))
		}
		if votes {
			if err := t.nextRing(); err != nil {
				return t.fail("Unable to dispatch votequorum status: %s", code(err))
			}
		}
		ok := t.printStatus(t.quorate)
		t.printf("\n")
		if err := t.out.Flush(); err != nil || !ok {
			return exitFailure
		}
	}
}

func (t *tool) showNodes() int {
	if err := t.quorum.Track(t.ctx, quorum.Current); err != nil {
		return t.fail("Unable to start quorum status tracking: %s", code(err))
	}
	if err := t.nextChange(); err != nil {
		return t.fail("Unable to dispatch quorum status: %s", code(err))
	}
	t.printNodes()
	return exitOK
}

// code is the error as the reference prints it.
func code(err error) cserr.Code { return cserr.Of(err) }
