package crmmon

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/notify"
)

// background goes on in a process of its own, in which done is false, and ends this one with a
// status (pcmk__daemonize). The process has a file with its number.
func (m *monitor) background() (code crmexit.Code, done bool) {
	if !notify.InBackground() {
		if pid, ok := running(m.pidFile); ok {
			fmt.Fprintf(m.stdout, "%s: already running [pid %d in %s]\n", tool, pid, m.pidFile)
			return crmexit.Error, true
		}
		return crmexit.Code(notify.Background(m.args)), true
	}
	if err := writePID(m.pidFile); err != nil {
		fmt.Fprintf(m.stdout, "Could not lock '%s' for %s: %v\n", m.pidFile, tool, err)
		return crmexit.Error, true
	}
	syscall.Umask(syscall.S_IWGRP | syscall.S_IWOTH | syscall.S_IROTH)
	if err := notify.Detach(); err != nil {
		return crmexit.OSErr, true
	}
	return crmexit.OK, false
}

// running is the process of this name that a file tells of. A file that tells of none is
// removed.
func running(name string) (pid int, ok bool) {
	text, err := os.ReadFile(name)
	if err != nil {
		return 0, false
	}
	pid, err = strconv.Atoi(strings.TrimSpace(string(text)))
	if err == nil && pid > 0 {
		if command, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)); err == nil {
			program, _, _ := strings.Cut(string(command), "\x00")
			if filepath.Base(program) == tool {
				return pid, true
			}
		}
	}
	_ = os.Remove(name) // who cannot remove it cannot make it either, and is told so then
	return 0, false
}

func writePID(name string) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "%*d\n", pidWidth, os.Getpid())
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}

// pidWidth is the length of a process's number in its file.
const pidWidth = 10
