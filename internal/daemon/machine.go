package daemon

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/wd"
	"golang.org/x/sys/unix"
)

// machine is what the monitoring and watchdog services see of the host.
type machine struct{}

// MemoryUsed implements mon.Source: the share of memory and swap that is not
// free, in per cent, as libstatgrab counts it.
func (machine) MemoryUsed() (int32, error) {
	f, err := os.Open("/proc/meminfo")
	if err != nil {
		return 0, err
	}
	defer f.Close()
	kb := map[string]float64{}
	for in := bufio.NewScanner(f); in.Scan(); {
		name, rest, _ := strings.Cut(in.Text(), ":")
		var v float64
		if _, err := fmt.Sscan(rest, &v); err == nil {
			kb[name] = v
		}
	}
	total := kb["MemTotal"] + kb["SwapTotal"]
	if total == 0 {
		return 0, errors.New("no MemTotal in /proc/meminfo")
	}
	free := kb["MemFree"] + kb["Cached"] + kb["Buffers"] + kb["SwapFree"]
	return int32((total - free) * 100 / total), nil
}

// Load15 implements mon.Source.
func (machine) Load15() (load float64, err error) {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0, err
	}
	var one, five float64
	_, err = fmt.Sscan(string(b), &one, &five, &load)
	return load, err
}

// Writable implements wd.Hardware.
func (machine) Writable(device string) bool { return unix.Access(device, unix.W_OK) == nil }

// Open implements wd.Hardware.
func (machine) Open(device string) (wd.Dog, error) {
	f, err := os.OpenFile(device, os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	return &dog{f: f}, nil
}

// Reboot implements wd.Hardware: the node has to go, at once.
func (machine) Reboot() { _ = unix.Reboot(unix.LINUX_REBOOT_CMD_RESTART) }

// PowerOff implements wd.Hardware.
func (machine) PowerOff() { _ = unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF) }
