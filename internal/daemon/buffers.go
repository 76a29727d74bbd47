package daemon

import (
	"github.com/ringmaster-ha/ringmaster/cpg/engine"
	"github.com/ringmaster-ha/ringmaster/internal/qb/shm"
	"github.com/ringmaster-ha/ringmaster/internal/service"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// buffers is cpg/engine.Buffers: it opens what libcpg's zero-copy buffers live
// in, where libcpg puts them (memory_map in lib/cpg.c).
type buffers struct{ dirs []string }

// bufferMax is the most that one buffer may hold, its header included; no
// larger message can be sent.
const bufferMax = totem.MessageSizeMax + 64<<10

// Map implements engine.Buffers.
func (b buffers) Map(c service.Conn, path string, size int) (engine.Buffer, error) {
	z, err := shm.OpenZeroCopy(path, size, bufferMax, c.UID(), b.dirs)
	if err != nil {
		return nil, err
	}
	return z, nil
}
