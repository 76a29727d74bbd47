// Command relay runs a program where it finds a fencer that hands all on to the node's
// own, and writes down what they say: a line of JSON, appended to a file.
//
//	relay FILE PROGRAM ARGUMENTS...   the program's own name is the first of ARGUMENTS
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ringmaster-ha/ringmaster/internal/golden"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
	"github.com/ringmaster-ha/ringmaster/stonithd/client"
	"github.com/ringmaster-ha/ringmaster/stonithd/fencertest"
)

func main() {
	if err := run(os.Args[1], os.Args[2], os.Args[3:]); err != nil {
		fmt.Fprintln(os.Stderr, "relay:", err)
		os.Exit(1)
	}
}

// dialer connects to the fencer from the network namespace that the program began in.
func dialer() func() (*ipc.Conn, error) {
	type answer struct {
		c   *ipc.Conn
		err error
	}
	ask, answers := make(chan struct{}), make(chan answer)
	go func() {
		runtime.LockOSThread()
		for range ask {
			c, err := ipc.Dial(context.Background(), client.Service, ipc.DialOptions{})
			answers <- answer{c, err}
		}
	}()
	ask <- struct{}{} // so that the thread is there before the other leaves
	first := <-answers
	if first.err == nil {
		_ = first.c.Close()
	}
	return func() (*ipc.Conn, error) {
		ask <- struct{}{}
		a := <-answers
		return a.c, a.err
	}
}

func run(file, program string, args []string) error {
	relay := &fencertest.Relay{Dial: dialer()}
	runtime.LockOSThread()
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return err
	}
	s, err := ipc.Listen(ipc.Options{Name: client.Service, Handler: relay})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx) }()
	var stdout, stderr bytes.Buffer
	cmd := exec.Command(program)
	cmd.Args, cmd.Stdout, cmd.Stderr = args, &stdout, &stderr
	r := fencertest.Run{Command: golden.Command{Args: args, Now: time.Now().Unix()}}
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		return err
	}
	cancel()
	if err := <-served; err != nil {
		return err
	}
	r.Status, r.Stdout, r.Stderr, r.Talk = cmd.ProcessState.ExitCode(), stdout.String(), stderr.String(), relay.Talk()
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(line, '\n'))
	return errors.Join(err, f.Close())
}
