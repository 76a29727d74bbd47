package demo

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/root"
	"github.com/ringmaster-ha/ringmaster/internal/spawn"
	"github.com/ringmaster-ha/ringmaster/quorum"
)

var (
	//go:embed agents/Ticker
	ticker []byte
	//go:embed agents/fence_folder
	fenceFolder []byte
)

// cluster is the nodes of the demo.
type cluster struct {
	dir   string
	nodes []*node
}

// node is a node that lives in a folder: corosync, pacemakerd, and what that starts.
type node struct {
	id    int
	name  string
	dir   string
	addr  netip.Addr
	procs []*exec.Cmd // corosync and pacemakerd
}

func newCluster(dir string) (*cluster, error) {
	c := &cluster{dir: dir}
	for i := range nodeCount {
		name := fmt.Sprintf("node%d", i+1)
		c.nodes = append(c.nodes, &node{id: i + 1, name: name, dir: filepath.Join(dir, name), addr: netip.AddrFrom4([4]byte{127, 0, 0, byte(i + 1)})})
	}
	port, err := c.freePort()
	if err != nil {
		return nil, err
	}
	for _, n := range c.nodes {
		for path, content := range map[string][]byte{
			"etc/corosync/corosync.conf":               []byte(c.conf(n, port)),
			"usr/lib/ocf/resource.d/ringmaster/Ticker": ticker,
			"usr/sbin/fence_folder":                    fenceFolder,
			"dev/shm/.here":                            nil,
			"run/.here":                                nil,
			"var/lib/corosync/.here":                   nil,
			"var/log/pacemaker/.here":                  nil,
		} {
			path = filepath.Join(n.dir, path)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				return nil, err
			}
			if err := os.WriteFile(path, content, 0o755); err != nil {
				return nil, err
			}
		}
	}
	return c, nil
}

func (c *cluster) names() (all []string) {
	for _, n := range c.nodes {
		all = append(all, n.name)
	}
	return all
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
		fmt.Fprintf(&b, "  node {\n    name: %s\n    nodeid: %d\n    ring0_addr: %v\n  }\n", m.name, m.id, m.addr)
	}
	fmt.Fprintf(&b, "}\nquorum {\n  provider: corosync_votequorum\n}\nsystem {\n  sched_rr: no\n}\nlogging {\n  to_stderr: no\n  to_syslog: no\n  to_logfile: yes\n  logfile: %s\n}\n", filepath.Join(n.dir, "var/log/corosync.log"))
	return b.String()
}

func (n *node) pacemakerLog() string { return filepath.Join(n.dir, "var/log/pacemaker/pacemaker.log") }
func (n *node) sockets() string      { return filepath.Join(n.dir, "run") }

// environment is that of the node's programs.
func (n *node) environment() []string {
	return append(os.Environ(), root.EnvDir+"="+n.dir, root.EnvAddress+"="+n.addr.String(), "PCMK_logfacility=none")
}

// command is this program under another name, on the node.
func (n *node) command(args ...string) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return &exec.Cmd{
		Path: self, Args: args, Env: n.environment(),
		// Ctrl-C is for us; they go with us whatever happens.
		SysProcAttr: &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM},
	}, nil
}

// start runs the node's daemons.
func (n *node) start(ctx context.Context) error {
	for _, args := range [][]string{{"corosync", "-f", "-c", filepath.Join(n.dir, "etc/corosync/corosync.conf")}, {"pacemakerd"}} {
		cmd, err := n.command(args...)
		if err != nil {
			return err
		}
		cmd.Stderr = os.Stderr
		if err := spawn.Start(cmd); err != nil {
			return err
		}
		n.procs = append(n.procs, cmd)
		if err := n.await(ctx); err != nil {
			return err
		}
	}
	return nil
}

// await waits until corosync answers.
func (n *node) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		v, err := quorum.DialVotes(ctx, quorum.Options{SocketDir: n.sockets()})
		if err == nil {
			return v.Close()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("corosync of %s does not answer: %w", n.name, err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// tool runs a tool on the node and gives what it prints.
func (n *node) tool(ctx context.Context, args ...string) (string, error) {
	cmd, err := n.command(args...)
	if err != nil {
		return "", err
	}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := spawn.Start(cmd); err != nil {
		return "", err
	}
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() })
	defer stop()
	if err := cmd.Wait(); err != nil {
		return "", fmt.Errorf("%s on %s: %w: %s", strings.Join(args, " "), n.name, err, bytes.TrimSpace(errs.Bytes()))
	}
	return out.String(), nil
}

// The demo's resources.
const groupID = "shop"

var resources = []string{"till", "clerk"}

// ticks is the file that the resources write to.
func (c *cluster) ticks() string { return filepath.Join(c.dir, "ticks") }

// configure sets the cluster up, with cibadmin.
func (c *cluster) configure(ctx context.Context) error {
	var b strings.Builder
	fmt.Fprintf(&b, `<resources><primitive id="fencing" class="stonith" type="fence_folder"><instance_attributes id="fencing-params">`+
		`<nvpair id="fencing-hosts" name="pcmk_host_list" value="%s"/></instance_attributes></primitive><group id="%s">`, strings.Join(c.names(), " "), groupID)
	for _, r := range resources {
		fmt.Fprintf(&b, `<primitive id="%[1]s" class="ocf" provider="ringmaster" type="Ticker"><instance_attributes id="%[1]s-params">`+
			`<nvpair id="%[1]s-file" name="file" value="%[2]s"/></instance_attributes><operations>`+
			`<op id="%[1]s-monitor" name="monitor" interval="1s" timeout="20s"/></operations></primitive>`, r, c.ticks())
	}
	b.WriteString(`</group></resources>`)
	_, err := c.nodes[0].tool(ctx, "cibadmin", "--replace", "--scope", "resources", "--xml-text", b.String())
	return err
}

// crash kills the node that runs the group, sees the group run elsewhere, and starts the node again.
func (c *cluster) crash(ctx context.Context, s *screen) error {
	now, _, err := c.nodes[0].status(ctx)
	if err != nil {
		return err
	}
	at := now.group()[0].place()
	i := slices.IndexFunc(c.nodes, func(n *node) bool { return n.name == at })
	if i < 0 {
		return fmt.Errorf("nobody knows where %s runs", groupID)
	}
	victim, rest := c.nodes[i], slices.Delete(slices.Clone(c.nodes), i, i+1)
	fmt.Fprintf(s.out, "\nNow %s crashes, which runs them: all its processes are killed.\n", at)
	s.began = time.Now()
	if err := victim.kill(); err != nil {
		return err
	}
	var others []string
	for _, n := range rest {
		others = append(others, n.name)
	}
	if err := s.watch(ctx, rest[0], running(others...)); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "\nThe group runs again after %v: of it, 1 s of token and 1.2 s of consensus timeout until the others know; then %s is fenced, which is certain only then to be off.\n", since(s.began), at)
	s.began = time.Now()
	if err := victim.start(ctx); err != nil {
		return err
	}
	if err := s.watch(ctx, rest[0], online(c.nodes)); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "\nStarted again, %s is back after %v.\n", at, since(s.began))
	return nil
}

// processes are all of the node.
func (n *node) processes() (pids []int) {
	entries, _ := os.ReadDir("/proc")
	mine := root.EnvDir + "=" + n.dir
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		environ, err := os.ReadFile(filepath.Join("/proc", e.Name(), "environ"))
		if err == nil && slices.Contains(strings.Split(string(environ), "\x00"), mine) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// kill ends all processes of the node without a word, as a crash does.
func (n *node) kill() error {
	for pids := n.processes(); len(pids) > 0; pids = n.processes() {
		for _, pid := range pids {
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
				return err
			}
		}
		for _, p := range n.procs {
			_ = p.Wait() // it was killed
		}
		n.procs = nil
	}
	return nil
}

// leave is how long the nodes may take to stop what they run.
const leave = 20 * time.Second

// end stops all nodes in order.
func (c *cluster) end() {
	deadline := time.Now().Add(leave)
	for _, which := range []int{1, 0} { // pacemakerd, then corosync
		for _, n := range c.nodes {
			if len(n.procs) > which {
				_ = n.procs[which].Process.Signal(syscall.SIGTERM)
			}
		}
		for _, n := range c.nodes {
			if len(n.procs) > which {
				late := time.AfterFunc(time.Until(deadline), func() { _ = n.procs[which].Process.Kill() })
				_ = n.procs[which].Wait()
				late.Stop()
			}
		}
	}
	for _, n := range c.nodes {
		n.procs = nil
		_ = n.kill() // what is left over
	}
}
