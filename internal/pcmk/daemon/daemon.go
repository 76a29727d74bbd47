package daemon

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/monitor"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/account"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/env"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/pcmklog"
	"github.com/ringmaster-ha/ringmaster/internal/resident"
	"github.com/ringmaster-ha/ringmaster/internal/root"
)

// coreDir is where daemons work, and leave what is left of them.
const coreDir = "/var/lib/pacemaker/cores"

// umask keeps files from others, and from being written to by the group.
const umask = 0o026

// gcPercent is how much the heap may grow, in percent of what is in use, before garbage is
// collected: a daemon of the reference's collects none, so twice what is in use, Go's default, would
// be more than it takes. Up to a heap of a megabyte nothing is collected.
const gcPercent = 30

// Daemon is the process.
type Daemon struct {
	Name string
	Env  env.Lookup
	Log  *pcmklog.Log

	// room is address space that the collector counts as in use, and that takes no memory: nobody writes to it.
	room []byte
}

// Start begins a daemon. One that computes rather than waits raises the GC's percentage
// afterwards.
func Start(name string) *Daemon {
	debug.SetGCPercent(gcPercent)
	resident.Rest()
	_ = monitor.Relax() // only root's daemons may
	unix.Umask(umask)
	d := &Daemon{Name: name, Env: os.LookupEnv}
	config := pcmklog.ConfigOf(name, d.Env)
	if config.File == pcmklog.DefaultFile {
		config.File = root.Path(config.File)
	}
	d.Log = pcmklog.Open(config, pcmklog.Surroundings{Own: d.share})
	d.enterCoreDir()
	return d
}

// KeepRoom is for a daemon that every change of the CIB gives work: while little is in use it collects each time that
// 3 MB are garbage, rather than each megabyte, which cost up to a fourth of its time.
func (d *Daemon) KeepRoom() {
	d.room = make([]byte, 8<<20)
	_ = unix.Madvise(d.room, unix.MADV_DONTNEED) // what of it was used before, and is zeroed now
}

// Begun says that the beginning is over: what of the program only that has used is not kept in memory.
func (*Daemon) Begun() { resident.DropProgram() }

// share gives a log to the cluster's account, if it is root's to give, and the mode that
// PCMK_logfile_mode says in octal digits; 0 leaves it (set_logfile_permissions).
func (d *Daemon) share(f *os.File) error {
	if os.Geteuid() != 0 {
		return nil
	}
	st, err := f.Stat()
	if err != nil {
		return err
	}
	const group, shared = 0o070, 0o060
	sys, ok := st.Sys().(*syscall.Stat_t)
	if cluster := account.Cluster(); cluster.Known && !(ok && sys.Gid == cluster.GID && st.Mode()&group == shared) {
		_ = f.Chown(int(cluster.UID), int(cluster.GID))
	}
	mode := uint64(0o660)
	if value, ok := d.Env("PCMK_logfile_mode"); ok {
		mode, _ = strconv.ParseUint(value, 8, 12)
	}
	if mode != 0 {
		_ = f.Chmod(os.FileMode(mode))
	}
	return nil
}

// enterCoreDir changes to coreDir, if this is a daemon of the cluster and not of a
// curious user.
func (d *Daemon) enterCoreDir() {
	const function = "crm_log_init"
	uid := uint32(os.Getuid())
	if cluster := account.Cluster(); uid != 0 && !(cluster.Known && uid == cluster.UID) {
		return
	}
	dir := root.Path(coreDir)
	if err := os.Chdir(dir); err != nil {
		d.Log.LogfAt(loglevel.Info, function, "Cannot change active directory to %s: %v", dir, err)
		return
	}
	d.Log.LogfAt(loglevel.Info, function, "Changed active directory to %s", dir)
}

// Signals is a context that ends with SIGTERM; stop gives the signals back.
func (d *Daemon) Signals() (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, unix.SIGTERM)
	signal.Ignore(unix.SIGUSR1, unix.SIGUSR2, unix.SIGTRAP)
	// SIGPIPE goes to nobody, but is not ignored: what is, signal.Notify does not hear afterwards, and the
	// manager of the CIB is told by it to write again.
	signal.Notify(make(chan os.Signal, 1), unix.SIGPIPE)
	done := make(chan struct{})
	go func() {
		defer close(done)
		select {
		case <-signals:
			d.Log.LogfAt(loglevel.Notice, "crm_signal_dispatch", "Caught 'Terminated' signal | %d (invoking handler)", int(unix.SIGTERM))
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		cancel()
		<-done
	}
}

// Exit ends the log; the status is for os.Exit.
func (d *Daemon) Exit(code crmexit.Code) int {
	d.Log.LogfAt(loglevel.Info, "crm_exit", "Exiting %s | with status %d", d.Name, int(code))
	d.Log.Close()
	return int(code)
}
