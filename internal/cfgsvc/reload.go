package cfgsvc

import (
	"strconv"

	"github.com/ringmaster-ha/ringmaster/internal/cfgwire"
	"github.com/ringmaster-ha/ringmaster/internal/cserr"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/service"
	"github.com/ringmaster-ha/ringmaster/totem"
)

func memberStatus(n totem.NodeID) string {
	return "runtime.members." + strconv.FormatUint(uint64(n), 10) + ".status"
}

// reload is one request to reload, ours or another node's.
type reload struct {
	from totem.NodeID
	conn uint64 // whom to answer, when it is ours
}

// startReload begins a reload, or has it wait for the one under way.
func (e *Engine) startReload(from totem.NodeID, src cfgwire.Source) {
	e.reloads = append(e.reloads, reload{from: from, conn: src.Conn})
	if len(e.reloads) == 1 {
		e.nextReload()
	}
}

func (e *Engine) nextReload() {
	r := e.reloads[0]
	e.log.Logf(loglevel.Notice, "Config reload requested by node %d", r.from)
	e.actions.Reload(func(err error, crypto bool) {
		if err == nil && crypto {
			// Every node sends its own message, so that the change does
			// not depend on the life of the one that began it.
			e.mcast(cfgwire.ExecCryptoReconfig, func() []byte {
				return cfgwire.AppendPhase(nil, service.Order, cfgwire.CryptoActivate)
			})
		}
		if r.from == e.host.NodeID() {
			e.respondTo(r.conn, cfgwire.ResReloadConfig, reloadCode(err))
		}
		if e.reloads = e.reloads[1:]; len(e.reloads) > 0 {
			e.nextReload()
		}
	})
}

// reloadCode: what is wrong with a file is CS_ERR_INVALID_PARAM.
func reloadCode(err error) cserr.Code {
	if code := cserr.Of(err); code != cserr.Library {
		return code
	}
	return cserr.InvalidParam
}
