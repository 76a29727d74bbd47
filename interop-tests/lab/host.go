package lab

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Kind says whose programs a host runs.
type Kind int

// The kinds: the reference's programs, as Debian's packages laid them, or ours
// over them.
const (
	C Kind = iota
	Go
)

func (k Kind) String() string {
	if k == Go {
		return "Go"
	}
	return "C"
}

// Kinds reads a mixture: "GoCC" is one host with our programs and two with the
// reference's.
func Kinds(mixture string) (out []Kind) {
	for len(mixture) > 0 {
		if rest, ok := strings.CutPrefix(mixture, "Go"); ok {
			out, mixture = append(out, Go), rest
		} else {
			out, mixture = append(out, C), mixture[1:]
		}
	}
	return out
}

// Host is one host.
type Host struct {
	Index    int    // from 0
	Name     string // node1, ...
	lab      *Lab
	kind     Kind
	first    *exec.Cmd // its process 1
	corosync *Process
	started  []*Process // by Start, since the last boot
}

// Addr is the host's IPv4 address on the lab's network.
func (h *Host) Addr() string { return fmt.Sprintf("10.77.0.%d", h.Index+1) }

// AddrOn is its address on network n of a lab with Networks; Addr is that on
// network 0.
func (h *Host) AddrOn(n int) string { return fmt.Sprintf("10.77.%d.%d", n, h.Index+1) }

// Addr6On is its IPv6 address there.
func (h *Host) Addr6On(n int) string { return fmt.Sprintf("fd77:0:0:%x::%x", n, h.Index+1) }

// Addr6 is its IPv6 address.
func (h *Host) Addr6() string { return fmt.Sprintf("fd77::%x", h.Index+1) }

// Kind is whose programs the host runs.
func (h *Host) Kind() Kind { return h.kind }

// Path is where a path of the host is seen from outside.
func (h *Host) Path(path string) string {
	return filepath.Join("/proc", strconv.Itoa(h.first.Process.Pid), "root", path)
}

// WriteFile writes a file on the host.
func (h *Host) WriteFile(path, content string) {
	h.lab.t.Helper()
	p := h.Path(path)
	if err := errors.Join(os.MkdirAll(filepath.Dir(p), 0o755), os.WriteFile(p, []byte(content), 0o644)); err != nil {
		h.lab.t.Fatalf("%s: %v", h.Name, err)
	}
}

// Copy lays a program of this machine on the host, also over one that is running
// there, and returns its path on the host.
func (h *Host) Copy(from, to string) string {
	h.lab.t.Helper()
	b, err := os.ReadFile(from)
	if err == nil {
		p := h.Path(to)
		err = errors.Join(os.MkdirAll(filepath.Dir(p), 0o755), os.WriteFile(p+".new", b, 0o755), os.Rename(p+".new", p))
	}
	if err != nil {
		h.lab.t.Fatalf("%s: %v", h.Name, err)
	}
	return to
}

// ReadFile reads a file of the host; empty when there is none.
func (h *Host) ReadFile(path string) string {
	h.lab.t.Helper()
	b, err := os.ReadFile(h.Path(path))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		h.lab.t.Fatalf("%s: %v", h.Name, err)
	}
	return string(b)
}

// Command prepares a program to run on the host.
func (h *Host) Command(name string, args ...string) *exec.Cmd {
	all := append([]string{"--target", strconv.Itoa(h.first.Process.Pid), "--mount", "--uts", "--ipc", "--net", "--pid", "--", name}, args...)
	cmd := exec.Command("nsenter", all...)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "TZ=UTC", "HOME=/root"}
	cmd.Dir = "/"
	// A group of its own, so that the program goes with nsenter when it is ended.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

// Result is what a program left.
type Result struct {
	Stdout, Stderr string
	Code           int
}

// Exec runs a program and returns what it left; only that it could not be run
// at all, or took longer than a minute, fails the test.
func (h *Host) Exec(name string, args ...string) Result {
	h.lab.t.Helper()
	cmd := h.Command(name, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Start(); err != nil {
		h.lab.t.Fatalf("%s: %s: %v", h.Name, name, err)
	}
	timer := time.AfterFunc(time.Minute, func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	err := cmd.Wait()
	if !timer.Stop() {
		h.lab.t.Fatalf("%s: %s %q did not end within a minute; stdout %q, stderr %q", h.Name, name, args, out.String(), errs.String())
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		h.lab.t.Fatalf("%s: %s: %v", h.Name, name, err)
	}
	return Result{out.String(), errs.String(), cmd.ProcessState.ExitCode()}
}

// Run runs a program and returns what it printed; a status other than 0 is an
// error.
func (h *Host) Run(name string, args ...string) (string, error) {
	r := h.Exec(name, args...)
	if r.Code != 0 {
		return r.Stdout, fmt.Errorf("%s %s: status %d: %s%s", name, strings.Join(args, " "), r.Code, r.Stdout, r.Stderr)
	}
	return r.Stdout, nil
}

// MustRun is Run that fails the test.
func (h *Host) MustRun(name string, args ...string) string {
	h.lab.t.Helper()
	out, err := h.Run(name, args...)
	if err != nil {
		h.lab.t.Fatalf("%s: %v", h.Name, err)
	}
	return out
}

// Start runs a program in the background; what it prints goes to
// /var/log/NAME.out on the host.
func (h *Host) Start(name string, args ...string) *Process {
	h.lab.t.Helper()
	out, err := os.OpenFile(h.Path("/var/log/"+filepath.Base(name)+".out"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		h.lab.t.Fatalf("%s: %v", h.Name, err)
	}
	defer out.Close()
	cmd := h.Command(name, args...)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		h.lab.t.Fatalf("%s: %s: %v", h.Name, name, err)
	}
	p := &Process{host: h, name: name, cmd: cmd, done: make(chan struct{})}
	go func() {
		p.err = cmd.Wait()
		close(p.done)
	}()
	h.started = append(h.started, p)
	return p
}

// hold stops the processes that watch over the host's programs, before one of
// those is stopped: nsenter stops with the program that it has started, and when
// it goes on again sends that program on too, at any time later.
func (h *Host) hold() {
	for _, p := range h.started {
		_ = p.cmd.Process.Signal(syscall.SIGSTOP) // it may have ended
	}
	// It must stand still, not only have been told to: if it is told of its
	// program's stop first, it stops itself for good once it goes on.
	for _, p := range h.started {
		awaitStop(p.cmd.Process.Pid)
	}
}

// awaitStop waits until a process that has been sent SIGSTOP has stopped with all
// its threads, or has ended.
func awaitStop(pid int) {
	still := func(stat string) bool {
		b, err := os.ReadFile(stat)
		if err != nil {
			return true
		}
		_, rest, _ := strings.Cut(string(b), ") ") // behind the name
		return rest != "" && strings.Contains("TtZX", rest[:1])
	}
	tasks := fmt.Sprintf("/proc/%d/task/*/stat", pid)
	for all, _ := filepath.Glob(tasks); !every(all, still); all, _ = filepath.Glob(tasks) {
		time.Sleep(100 * time.Microsecond)
	}
}

func every(list []string, ok func(string) bool) bool {
	return !slices.ContainsFunc(list, func(s string) bool { return !ok(s) })
}

// goOn lets them go on; a stopped one would keep the host from ending.
func (h *Host) goOn() {
	for _, p := range h.started {
		_ = p.cmd.Process.Signal(syscall.SIGCONT) // it may have ended
	}
}

// Process is a program that Start runs.
type Process struct {
	host *Host
	name string
	cmd  *exec.Cmd
	done chan struct{}
	err  error // valid once done is closed
}

// Done is closed when the program has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// ExitCode waits for the end and returns the status, -1 after a signal.
func (p *Process) ExitCode() int {
	<-p.done
	return p.cmd.ProcessState.ExitCode()
}

// Signal sends a signal to the program itself.
func (p *Process) Signal(sig syscall.Signal) {
	// nsenter waits for its one child, the program.
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", p.cmd.Process.Pid, p.cmd.Process.Pid))
	if err != nil {
		return // it has ended
	}
	for _, f := range strings.Fields(string(b)) {
		if pid, err := strconv.Atoi(f); err == nil {
			_ = syscall.Kill(pid, sig)
		}
	}
}

// Stop ends the program in order and waits for it, at most d; then it kills it
// and reports false.
func (p *Process) Stop(d time.Duration) bool {
	p.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
		return true
	case <-time.After(d):
		p.Signal(syscall.SIGKILL)
		<-p.done
		return false
	}
}

// Kill ends the program without a word.
func (p *Process) Kill() {
	p.Signal(syscall.SIGKILL)
	<-p.done
}

// Pids returns the host's processes of that name (as /proc/PID/status has it: its first
// 15 bytes), numbered as outside.
func (h *Host) Pids(name string) []int {
	name = name[:min(len(name), 15)]
	var pids []int
	for pid, n := range h.processes() {
		if n == name {
			pids = append(pids, pid)
		}
	}
	slices.Sort(pids)
	return pids
}

// processes are the names of all the host's processes.
func (h *Host) processes() map[int]string {
	if h.first == nil {
		return nil // it has crashed
	}
	ns, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/pid", h.first.Process.Pid))
	if err != nil {
		return nil
	}
	all := map[int]string{}
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, d := range dirs {
		if in, err := os.Readlink(d + "/ns/pid"); err != nil || in != ns {
			continue
		}
		status, err := os.ReadFile(d + "/status")
		if err != nil {
			continue
		}
		first, _, _ := strings.Cut(string(status), "\n")
		if pid, err := strconv.Atoi(filepath.Base(d)); err == nil {
			all[pid] = strings.TrimSpace(strings.TrimPrefix(first, "Name:"))
		}
	}
	return all
}

// Pause stops all that runs on the host, as a machine does that swaps or whose hypervisor has other things to do: its
// sockets take what they are sent until they are full. Continue has it go on, Crash ends it as it is.
func (h *Host) Pause() {
	h.hold()
	stopped := map[int]bool{h.first.Process.Pid: true}
	for fresh := true; fresh; { // what was started while others were being stopped
		fresh = false
		for pid := range h.processes() {
			if !stopped[pid] {
				stopped[pid], fresh = true, true
				_ = syscall.Kill(pid, syscall.SIGSTOP) // it may have ended
			}
		}
	}
}

// Continue lets a host go on after Pause.
func (h *Host) Continue() {
	for pid := range h.processes() {
		_ = syscall.Kill(pid, syscall.SIGCONT) // it may have ended
	}
	h.goOn()
}

// SignalAll sends a signal to every process of that name on the host; after
// SIGSTOP they stand still.
func (h *Host) SignalAll(name string, sig syscall.Signal) {
	if sig == syscall.SIGSTOP {
		h.hold()
	}
	for _, pid := range h.Pids(name) {
		_ = syscall.Kill(pid, sig)
		if sig == syscall.SIGSTOP {
			awaitStop(pid)
		}
	}
	if sig == syscall.SIGCONT {
		h.goOn()
	}
}

// Crash takes the host's power: everything on it ends at once, what it had in
// memory is lost, its disk stays. Boot brings it back with no daemon running.
func (h *Host) Crash() { h.halt() }

// Running tells whether the host has power.
func (h *Host) Running() bool { return h.first != nil }

// Boot starts a crashed host.
func (h *Host) Boot() {
	h.lab.t.Helper()
	if err := h.boot(); err != nil {
		h.lab.t.Fatalf("%s: %v", h.Name, err)
	}
	h.writeHosts()
}
