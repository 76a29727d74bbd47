package lab

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/spawn"
)

// TB is what the package needs of testing.TB; a benchmark program has its own.
type TB interface {
	Helper()
	Name() string
	Logf(format string, args ...any)
	Fatalf(format string, args ...any)
	Cleanup(func())
	TempDir() string
	Failed() bool
}

// Lab is a set of hosts and the network between them.
type Lab struct {
	t     TB
	dir   string
	hosts []*Host
	net   network
	more  []*lanSwitch // networks 1 and on
}

// network joins the hosts. Both kinds give host i the addresses Addr and Addr6.
type network interface {
	attach(h *Host) error
	close()
}

// Option changes what New makes.
type Option func(*Lab)

// Bridged joins the hosts with the kernel's bridge in place of the switch in
// this process: for benchmarks. Its links cannot be cut or slowed.
func Bridged(l *Lab) { l.net = &bridge{} }

// Networks gives the hosts that many networks, 1 by default: eth0, eth1 and so on,
// which fail apart from each other with SetLinkOn.
func Networks(n int) Option {
	return func(l *Lab) {
		for i := 1; i < n; i++ {
			l.more = append(l.more, newSwitch(i))
		}
	}
}

// New makes n hosts with the reference's programs, named node1 and so on, with
// the network up and no daemon running. They go when the test ends.
func New(t TB, n int, opts ...Option) *Lab {
	t.Helper()
	if os.Getuid() != 0 {
		t.Fatalf("lab: hosts need root")
	}
	l := &Lab{t: t, dir: t.TempDir()}
	for _, o := range opts {
		o(l)
	}
	if l.net == nil {
		l.net = newSwitch(0)
	}
	t.Cleanup(l.close)
	for i := range n {
		h := &Host{lab: l, Index: i, Name: fmt.Sprintf("node%d", i+1)}
		l.hosts = append(l.hosts, h)
		if err := h.boot(); err != nil {
			t.Fatalf("lab: %s: %v", h.Name, err)
		}
	}
	for _, h := range l.hosts {
		h.writeHosts()
	}
	return l
}

// writeHosts tells the host everybody's names.
func (h *Host) writeHosts() {
	h.lab.t.Helper()
	var names strings.Builder
	names.WriteString("127.0.0.1 localhost\n")
	for _, peer := range h.lab.hosts {
		fmt.Fprintf(&names, "%s %s\n%s %s-6\n", peer.Addr(), peer.Name, peer.Addr6(), peer.Name)
	}
	h.WriteFile("/etc/hosts", names.String())
}

func (l *Lab) close() {
	for _, h := range l.hosts {
		h.halt()
	}
	l.net.close()
	for _, s := range l.more {
		s.close()
	}
}

// Hosts returns all hosts in order.
func (l *Lab) Hosts() []*Host { return l.hosts }

// Host returns host i, from 0.
func (l *Lab) Host(i int) *Host { return l.hosts[i] }

// WriteFile writes a file on every host.
func (l *Lab) WriteFile(path, content string) {
	l.t.Helper()
	for _, h := range l.hosts {
		h.WriteFile(path, content)
	}
}

// Eventually waits until ok returns true and fails the test if it does not
// within d; what is said in the failure. It looks ten times a second: it waits
// for other programs, whose events it cannot see.
func (l *Lab) Eventually(d time.Duration, what string, ok func() bool) {
	l.t.Helper()
	deadline := time.Now().Add(d)
	for !ok() {
		if time.Now().After(deadline) {
			l.t.Fatalf("not within %v: %s", d, what)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// boot starts the host's first process and attaches its network.
func (h *Host) boot() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	root := filepath.Join(h.lab.dir, h.Name)
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), initEnv+"="+h.Name+"="+root)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC,
		Pdeathsig:  syscall.SIGKILL,
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := spawn.Start(cmd); err != nil {
		return err
	}
	h.first = cmd
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "ready\n" {
		return fmt.Errorf("first process did not come up: %q, %v", line, err)
	}
	if _, err := h.Run("ip", "link", "set", "lo", "up"); err != nil {
		return err
	}
	if err := h.lab.net.attach(h); err != nil {
		return err
	}
	for _, s := range h.lab.more {
		if err := s.attach(h); err != nil {
			return err
		}
	}
	if h.kind == Go {
		return h.mountOurs()
	}
	return nil
}

func (h *Host) halt() {
	if h.first == nil {
		return
	}
	_ = h.first.Process.Kill()
	h.goOn()
	_ = h.first.Wait()
	h.first, h.started = nil, nil
}
