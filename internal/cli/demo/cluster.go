package demo

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/root"
	"github.com/ringmaster-ha/ringmaster/internal/spawn"
	"github.com/ringmaster-ha/ringmaster/quorum"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// cluster is the nodes of the demo.
type cluster struct{ nodes []*node }

// node is one corosync, a process of its own that lives in a folder.
type node struct {
	id   totem.NodeID
	dir  string
	addr netip.Addr
	proc *exec.Cmd
}

func newCluster(dir string) (*cluster, error) {
	c := &cluster{}
	for i := range nodeCount {
		c.nodes = append(c.nodes, &node{
			id: totem.NodeID(i + 1), dir: filepath.Join(dir, fmt.Sprintf("node%d", i+1)),
			addr: netip.AddrFrom4([4]byte{127, 0, 0, byte(i + 1)}),
		})
	}
	port, err := c.freePort()
	if err != nil {
		return nil, err
	}
	for _, n := range c.nodes {
		for _, d := range []string{"run", "dev/shm", "var/lib/corosync", "var/log", "etc/corosync"} {
			if err := os.MkdirAll(filepath.Join(n.dir, d), 0o755); err != nil {
				return nil, err
			}
		}
		if err := os.WriteFile(n.config(), []byte(c.conf(n, port)), 0o644); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// freePort finds a port that is free on all the addresses.
func (c *cluster) freePort() (int, error) {
	for port := 5405; port < 5505; port++ {
		free := true
		for _, n := range c.nodes {
			conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(n.addr, uint16(port))))
			if err != nil {
				free = false
				break
			}
			conn.Close()
		}
		if free {
			return port, nil
		}
	}
	return 0, errors.New("no UDP port from 5405 to 5504 is free on the loopback addresses")
}

func (c *cluster) conf(n *node, port int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "totem {\n  version: 2\n  cluster_name: demo\n  transport: udpu\n  token: 1000\n  token_coefficient: 0\n  interface {\n    linknumber: 0\n    mcastport: %d\n  }\n}\nnodelist {\n", port)
	for _, m := range c.nodes {
		fmt.Fprintf(&b, "  node {\n    name: node%d\n    nodeid: %d\n    ring0_addr: %v\n  }\n", m.id, m.id, m.addr)
	}
	fmt.Fprintf(&b, "}\nquorum {\n  provider: corosync_votequorum\n}\nsystem {\n  sched_rr: no\n}\nlogging {\n  to_stderr: no\n  to_syslog: no\n  to_logfile: yes\n  logfile: %s\n}\n", n.logFile())
	return b.String()
}

func (n *node) config() string  { return filepath.Join(n.dir, "etc/corosync/corosync.conf") }
func (n *node) logFile() string { return filepath.Join(n.dir, "var/log/corosync.log") }
func (n *node) sockets() string { return filepath.Join(n.dir, "run") }

// start runs the node's daemon, which is this program under another name.
func (n *node) start() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	n.proc = &exec.Cmd{
		Path: self, Args: []string{"corosync", "-f", "-c", n.config()},
		Env: append(os.Environ(), root.EnvDir+"="+n.dir, root.EnvAddress+"="+n.addr.String()),
		// Ctrl-C is for us; they go with us whatever happens.
		SysProcAttr: &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM},
		Stderr:      os.Stderr,
	}
	return spawn.Start(n.proc)
}

// kill ends the daemon without a word, as a crash does.
func (n *node) kill() {
	_ = n.proc.Process.Kill() // it may have ended by itself
	_ = n.proc.Wait()
	n.proc = nil
}

// await waits until the node is quorate and sees so many members.
func (n *node) await(ctx context.Context, members uint32) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	last := errors.New("it has not answered")
	for {
		info, err := n.votes(ctx)
		if err == nil && info.TotalVotes == members && info.Flags&quorum.Quorate != 0 {
			return nil
		}
		if err != nil {
			last = err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("node%d does not see %d members: %w; its log is in %s", n.id, members, last, n.logFile())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (n *node) votes(ctx context.Context) (quorum.Info, error) {
	v, err := quorum.DialVotes(ctx, quorum.Options{SocketDir: n.sockets()})
	if err != nil {
		return quorum.Info{}, err
	}
	defer v.Close()
	return v.Info(ctx, 0)
}

// end stops all daemons in order.
func (c *cluster) end() {
	for _, n := range c.nodes {
		if n.proc != nil {
			_ = n.proc.Process.Signal(syscall.SIGTERM)
		}
	}
	for _, n := range c.nodes {
		if n.proc != nil {
			_ = n.proc.Wait()
		}
	}
}
