package agent

import (
	"context"

	"github.com/ringmaster-ha/ringmaster/internal/child"
)

// ending is how a process ended.
type ending struct {
	child.Ending
	pid            int
	stdout, stderr string
}

// run runs a program to its end, or kills it when its time is over or ctx ends. The error is an
// errno of starting it.
func run(ctx context.Context, p *child.Program) (ending, error) {
	var stdout, stderr output
	p.Stdout, p.Stderr = &stdout, &stderr
	c, err := p.Start()
	if err != nil {
		return ending{}, err
	}
	end := ending{Ending: c.Wait(ctx), pid: c.PID}
	end.stdout, end.stderr = stdout.String(), stderr.String()
	return end, nil
}
