package agent

import (
	"errors"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// process is a program to run.
type process struct {
	path       string
	args       []string // with the name
	env        []string
	uid, gid   uint32 // to become, if uid is not 0 and we are root
	timeout    time.Duration
	leaveGroup bool
	// lingers is called when the process does not go after it was killed.
	lingers func(pid int)
}

// ending is how a process ended.
type ending struct {
	pid            int
	status         syscall.WaitStatus
	timedOut       bool
	stdout, stderr string
}

// killGrace is how long a killed process may take before it is said that it lingers.
const killGrace = 5 * time.Second

// short is how long a process may run before what it writes is waited for. One that fills its pipe, of 64 KiB, waits
// for that as long.
const short = 20 * time.Millisecond

// devNull is what all processes read; it is never closed.
var devNull = sync.OnceValues(func() (uintptr, error) {
	fd, err := unix.Open(os.DevNull, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	return uintptr(fd), err
})

// run runs a process to its end, or kills it when its time is over or kill is closed. The
// error is an errno of starting it.
func (p *process) run(kill <-chan struct{}) (ending, error) {
	var end ending
	null, err := devNull()
	if err != nil {
		return end, errnoOf(err)
	}
	var out, errw stream
	if err := out.open(); err != nil {
		return end, err
	}
	defer out.close()
	if err := errw.open(); err != nil {
		return end, err
	}
	defer errw.close()

	pidfd := -1
	attr := &syscall.ProcAttr{
		Env:   p.env,
		Files: []uintptr{null, uintptr(out.w), uintptr(errw.w)},
		Sys:   &syscall.SysProcAttr{Setpgid: true, PidFD: &pidfd},
	}
	if p.uid != 0 && os.Geteuid() == 0 {
		attr.Sys.Credential = &syscall.Credential{Uid: p.uid, Gid: p.gid}
	}
	pid, err := syscall.ForkExec(p.path, p.args, attr)
	if errors.Is(err, syscall.ENOEXEC) {
		// A script that does not say what runs it is the shell's, as for execvp.
		pid, err = syscall.ForkExec("/bin/sh", append([]string{"sh", p.path}, p.args[1:]...), attr)
	}
	out.giveUp()
	errw.giveUp()
	if err != nil {
		return end, errnoOf(err)
	}
	end.pid = pid
	p.wait(&end, exited(pid, pidfd), kill, func() {
		out.read()
		errw.read()
	})
	end.stdout, end.stderr = out.rest(), errw.rest()
	return end, nil
}

// wait waits for the process, which is not reaped before it is not killed any more: so
// the number cannot be another's. If that takes long, long is called.
func (p *process) wait(end *ending, gone <-chan struct{}, kill <-chan struct{}, long func()) {
	soon := time.NewTimer(short)
	defer soon.Stop()
	var over <-chan time.Time
	if p.timeout > 0 {
		t := time.NewTimer(p.timeout)
		defer t.Stop()
		over = t.C
	}
	killed := false
	for waiting := true; waiting; {
		select {
		case <-gone:
			waiting = false
			continue
		case <-over:
			if killed {
				p.lingers(end.pid)
				over = nil
				continue
			}
			end.timedOut = true
		case <-kill:
			kill = nil
		case <-soon.C:
			long()
			continue
		}
		if !killed {
			killed = true
			victim := -end.pid
			if p.leaveGroup {
				victim = end.pid
			}
			_ = unix.Kill(victim, unix.SIGKILL) // it may have gone
			over = time.After(killGrace)
		}
	}
	for {
		_, err := syscall.Wait4(end.pid, &end.status, 0, nil)
		if err != syscall.EINTR {
			return
		}
	}
}

// exited is closed when the process has ended and can be reaped.
func exited(pid, pidfd int) <-chan struct{} {
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		if pidfd >= 0 && pollExit(pidfd) {
			return
		}
		for unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil) == unix.EINTR {
		}
	}()
	return gone
}

// pollExit waits for a process by its descriptor, which takes no thread, and closes that.
func pollExit(pidfd int) bool {
	if unix.SetNonblock(pidfd, true) != nil {
		_ = unix.Close(pidfd)
		return false
	}
	f := os.NewFile(uintptr(pidfd), "pidfd")
	defer f.Close()
	raw, err := f.SyscallConn()
	if err != nil {
		return false
	}
	ended := false
	err = raw.Read(func(fd uintptr) bool {
		poll := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		n, err := unix.Poll(poll, 0)
		ended = err == nil && n == 1 && poll[0].Revents&unix.POLLIN != 0
		return ended
	})
	return err == nil && ended
}

// errnoOf is the number in an error of package os.
func errnoOf(err error) syscall.Errno {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno
	}
	return syscall.EIO
}
