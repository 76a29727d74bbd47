package lab

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

const initEnv = "RINGMASTER_LAB_INIT" // "name=root directory"

// stageOnHost is where a host finds our programs.
const stageOnHost = "/mnt"

// private are the directories that each host has for itself, empty at first and
// kept over a crash.
var private = []string{
	"/var/log", "/var/lib/corosync", "/var/lib/pacemaker", "/var/lib/pcsd",
	"/etc/corosync", "/etc/pacemaker", "/var/lib/heartbeat",
}

// volatile are those that a crash empties, with the rights they have.
var volatile = map[string]string{"/run": "mode=755", "/dev/shm": "mode=1777", "/tmp": "mode=1777"}

// Init turns this process into the first process of a host if that is what it
// was started for, and then does not return. Call it before anything else.
func Init() {
	spec := os.Getenv(initEnv)
	if spec == "" {
		return
	}
	name, dir, _ := strings.Cut(spec, "=")
	if err := setup(name, dir); err != nil {
		fmt.Fprintln(os.Stderr, "host", name+":", err)
		os.Exit(1)
	}
	fmt.Println("ready") // the parent waits for this line
	reap()
}

func setup(name, dir string) error {
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(syscall.SIGKILL), 0, 0, 0); err != nil {
		return fmt.Errorf("die with the parent: %w", err)
	}
	if err := unix.Sethostname([]byte(name)); err != nil {
		return fmt.Errorf("host name: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("private mounts: %w", err)
	}
	if err := unix.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return fmt.Errorf("mount /proc: %w", err)
	}
	if err := disarm(dir); err != nil {
		return err
	}
	// Before /tmp goes: the tests may stand there.
	hosts := filepath.Join(dir, "hosts")
	if err := errors.Join(os.MkdirAll(dir, 0o755), os.WriteFile(hosts, nil, 0o644)); err != nil {
		return err
	}
	if err := unix.Mount(hosts, "/etc/hosts", "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("bind /etc/hosts: %w", err)
	}
	if stage, err := Stage(); err == nil {
		if _, err := os.Stat(stage); err == nil {
			if err := unix.Mount(stage, stageOnHost, "", unix.MS_BIND, ""); err != nil {
				return fmt.Errorf("bind %s: %w", stage, err)
			}
		}
	}
	for _, p := range private {
		from := filepath.Join(dir, p)
		if err := errors.Join(os.MkdirAll(from, 0o755), os.MkdirAll(p, 0o755)); err != nil {
			return err
		}
		if err := unix.Mount(from, p, "", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("bind %s: %w", p, err)
		}
	}
	for p, mode := range volatile {
		if err := unix.Mount("tmpfs", p, "tmpfs", 0, mode); err != nil {
			return fmt.Errorf("mount %s: %w", p, err)
		}
	}
	return ownership()
}

// disarm hides what a program on a host (sbd, for one) could reset the machine
// by: the kernel's sysrq.
func disarm(dir string) error {
	for _, p := range []string{"/proc/sysrq-trigger", "/proc/sys/kernel/sysrq"} {
		if _, err := os.Stat(p); err != nil {
			continue
		}
		over := filepath.Join(dir, filepath.Base(p))
		if err := errors.Join(os.MkdirAll(dir, 0o755), os.WriteFile(over, []byte("1\n"), 0o644)); err != nil {
			return err
		}
		if err := unix.Mount(over, p, "", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("hide %s: %w", p, err)
		}
	}
	return nil
}

// ownership gives Pacemaker's directories to its user, as its package does.
func ownership() error {
	for _, d := range []string{"/run/lock", "/var/log/cluster", "/var/log/corosync", "/var/lib/pacemaker/cib",
		"/var/lib/pacemaker/pengine", "/var/lib/pacemaker/blackbox", "/var/lib/pacemaker/cores", "/var/log/pacemaker",
		"/run/crm", "/etc/corosync/uidgid.d", "/run/resource-agents", "/var/lib/heartbeat/cores"} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return err
		}
	}
	u, err := lookupUser("hacluster")
	if err != nil {
		return nil // no Pacemaker on this machine
	}
	for _, d := range []string{"/var/lib/pacemaker", "/var/lib/pacemaker/cib", "/var/lib/pacemaker/pengine",
		"/var/lib/pacemaker/blackbox", "/var/lib/pacemaker/cores", "/var/log/pacemaker", "/run/crm"} {
		if err := errors.Join(os.Chown(d, u.uid, u.gid), os.Chmod(d, 0o750)); err != nil {
			return err
		}
	}
	return nil
}

type user struct{ uid, gid int }

// lookupUser reads /etc/passwd: os/user would want cgo or name services.
func lookupUser(name string) (u user, err error) {
	b, err := os.ReadFile("/etc/passwd")
	if err != nil {
		return u, err
	}
	for line := range strings.Lines(string(b)) {
		f := strings.Split(line, ":")
		if len(f) > 3 && f[0] == name {
			if _, err := fmt.Sscan(f[2], &u.uid); err != nil {
				return u, err
			}
			_, err := fmt.Sscan(f[3], &u.gid)
			return u, err
		}
	}
	return u, fmt.Errorf("no user %s", name)
}

// reap is what a first process is for: it collects the orphans, for ever. The
// parent ends it with SIGKILL, and with it everything on the host.
func reap() {
	signal.Ignore(syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	children := make(chan os.Signal, 1)
	signal.Notify(children, syscall.SIGCHLD)
	for {
		for {
			pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
			if pid <= 0 || err != nil {
				break
			}
		}
		<-children
	}
}
