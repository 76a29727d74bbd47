package lab

import (
	"os/exec"
	"runtime"
	"sync"
)

// spawner is one operating-system thread that starts the hosts: the kernel
// ties "die with the parent" to the parent's thread, and Go's come and go.
var spawner = sync.OnceValue(func() chan<- func() {
	jobs := make(chan func())
	go func() {
		runtime.LockOSThread()
		for f := range jobs {
			f()
		}
	}()
	return jobs
})

func start(cmd *exec.Cmd) error {
	done := make(chan error)
	spawner() <- func() { done <- cmd.Start() }
	return <-done
}
