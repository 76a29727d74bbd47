package daemon

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/icmap"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"golang.org/x/sys/unix"
)

// rootCgroup is corosync.conf(5) system.move_to_root_cgroup.
type rootCgroup int

const (
	rootCgroupAuto rootCgroup = iota // only when the priority is refused otherwise
	rootCgroupOff
	rootCgroupOn
)

// privileges is what the system section asks of the process: corosync.conf(5)
// system.sched_rr, system.priority and system.move_to_root_cgroup.
type privileges struct {
	realtime bool
	cgroup   rootCgroup
	nice     int // for setpriority(2): MinInt the highest, MaxInt the lowest
}

func readPrivileges(m *icmap.Map) (p privileges, err error) {
	p.realtime = true
	if s, err := m.GetString("system.sched_rr"); err == nil && s != "yes" {
		p.realtime = false
	}
	if s, err := m.GetString("system.move_to_root_cgroup"); err == nil {
		switch s {
		case "yes":
			p.cgroup = rootCgroupOn
		case "no":
			p.cgroup = rootCgroupOff
		}
	}
	s, err := m.GetString("system.priority")
	switch {
	case err != nil:
	case s == "max":
		p.nice = math.MinInt32
	case s == "min":
		p.nice = math.MaxInt32
	default:
		n, err := strconv.ParseInt(s, 10, 32)
		if err != nil {
			return p, fmt.Errorf("Priority value %s is invalid", s) //lint:ignore ST1005 the reference's text
		}
		p.nice = int(n)
	}
	return p, nil
}

// highestNice is the least of the nice values, which gets most of the CPU.
const highestNice = -20

// niceness is the nice value that the process's threads get. Where real-time
// priority is asked for, which is the ring thread's alone, the others get the
// highest ordinary one: the reference has it for all its work when it is refused
// real-time priority, and here nothing but the ring's work has that. A thread
// that the runtime stops the world for must get a CPU soon.
func (p privileges) niceness() int {
	if p.realtime {
		return highestNice
	}
	return p.nice
}

// applyNice sets the nice value of all threads of the process; those that the
// runtime makes later inherit it. tasks is /proc/self/task. setpriority(2) of
// the whole group, as the reference calls it, would reach what else the group
// holds.
func (p privileges) applyNice(tasks string, log loglevel.Logger) {
	nice := p.niceness()
	if nice == 0 {
		return
	}
	// Twice: a thread of the first round's may have made another just before.
	for range 2 {
		list, err := os.ReadDir(tasks)
		if err != nil {
			log.Logf(loglevel.Warning, "Could not set priority %d: %s", nice, perror(err))
			return
		}
		for _, t := range list {
			tid, err := strconv.Atoi(t.Name())
			if err != nil {
				continue
			}
			err = unix.Setpriority(unix.PRIO_PROCESS, tid, nice)
			if err != nil && !errors.Is(err, unix.ESRCH) {
				log.Logf(loglevel.Warning, "Could not set priority %d: %s", nice, perror(err))
				return
			}
		}
	}
}

// perror words an error as LOGSYS_PERROR does: "Operation not permitted (1)".
func perror(err error) string {
	var no unix.Errno
	if !errors.As(err, &no) {
		return err.Error()
	}
	text := no.Error()
	return fmt.Sprintf("%s%s (%d)", strings.ToUpper(text[:1]), text[1:], int(no))
}

// moveToRootCgroup leaves the service's cgroup, where the kernel may refuse
// real-time priority. The reference's texts, and as there, failure is not fatal.
func moveToRootCgroup(root string, log loglevel.Logger) {
	v1, v2 := filepath.Join(root, "/sys/fs/cgroup/cpu"), filepath.Join(root, "/sys/fs/cgroup/cgroup.procs")
	tasks := ""
	switch {
	case exists(filepath.Join(v1, "cpu.rt_runtime_us")):
		log.Logf(loglevel.Debug, "Moving main pid to cgroup v1 root cgroup")
		// The whole process: the reference, with one thread, writes to "tasks".
		tasks = filepath.Join(v1, "cgroup.procs")
	case exists(v2):
		log.Logf(loglevel.Debug, "Moving main pid to cgroup v2 root cgroup")
		tasks = v2
	default:
		log.Logf(loglevel.Debug, "cpu.rt_runtime_us or cgroup.procs doesn't exist -> system without cgroup or with disabled CONFIG_RT_GROUP_SCHED")
		return
	}
	f, err := os.OpenFile(tasks, os.O_WRONLY, 0)
	if err != nil {
		log.Logf(loglevel.Warning, "Can't open cgroups tasks file for writing")
		return
	}
	_, err = fmt.Fprintf(f, "%d\n", os.Getpid())
	if err := errors.Join(err, f.Close()); err != nil {
		log.Logf(loglevel.Warning, "Can't write corosync pid into cgroups tasks file")
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// lockMemory keeps what the process uses from being paged out. Pages are locked
// as they are touched: Go reserves far more address space than it uses, and
// filling all of it, as a plain mlockall would, costs hundreds of megabytes.
func lockMemory(log loglevel.Logger) {
	unlimited := unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY}
	if err := unix.Setrlimit(unix.RLIMIT_MEMLOCK, &unlimited); err != nil {
		log.Logf(loglevel.Warning, "Could not increase RLIMIT_MEMLOCK, not locking memory: %s", perror(err))
		return
	}
	if err := unix.Mlockall(unix.MCL_CURRENT | unix.MCL_FUTURE | unix.MCL_ONFAULT); err != nil {
		log.Logf(loglevel.Warning, "Could not lock memory of service to avoid page faults: %s", perror(err))
	}
}
