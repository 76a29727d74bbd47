package child

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Program is what is to run.
type Program struct {
	Path  string
	Args  []string // with the name
	Env   []string
	Input string // what it reads; if empty, /dev/null
	// Stdout and Stderr take what it writes, never both at once each, and never fail.
	Stdout, Stderr io.Writer
	UID, GID       uint32        // to become, if UID is not 0 and we are root
	Timeout        time.Duration // after which it is killed; 0 for never
	LeaveGroup     bool          // only the process itself is killed
	// Lingers, if not nil, is called when the process does not go after it was killed.
	Lingers func(pid int)
}

// Child is a program that was started. Wait has to be called.
type Child struct {
	PID int

	p        *Program
	begun    time.Time
	ended    *os.File // is readable when the process has ended
	out, err stream
	input    *os.File // what did not fit into the pipe is on its way
}

// Ending is how a process ended.
type Ending struct {
	Status   syscall.WaitStatus
	TimedOut bool // it was killed because of that
}

const (
	// killGrace is how long a killed process may take before it is said that it lingers.
	killGrace = 5 * time.Second
	// short is how long a process may run before what it writes is waited for. One that fills its pipe, of 64 KiB, waits
	// for that as long.
	short = 20 * time.Millisecond
)

// devNull is what processes read that are given nothing; it is never closed.
var devNull = sync.OnceValues(func() (int, error) { return unix.Open(os.DevNull, unix.O_RDONLY|unix.O_CLOEXEC, 0) })

// Start starts a program. An error is an errno, as of execve(2).
func (p *Program) Start() (*Child, error) {
	c := &Child{p: p, begun: time.Now(), out: stream{fd: -1, w: -1, kept: p.Stdout}, err: stream{fd: -1, w: -1, kept: p.Stderr}}
	in, err := c.open()
	if err != nil {
		c.close()
		return nil, Errno(err)
	}
	pidfd := -1
	attr := &syscall.ProcAttr{
		Env:   p.Env,
		Files: []uintptr{uintptr(in), uintptr(c.out.w), uintptr(c.err.w)},
		Sys:   &syscall.SysProcAttr{Setpgid: true, PidFD: &pidfd},
	}
	if p.UID != 0 && os.Geteuid() == 0 {
		attr.Sys.Credential = &syscall.Credential{Uid: p.UID, Gid: p.GID}
	}
	c.PID, err = syscall.ForkExec(p.Path, p.Args, attr)
	if errors.Is(err, syscall.ENOEXEC) {
		// A script that does not say what runs it is the shell's, as for execvp.
		c.PID, err = syscall.ForkExec("/bin/sh", append([]string{"sh", p.Path}, p.Args[1:]...), attr)
	}
	c.out.giveUp()
	c.err.giveUp()
	if p.Input != "" {
		_ = unix.Close(in)
	}
	if err != nil {
		c.close()
		return nil, Errno(err)
	}
	if c.ended, err = watch(c.PID, pidfd); err != nil {
		c.kill()
		c.reap()
		c.close()
		return nil, Errno(err)
	}
	return c, nil
}

// open makes the pipes; in is what the process is to read.
func (c *Child) open() (in int, err error) {
	if err := c.out.open(); err != nil {
		return -1, err
	}
	if err := c.err.open(); err != nil {
		return -1, err
	}
	if c.p.Input == "" {
		return devNull()
	}
	return c.fill(c.p.Input)
}

// fill is a pipe with what the process is to read. What does not fit is written while it reads.
func (c *Child) fill(input string) (in int, err error) {
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC); err != nil {
		return -1, err
	}
	_ = unix.SetNonblock(fds[1], true)
	n, err := unix.Write(fds[1], []byte(input))
	if err == nil && n == len(input) {
		_ = unix.Close(fds[1])
		return fds[0], nil
	}
	c.input = os.NewFile(uintptr(fds[1]), "input")
	go func() {
		_, _ = io.WriteString(c.input, input[max(n, 0):]) // it may end without having read all
		_ = c.input.Close()
	}()
	return fds[0], nil
}

// watch is a file that is readable when a process has ended: its descriptor, where the kernel has those.
func watch(pid, pidfd int) (*os.File, error) {
	if pidfd < 0 {
		r, w, err := os.Pipe()
		if err != nil {
			return nil, err
		}
		go func() {
			for unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil) == unix.EINTR {
			}
			_ = w.Close()
		}()
		return r, nil
	}
	_ = unix.SetNonblock(pidfd, true) // it is one of ours
	return os.NewFile(uintptr(pidfd), "pidfd"), nil
}

// Wait waits for the end of the process, and kills it before that when its time is over or ctx ends. Then all that was
// written has been taken.
func (c *Child) Wait(ctx context.Context) Ending {
	defer c.close()
	var end Ending
	raw, err := c.ended.SyscallConn()
	if err != nil {
		panic(err) // the file is closed
	}
	stop := context.AfterFunc(ctx, func() { _ = c.ended.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	soon, over := c.begun.Add(short), time.Time{}
	if c.p.Timeout > 0 {
		over = c.begun.Add(c.p.Timeout)
	}
	for killed := false; ; {
		next := soon
		if soon.IsZero() || !over.IsZero() && over.Before(soon) {
			next = over
		}
		_ = c.ended.SetReadDeadline(next)
		// What ends ctx now is seen here, and what does so later by the deadline.
		if killed || ctx.Err() == nil {
			if raw.Read(readable) == nil {
				break
			}
		}
		now := time.Now()
		if !soon.IsZero() && !now.Before(soon) {
			soon = time.Time{}
			c.out.read()
			c.err.read()
		}
		late := !over.IsZero() && !now.Before(over)
		switch {
		case killed && late:
			over = time.Time{}
			if c.p.Lingers != nil {
				c.p.Lingers(c.PID)
			}
		case !killed && (late || ctx.Err() != nil):
			killed, end.TimedOut = true, late
			c.kill()
			over = now.Add(killGrace)
		}
	}
	end.Status = c.reap()
	c.out.rest()
	c.err.rest()
	return end
}

func (c *Child) reap() (status syscall.WaitStatus) {
	for {
		_, err := syscall.Wait4(c.PID, &status, 0, nil)
		if err != syscall.EINTR {
			return status
		}
	}
}

func (c *Child) kill() {
	victim := -c.PID
	if c.p.LeaveGroup {
		victim = c.PID
	}
	_ = unix.Kill(victim, unix.SIGKILL) // it may have gone
}

// readable tells whether there is something to read, or nothing ever will be.
func readable(fd uintptr) bool {
	poll := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	n, err := unix.Poll(poll, 0)
	return err == nil && n == 1
}

// close closes what is open.
func (c *Child) close() {
	c.out.close()
	c.err.close()
	if c.input != nil {
		_ = c.input.Close()
	}
	if c.ended != nil {
		_ = c.ended.Close()
	}
}

// Errno is the number in an error of package os or unix.
func Errno(err error) syscall.Errno {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno
	}
	return syscall.EIO
}
