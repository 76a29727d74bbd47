package cmapsvc

import (
	"github.com/ringmaster-ha/ringmaster/cmap/wire"
	"github.com/ringmaster-ha/ringmaster/internal/cserr"
	"github.com/ringmaster-ha/ringmaster/internal/icmap"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/service"
)

// keyMap is what a client can work on: the configuration or the statistics.
type keyMap interface {
	Get(key string) (icmap.Value, error)
	Set(key string, t icmap.Type, value []byte) error
	AddNumber(key string, step int32) error
	Delete(key string) error
	IsReadOnly(key string) bool
	// Next is the key after another one; its type, and its length where that
	// is known without making the value.
	Next(prefix, after string) (key string, t icmap.Type, length int, ok bool)
	Track(key string, ev icmap.Event, prefix bool, fn notifyFunc) (tracker, error)
}

type notifyFunc = func(ev icmap.Event, key string, new, old icmap.Value)

type tracker interface{ Stop() }

// config is the map of the daemon as a keyMap.
type config struct{ *icmap.Map }

func (c config) Set(key string, t icmap.Type, value []byte) error {
	v, err := icmap.FromBytes(t, value)
	if err != nil {
		return err
	}
	return c.Map.Set(key, v)
}

func (c config) Next(prefix, after string) (string, icmap.Type, int, bool) {
	key, ok := c.Map.Next(prefix, after)
	if !ok {
		return "", 0, 0, false
	}
	v, _ := c.Map.Get(key) // Next has just found it
	return key, v.Type(), v.Len(), true
}

func (c config) Track(key string, ev icmap.Event, prefix bool, fn notifyFunc) (tracker, error) {
	return c.Map.Track(key, ev, prefix, fn), nil
}

// The most iterations and trackers of one client at a time. The reference has
// no limit but its memory.
const (
	itersMax    = 4096
	trackersMax = 16384
)

// roomMax bounds the room for a value that a client may ask for, and with it
// the response, in bytes. No value needs as much.
const roomMax = 1 << 20

// client is one connection.
type client struct {
	m        keyMap
	last     uint64 // handle
	iters    map[uint64]*iteration
	trackers map[uint64]*tracking
}

type iteration struct{ prefix, at string }

type tracking struct {
	tracker
	inst uint64
}

// Open implements service.Engine.
func (e *Engine) Open(c service.Conn) error {
	e.log.Logf(loglevel.Debug, "lib_init_fn: conn=%d", c.Serial())
	c.SetData(&client{m: config{e.config}, iters: make(map[uint64]*iteration), trackers: make(map[uint64]*tracking)})
	return nil
}

// Close implements service.Engine.
func (e *Engine) Close(c service.Conn) {
	e.log.Logf(loglevel.Debug, "exit_fn for conn=%d", c.Serial())
	for _, t := range c.Data().(*client).trackers {
		t.Stop()
	}
}

// Request implements service.Engine.
func (e *Engine) Request(c service.Conn, id int, msg []byte) {
	cl := c.Data().(*client)
	switch id {
	case wire.ReqSet:
		s, err := wire.ParseSet(msg)
		c.Respond(wire.AppendStatus(nil, wire.ResSet, cl.change(err, s.Key, func() error { return cl.m.Set(s.Key, s.Type, s.Value) })))
	case wire.ReqDelete:
		key, err := wire.ParseKey(msg)
		c.Respond(wire.AppendStatus(nil, wire.ResDelete, cl.change(err, key, func() error { return cl.m.Delete(key) })))
	case wire.ReqAdjustInt:
		a, err := wire.ParseAdjust(msg)
		c.Respond(wire.AppendStatus(nil, wire.ResAdjustInt, cl.change(err, a.Key, func() error { return cl.m.AddNumber(a.Key, a.Step) })))
	case wire.ReqGet:
		cl.get(c, msg)
	case wire.ReqIterInit:
		cl.iterInit(c, msg)
	case wire.ReqIterNext:
		cl.iterNext(c, msg)
	case wire.ReqIterFinalize:
		cl.iterFinalize(c, msg)
	case wire.ReqTrackAdd:
		cl.trackAdd(c, msg)
	case wire.ReqTrackDelete:
		cl.trackDelete(c, msg)
	case wire.ReqSetMap:
		cl.setMap(e, c, msg)
	}
}

// code is what a client is told about a request that could not be read or
// carried out.
func code(parseErr, err error) cserr.Code {
	if parseErr != nil {
		return cserr.InvalidParam
	}
	return cserr.Of(err)
}

// change makes a change to a key that clients may change.
func (cl *client) change(parseErr error, key string, do func() error) cserr.Code {
	switch {
	case parseErr != nil:
		return cserr.InvalidParam
	case cl.m.IsReadOnly(key):
		return cserr.Access
	}
	return cserr.Of(do())
}

func (cl *client) get(c service.Conn, msg []byte) {
	g, err := wire.ParseGet(msg)
	if err == nil && g.Room > roomMax {
		c.Respond(wire.AppendGetError(nil, cserr.NoMemory))
		return
	}
	v, getErr := cl.m.Get(g.Key)
	if result := code(err, getErr); result != cserr.OK {
		c.Respond(wire.AppendGetError(nil, result))
		return
	}
	if g.Room > 0 && int(g.Room) < v.Len() {
		c.Respond(wire.AppendGetError(nil, cserr.InvalidParam))
		return
	}
	c.Respond(wire.AppendGetRes(nil, v, int(g.Room)))
}

func (cl *client) handle() uint64 {
	cl.last++
	return cl.last
}

func (cl *client) iterInit(c service.Conn, msg []byte) {
	prefix, err := wire.ParsePrefix(msg)
	result := code(err, nil)
	if result == cserr.OK && len(cl.iters) >= itersMax {
		result = cserr.NoMemory
	}
	var h uint64
	if result == cserr.OK {
		h = cl.handle()
		cl.iters[h] = &iteration{prefix: prefix}
	}
	c.Respond(wire.AppendHandleRes(nil, wire.ResIterInit, result, h))
}

func (cl *client) iterNext(c service.Conn, msg []byte) {
	h, err := wire.ParseHandle(msg)
	it := cl.iters[h]
	switch {
	case err != nil:
		c.Respond(wire.AppendNextRes(nil, cserr.InvalidParam, wire.NextRes{}))
		return
	case it == nil:
		c.Respond(wire.AppendNextRes(nil, cserr.BadHandle, wire.NextRes{}))
		return
	}
	key, t, n, ok := cl.m.Next(it.prefix, it.at)
	if !ok {
		c.Respond(wire.AppendNextRes(nil, cserr.NoSections, wire.NextRes{}))
		return
	}
	it.at = key
	c.Respond(wire.AppendNextRes(nil, cserr.OK, wire.NextRes{Key: key, Len: uint64(n), Type: t}))
}

func (cl *client) iterFinalize(c service.Conn, msg []byte) {
	h, err := wire.ParseHandle(msg)
	result := code(err, nil)
	if result == cserr.OK && cl.iters[h] == nil {
		result = cserr.BadHandle
	}
	delete(cl.iters, h)
	c.Respond(wire.AppendStatus(nil, wire.ResIterFinalize, result))
}

func (cl *client) trackAdd(c service.Conn, msg []byte) {
	t, err := wire.ParseTrackAdd(msg)
	result := code(err, nil)
	switch {
	case result != cserr.OK:
	case t.Events&^(icmap.AllEvents|icmap.Prefix) != 0:
		result = cserr.InvalidParam
	case len(cl.trackers) >= trackersMax:
		result = cserr.NoMemory
	}
	var h uint64
	if result == cserr.OK {
		tr, err := cl.m.Track(t.Key, t.Events, t.Events&icmap.Prefix != 0, func(ev icmap.Event, key string, new, old icmap.Value) {
			c.Event(wire.Notify{Inst: t.Inst, Key: key, Event: ev, New: new, Old: old}.AppendTo(nil))
		})
		if result = cserr.Of(err); err == nil {
			h = cl.handle()
			cl.trackers[h] = &tracking{tr, t.Inst}
		}
	}
	c.Respond(wire.AppendHandleRes(nil, wire.ResTrackAdd, result, h))
}

func (cl *client) trackDelete(c service.Conn, msg []byte) {
	h, err := wire.ParseHandle(msg)
	result := code(err, nil)
	var inst uint64
	if t := cl.trackers[h]; t != nil {
		t.Stop()
		delete(cl.trackers, h)
		inst = t.inst
	} else if result == cserr.OK {
		result = cserr.BadHandle
	}
	c.Respond(wire.AppendHandleRes(nil, wire.ResTrackDelete, result, inst))
}

func (cl *client) setMap(e *Engine, c service.Conn, msg []byte) {
	m, err := wire.ParseSetMap(msg)
	result := code(err, nil)
	switch {
	case result != cserr.OK:
	case len(cl.iters)+len(cl.trackers) > 0:
		result = cserr.Busy
	case m == wire.MapDefault:
		cl.m = config{e.config}
	case m == wire.MapStats:
		cl.m = e.stats
	default:
		result = cserr.NotExist
	}
	c.Respond(wire.AppendStatus(nil, wire.ResSetMap, result))
}
