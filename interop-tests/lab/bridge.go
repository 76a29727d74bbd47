package lab

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"syscall"

	"github.com/ringmaster-ha/ringmaster/internal/spawn"
)

// bridge is the kernel's, in a network of its own that a process holds open.
type bridge struct{ holder *exec.Cmd }

func (b *bridge) attach(h *Host) error {
	if b.holder == nil {
		if err := b.open(); err != nil {
			return err
		}
	}
	port := fmt.Sprintf("p%d", h.Index)
	script := fmt.Sprintf(`set -e
ip link del %[1]s 2>/dev/null || true
ip link add %[1]s type veth peer name eth0 netns %[2]d
ip link set %[1]s master lan up
`, port, h.first.Process.Pid)
	cmd := exec.Command("nsenter", "--target", fmt.Sprint(b.holder.Process.Pid), "--net", "--", "sh", "-c", script)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("bridge: %w: %s", err, out)
	}
	return configure(h, 0)
}

func (b *bridge) open() error {
	cmd := exec.Command("sh", "-c", "ip link add lan type bridge stp_state 0 mcast_snooping 0 && ip link set lan up && echo ready && exec sleep infinity")
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := spawn.Start(cmd); err != nil {
		return err
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		return fmt.Errorf("bridge: %q: %w", line, err)
	}
	b.holder = cmd
	return nil
}

func (b *bridge) close() {
	if b.holder != nil {
		_ = b.holder.Process.Kill()
		_ = b.holder.Wait()
	}
}
