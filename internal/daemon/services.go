package daemon

import (
	"fmt"

	cpgengine "github.com/ringmaster-ha/ringmaster/cpg/engine"
	"github.com/ringmaster-ha/ringmaster/internal/cfgsvc"
	"github.com/ringmaster-ha/ringmaster/internal/cmapsvc"
	"github.com/ringmaster-ha/ringmaster/internal/exitcode"
	"github.com/ringmaster-ha/ringmaster/internal/mon"
	"github.com/ringmaster-ha/ringmaster/internal/pload"
	"github.com/ringmaster-ha/ringmaster/internal/service"
	"github.com/ringmaster-ha/ringmaster/internal/wd"
	quorumengine "github.com/ringmaster-ha/ringmaster/quorum/engine"
)

// named is a service with the name of the reference's service object.
type named struct {
	name   string
	engine service.Engine
}

// engines makes the services, in the order in which the reference loads them.
func (d *Daemon) engines() ([]named, error) {
	quorum, err := quorumengine.New(quorumengine.Config{Host: d.node, Map: d.cmap, Barrier: newBarrierStore(d.stateDir, d.log.Logger("VOTEQ"))})
	if err != nil {
		return nil, fmt.Errorf("Service engine 'corosync_quorum' failed to load for reason '%w'", err) //lint:ignore ST1005 the reference's text
	}
	d.node.SetQuorum(quorum.Quorate)
	quorum.OnQuorum(d.node.QuorumChanged)
	d.flow.quorate = quorum.Quorate()

	exit := func(code exitcode.Code) { d.end(ending{code: code, where: "pload"}) }
	list := []named{
		{"corosync_cmap", cmapsvc.New(d.node, d.cmap, d.stats, actions{d}.Shutdown)},
		{"corosync_cfg", cfgsvc.New(d.node, d.cmap, actions{d})},
		{"corosync_cpg", cpgengine.New(d.node, cpgengine.Options{
			Interfaces: d.members.links,
			Buffers:    buffers{dirs: []string{d.opts.ShmDir, d.opts.RunDir}},
		})},
		{"corosync_pload", pload.New(d.node, d.cmap, exit)},
		{"corosync_mon", mon.New(d.node, d.cmap, machine{})},
		{"corosync_wd", wd.New(d.node, d.cmap, machine{})},
	}
	for _, e := range quorum.Engines() {
		list = append(list, named{e.Name, e.Engine})
	}
	return list, nil
}
