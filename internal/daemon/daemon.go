package daemon

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/cmapsvc"
	"github.com/ringmaster-ha/ringmaster/internal/corosyncconf"
	"github.com/ringmaster-ha/ringmaster/internal/engine"
	"github.com/ringmaster-ha/ringmaster/internal/exitcode"
	"github.com/ringmaster-ha/ringmaster/internal/icmap"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/logsys"
	"github.com/ringmaster-ha/ringmaster/internal/qb/server"
	"github.com/ringmaster-ha/ringmaster/internal/resident"
	"github.com/ringmaster-ha/ringmaster/internal/service"
	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/pg"
	"github.com/ringmaster-ha/ringmaster/totem/ring"
)

// Options place a daemon on its machine.
type Options struct {
	ConfigFile string             // corosync.conf
	Env        *corosyncconf.Env  // to read it again
	File       *corosyncconf.File // what it said at start
	Totem      *corosyncconf.Totem
	Log        *logsys.System
	StateDir   string // for ring ids: /var/lib/corosync
	RunDir     string // /run
	ShmDir     string // where clients' rings live: /dev/shm
	SocketDir  string // of the IPC sockets; empty: the abstract name space
	// Own, if valid, is the only address that this node takes for its own: for
	// several nodes on the loopback net of one machine.
	Own netip.Addr
	// Ready is called, under the service lock, each time a synchronisation has
	// ended: the daemon provides service.
	Ready func()
}

// Daemon is one corosync.
type Daemon struct {
	opts       Options
	log        *logsys.System
	main       loglevel.Logger // subsystem MAIN
	stateDir   string
	started    time.Time
	booted     totem.Instant // on CLOCK_MONOTONIC, at started
	privileges privileges
	dumps      latest // of the flight recorder
	logConfig  latest // changes of the logging section

	mu        sync.Mutex // the service lock; all below is under it
	cork      server.Cork
	cmap      *icmap.Map
	totem     *corosyncconf.Totem
	node      *engine.Node
	members   members
	flow      flowControl
	admission *pg.Admission
	store     *pg.Store
	assembler *pg.Assembler
	ring      *ring.Ring
	net       network
	ipc       []*ipcService
	lent      *server.Lent // the clients that the ring thread may serve
	running   bool         // services are loaded
	reloading bool         // the map is being brought to what the files say
	stats     *cmapsvc.Stats
	figures   figures
	ipcActive uint64
	ipcClosed uint64

	// exit takes the first reason to end; stop says that it is in order.
	exit chan ending
}

// ending is why the daemon ends.
type ending struct {
	code    exitcode.Code
	where   string
	orderly bool // unload the services, leave the ring
}

// New makes a daemon that does nothing yet.
func New(opts Options) (*Daemon, error) {
	d := &Daemon{
		opts: opts, log: opts.Log, main: opts.Log.Logger("MAIN"), stateDir: opts.StateDir,
		started: time.Now(), booted: sinceBoot(),
		cmap: opts.File.Map, totem: opts.Totem,
		store: pg.NewStore(), exit: make(chan ending, 1),
	}
	var err error
	if d.privileges, err = readPrivileges(d.cmap); err != nil {
		return nil, err
	}
	d.net = d.newNetwork()
	d.admission = pg.NewAdmission(payloadMTU(d.totem))
	d.assembler = pg.NewAssembler(d.deliver, d.log.Logger("TOTEM"))
	d.members = members{cmap: d.cmap, addresses: d.addresses, log: d.main}
	d.stats = cmapsvc.NewStats(statsSource{d})
	d.flow = flowControl{d: d, inSync: true, quorate: true}
	d.node = engine.NewNode(carrier{d}, d.cmap, observer{d})
	return d, nil
}

// Stop ends the daemon in order, as after a signal; Run returns when that is
// done.
func (d *Daemon) Stop() { d.end(ending{code: exitcode.Exit, orderly: true}) }

// end gives a reason to end; only the first counts.
func (d *Daemon) end(e ending) {
	select {
	case d.exit <- e:
	default:
	}
}

// Run joins the ring, serves until told to end, and returns the exit status.
func (d *Daemon) Run() exitcode.Code {
	if d.privileges.cgroup == rootCgroupOn {
		moveToRootCgroup("", d.main)
	}
	resident.DropProgram() // what only the beginning has used need not be locked
	lockMemory(d.main)
	d.mu.Lock()
	var err error
	d.ring, err = ring.Open(d.ringConfig())
	d.mu.Unlock()
	if err != nil {
		d.main.Logf(loglevel.Error, "Can't initialize TOTEM layer: %v", err)
		return exitcode.FatalErr
	}
	d.privileges.applyNice("/proc/self/task", d.main)
	loop := make(chan struct{})
	go func() {
		defer close(loop)
		d.serve()
	}()
	e := <-d.exit
	if e.orderly {
		d.unload()
		d.drain()
		if err := d.ring.Leave(); err != nil && !errors.Is(err, ring.ErrClosed) {
			d.main.Logf(loglevel.Error, "leave the ring: %v", err)
		}
	}
	_ = d.ring.Close() // it has no failure but being closed
	<-loop
	level := loglevel.Notice
	if e.code != exitcode.Exit {
		level = loglevel.Error
	}
	d.main.Logf(level, "%s", e.code.Line(e.where))
	return e.code
}

// serve is the service loop: it hands on what the ring has delivered, unless the
// ring thread finds the lock free and does so itself.
func (d *Daemon) serve() {
	for {
		events, err := d.ring.Next(context.Background())
		if err != nil {
			return // the ring is closed
		}
		d.mu.Lock()
		eager{d}.hold()
		eager{d}.Take(events)
		eager{d}.Done()
	}
}

// eager is the Daemon as ring.Eager. Nothing that an event sets off may wait for
// the ring thread: only clients' requests and timers do.
type eager struct{ *Daemon }

func (d eager) Try() bool {
	if !d.mu.TryLock() {
		return false
	}
	if !d.running {
		d.mu.Unlock()
		return false // loading the services reads files
	}
	d.hold()
	return true
}

func (d eager) hold() { d.cork.Hold() }

func (d eager) Take(events []ring.Event) {
	for i := range events {
		d.handle(&events[i])
	}
}

func (d eager) Done() {
	d.cork.Release()
	d.mu.Unlock()
}

func (d *Daemon) handle(e *ring.Event) {
	switch e.Kind {
	case ring.Deliver:
		d.assembler.Receive(e.From, e.Packet.Data[e.Off:], e.Swap)
		e.Packet.Release()
	case ring.Change:
		d.assembler.Change(e.Change)
		d.node.ConfigChange(e.Change)
	case ring.WaitTransAck:
		d.assembler.WaitTransAck()
	case ring.InterfaceUp:
		if !d.running {
			d.running = true
			d.load()
		}
	case ring.Paused:
		d.stats.AddSchedMiss(e.Pause.At, float32(e.Pause.Length.Seconds()*1000))
	case ring.Fatal:
		d.end(ending{code: exitcode.StoreRingID, where: "ringid"})
	}
}

// deliver takes a whole message from the assembler.
func (d *Daemon) deliver(m pg.Delivery) {
	for _, group := range []string{engine.GroupServices, engine.GroupSync} {
		if m.Groups.Has(group) {
			d.node.Deliver(m.From, group, m.Payload, m.Order)
		}
	}
}

// load starts the services, once the ring knows its interface.
func (d *Daemon) load() {
	engines, err := d.engines()
	if err != nil {
		d.main.Logf(loglevel.Error, "%v", err)
		d.end(ending{code: exitcode.ServiceEngineInit, where: "services"})
		return
	}
	for _, e := range engines {
		err := d.node.Register(e.name, e.engine)
		if err == nil {
			err = d.openIPC(e.engine.Info())
		}
		if err != nil {
			d.log.Logger("SERV").Logf(loglevel.Error, "Service engine '%s' failed to load for reason '%v'", e.name, err)
			d.end(ending{code: exitcode.ServiceEngineInit, where: "services"})
			return
		}
	}
	if d.lent != nil {
		_ = d.ring.SetRequests(d.lent) // fails only when the thread has ended
	}
	c := controls{
		dumpFlightData: d.dumpFlightData,
		dumpState:      d.node.Dump,
		forceGather: func() {
			d.main.Logf(loglevel.Error, "Forcing into GATHER state\n")
			d.ring.ForceGather()
		},
	}
	if err := c.track(d.cmap); err != nil {
		d.main.Logf(loglevel.Error, "%v", err)
	}
	d.trackConfig()
	d.watchFormation()
}

// unload stops the services in order and disconnects their clients.
func (d *Daemon) unload() {
	d.mu.Lock()
	services := d.ipc
	d.ipc = nil
	d.node.Stop(func(service.Info) {})
	d.mu.Unlock()
	_ = d.ring.SetRequests(nil) // fails only when the thread has ended
	for _, s := range services {
		s.close()
	}
}

// drain gives the ring the time of a few tokens to send what the services said
// last, such as that this node's votes go with it.
func (d *Daemon) drain() {
	const most, step = time.Second, 5 * time.Millisecond
	for waited := time.Duration(0); waited < most && d.admission.Pending(); waited += step {
		time.Sleep(step)
	}
}

// dumpPatience is how long the client that asks for a dump of the flight
// recorder is kept waiting for it, and with it all other clients, unless one is
// being written already. The reference's corosync-blackbox prints the file right
// after.
const dumpPatience = 100 * time.Millisecond

// dumpFlightData writes the flight recorder to a file. It is called under the
// service lock: who writes is another goroutine, since a disk may stall, and so
// may whoever is to read the log.
func (d *Daemon) dumpFlightData() {
	done := make(chan struct{})
	if !d.dumps.do(func() {
		defer close(done)
		_ = d.log.Dump(d.stateDir) // it logs what goes wrong
	}) {
		return
	}
	select {
	case <-done:
	case <-time.After(dumpPatience):
	}
}

// Dump logs the state of every service.
func (d *Daemon) Dump() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.node.Dump()
}

// observer is the Daemon as engine.Observer.
type observer struct{ *Daemon }

func (o observer) SyncState(inProcess bool) {
	o.flow.inSync = inProcess
	o.flow.apply()
	if !inProcess && o.opts.Ready != nil {
		o.opts.Ready()
	}
}

func (o observer) Membership(c *totem.ConfigChange) { o.members.change(c) }

func (o observer) Quorum(quorate bool) {
	o.flow.quorate = quorate
	o.flow.apply()
}
