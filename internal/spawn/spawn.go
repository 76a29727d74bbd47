// Package spawn starts programs that are to go with this one. The kernel sends
// SysProcAttr.Pdeathsig when the thread that has started a program ends, and Go's
// threads come and go; so they are all started from one that stays.
//
// Whoever starts programs may import it.
package spawn

import (
	"os/exec"
	"runtime"
	"sync"
)

var thread = sync.OnceValue(func() chan<- func() {
	jobs := make(chan func())
	go func() {
		runtime.LockOSThread()
		for f := range jobs {
			f()
		}
	}()
	return jobs
})

// Start is cmd.Start on the thread that stays.
func Start(cmd *exec.Cmd) error {
	done := make(chan error)
	thread() <- func() { done <- cmd.Start() }
	return <-done
}
