package wire

import "github.com/ringmaster-ha/ringmaster/internal/mar"

// Proc is req_exec_cpg_procjoin: a process of the sending node joins a group
// or leaves it.
type Proc struct {
	Left   bool // ExecProcLeave, else ExecProcJoin
	Group  []byte
	PID    uint32
	Reason Reason
}

func (p *Proc) fn() int {
	if p.Left {
		return ExecProcLeave
	}
	return ExecProcJoin
}

// ParseProc reads an ExecProcJoin or, with left, an ExecProcLeave.
func ParseProc(msg []byte, left bool, order mar.ByteOrder) (Proc, error) {
	p := Proc{Left: left}
	r := execReader(msg, p.fn(), order)
	p.Group = name(&r, "group_name")
	p.PID = num(&r, "pid")
	p.Reason = Reason(num(&r, "reason"))
	return p, r.Err()
}

// AppendTo appends the message.
func (p *Proc) AppendTo(b []byte, order mar.ByteOrder) []byte {
	start := len(b)
	b = appendExec(b, p.fn(), order)
	b = appendName(b, p.Group, order)
	b = appendNum(b, p.PID, order)
	b = appendNum(b, uint32(p.Reason), order)
	return setSize(b, start, order)
}
