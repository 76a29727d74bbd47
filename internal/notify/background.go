package notify

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/ringmaster-ha/ringmaster/internal/exitcode"
)

// detachFD tells the new process which descriptor to report on.
const detachFD = "RINGMASTER_DETACH_FD"

// InBackground tells whether this process is the one that Background has
// started.
func InBackground() bool { return os.Getenv(detachFD) != "" }

// Background starts this program again with the same arguments, name included,
// waits until it has called Detach or ended, and returns the status to exit
// with. The new process has the same executable and argv[0], so that whoever
// looks at /proc finds the name it was started by.
func Background(args []string) exitcode.Code {
	self, err := os.Executable()
	if err != nil {
		return exitcode.Fork
	}
	return background(&exec.Cmd{
		Path: self, Args: args, Env: os.Environ(),
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
	})
}

func background(cmd *exec.Cmd) exitcode.Code {
	r, w, err := os.Pipe()
	if err != nil {
		return exitcode.Fork
	}
	defer r.Close()
	cmd.ExtraFiles = []*os.File{w} // the first is descriptor 3
	cmd.Env = append(cmd.Env, detachFD+"=3")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	err = cmd.Start()
	w.Close()
	if err != nil {
		return exitcode.Fork
	}
	var b [1]byte
	if n, _ := r.Read(b[:]); n == 1 {
		cmd.Process.Release()
		return exitcode.Exit
	}
	err = cmd.Wait()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return exitcode.Exit
	case errors.As(err, &exit) && exit.Exited():
		return exitcode.Code(exit.ExitCode())
	}
	return exitcode.FatalErr
}

// Detach redirects the standard streams to /dev/null and lets the process that
// has called Background end. In a process that it has not started it does
// nothing. An error is exitcode.StdToNullRedir's.
func Detach() error {
	v := os.Getenv(detachFD)
	if v == "" {
		return nil
	}
	os.Unsetenv(detachFD) // not for what we start
	fd, err := strconv.Atoi(v)
	if err != nil || fd < 3 {
		return fmt.Errorf("notify: %s is %q", detachFD, v)
	}
	pipe := os.NewFile(uintptr(fd), "detach")
	defer pipe.Close()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer null.Close()
	for std := range 3 {
		if err := unix.Dup3(int(null.Fd()), std, 0); err != nil {
			return fmt.Errorf("redirect descriptor %d: %w", std, err)
		}
	}
	_, err = pipe.Write([]byte{1})
	return err
}
