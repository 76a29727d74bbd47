// Package watchdog resets the node when nothing else is safe, and finds SBD, which can do it
// better (watchdog.c of lib/common in Pacemaker 2.1.5). Pacemaker's daemons import it.
package watchdog

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/env"
	"github.com/ringmaster-ha/ringmaster/internal/root"
)

// Panic resets the node by way of SBD, if that is there, by the kernel or, where that is not allowed, by
// pacemakerd; origin is a function of the reference that has asked for it (pcmk__panic). It does not
// return.
func Panic(env env.Lookup, log loglevel.Logger, origin string) {
	say := func(format string, args ...any) { loglevel.LogfAt(log, loglevel.Emerg, "pcmk__panic", format, args...) }
	if root.Dir() != "" { // the machine is not the node
		say("Shutting down instead of panicking the node | origin=%s", origin)
		os.Exit(int(crmexit.Panic))
	}
	if pid := SBD(); pid > 1 {
		say("Signaling sbd[%d] to panic the system: %s", pid, origin)
		if syscall.Kill(pid, syscall.SIGKILL) == nil {
			os.Exit(int(crmexit.Panic))
		}
	}
	say("Panicking the system directly: %s", origin)
	if os.Geteuid() != 0 {
		byPacemakerd(say)
	} else {
		byKernel(env)
	}
	os.Exit(int(crmexit.Panic))
}

// byPacemakerd has pacemakerd do it, which a child tells by its exit status and others by a signal.
func byPacemakerd(say func(format string, args ...any)) {
	if parent := os.Getppid(); parent > 1 {
		say("Signaling parent %d to panic", parent)
		return
	}
	pid := Find("pacemakerd")
	say("Signaling pacemakerd[%d] to panic", pid)
	if pid > 1 {
		_ = syscall.Kill(pid, syscall.SIGQUIT)
	}
}

func byKernel(env env.Lookup) {
	how, _ := env("PCMK_panic_action")
	trigger := "b"
	if strings.HasSuffix(strings.ToLower(how), "crash") {
		trigger = "c"
	}
	if strings.HasPrefix(strings.ToLower(how), "sync-") {
		syscall.Sync()
	}
	_ = os.WriteFile(root.Path("/proc/sysrq-trigger"), []byte(trigger+"\n"), 0)
	_ = syscall.Reboot(syscall.LINUX_REBOOT_CMD_RESTART) // no return, unless it is refused
}

// SBD is the process of SBD, 0 if there is none (pcmk__locate_sbd).
func SBD() int {
	const name = "sbd"
	if root.Dir() != "" {
		return 0 // that of the machine is not the node's
	}
	if b, err := os.ReadFile(root.Path("/run/sbd.pid")); err == nil {
		if pid, err := strconv.Atoi(strings.TrimSpace(string(b))); err == nil && is(pid, name) {
			return pid
		}
	}
	return Find(name)
}

// Find is a process of a name, of which the kernel knows 15 bytes; 0 if there is none (pcmk__procfs_pid_of).
func Find(name string) int {
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil && is(pid, name) {
			return pid
		}
	}
	return 0
}

func is(pid int, name string) bool {
	comm, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "comm"))
	return err == nil && strings.EqualFold(strings.TrimSuffix(string(comm), "\n"), name)
}
