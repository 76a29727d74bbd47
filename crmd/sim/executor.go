package sim

import (
	"errors"
	"syscall"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/lrmd"
	"github.com/ringmaster-ha/ringmaster/lrmd/wire"
)

// executor is a node's pacemaker-execd, whose only client is the controller.
type executor struct {
	n     *node
	core  *lrmd.Executor
	calls int
	runs  map[lrmd.Token]string // agents that run, by what they do
	due   time.Time
	gone  bool // the process has ended; agents that it has begun go on
	// event is the controller's.
	event func(*etree.Element)
}

const controllerClient = "crmd"

func (n *node) startExecutor() {
	n.exec = &executor{n: n, core: lrmd.New(n.log), runs: map[lrmd.Token]string{}}
}

// errno is what the protocol calls an error.
func errno(err error) int {
	switch {
	case errors.Is(err, lrmd.ErrNoResource):
		return -int(syscall.ENODEV)
	case errors.Is(err, lrmd.ErrNoOperation):
		return -int(syscall.EOPNOTSUPP)
	case errors.Is(err, lrmd.ErrInProgress):
		return -int(syscall.EINPROGRESS)
	}
	return -int(syscall.EIO)
}

// request is a request of the controller's, which is answered at once.
func (x *executor) request(r *wire.Request) (answer int, info *etree.Element) {
	now := x.n.w.now
	x.calls++
	var effects []lrmd.Effect
	var err error
	switch r.Op {
	case wire.OpRscRegister:
		effects = x.core.Register(now, r)
	case wire.OpRscUnreg:
		effects, err = x.core.Unregister(now, r.RscID)
	case wire.OpRscInfo:
		class, provider, kind, ok := x.core.Info(r.RscID)
		if !ok {
			err = lrmd.ErrNoResource
			break
		}
		info = wire.Reply{RC: 0, CallID: x.calls}.Info(r.RscID, class, provider, kind)
	case wire.OpRscExec:
		answer = x.calls
		effects, err = x.core.Exec(now, controllerClient, x.calls, r)
	case wire.OpRscCancel:
		effects, err = x.core.Cancel(now, r.RscID, r.Action, r.Interval)
	}
	if err != nil {
		answer = errno(err)
	}
	x.do(effects)
	return answer, info
}

func (x *executor) do(effects []lrmd.Effect) {
	if x.gone {
		return
	}
	w := x.n.w
	for _, f := range effects {
		switch f := f.(type) {
		case lrmd.Launch:
			x.runs[f.Token] = f.Op.Key()
			takes, result := w.agents.run(x.n, &f.Op)
			natural, orphan := takes, result
			if limit := time.Duration(f.Op.Timeout) * time.Millisecond; f.Op.Timeout > 0 && takes > limit {
				takes = limit
				result = func() *lrmd.Result {
					w.agents.killed(x.n, &f.Op)
					return &lrmd.Result{Class: f.Op.Class, Status: lrmd.TimedOut, Code: int(lrmd.UnknownError), Reason: "it took too long"}
				}
			}
			w.after(takes, x.n, func() {
				if x.gone && x.runs[f.Token] != "" {
					w.after(natural-takes, x.n, func() { orphan() }) // nobody hears of it, nor ends it when its time is over
					return
				}
				if x.runs[f.Token] != "" {
					delete(x.runs, f.Token)
					x.do(x.core.Complete(w.now, f.Token, result()))
				}
			})
		case lrmd.Kill:
			if x.runs[f.Token] != "" {
				delete(x.runs, f.Token)
				w.after(time.Millisecond, x.n, func() {
					if x.gone {
						return
					}
					x.do(x.core.Complete(w.now, f.Token, &lrmd.Result{Status: lrmd.Cancelled, Code: int(lrmd.UnknownError)}))
				})
			}
		case lrmd.Fence:
			// The fencer has the device from the CIB.
			w.after(w.between(time.Millisecond, 50*time.Millisecond), x.n, func() {
				if x.gone {
					return
				}
				x.do(x.core.Fenced(w.now, f.Token, &lrmd.FenceResult{Status: lrmd.Done}))
			})
		case lrmd.Notify:
			e := f.Completion.Element()
			w.after(w.between(20*time.Microsecond, time.Millisecond), x.n, func() {
				if x.event != nil && !x.gone {
					x.event(e)
				}
			})
		}
	}
	at, ok := x.core.NextDeadline()
	if ok && !at.Equal(x.due) {
		x.due = at
		w.at(at, x.n, func() {
			if x.due.Equal(at) {
				x.due = time.Time{}
				if x.gone {
					return
				}
				x.do(x.core.Tick(w.now))
			}
		})
	}
}
