// Package device drives Linux's watchdogs and the machine's reset for package
// wd.
package device

import (
	"bytes"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/ringmaster-ha/ringmaster/internal/wd"
)

// Machine is the machine that this process runs on.
type Machine struct{}

var _ wd.Hardware = Machine{}

// Writable is access(2) with W_OK.
func (Machine) Writable(device string) bool { return unix.Access(device, unix.W_OK) == nil }

// Open opens a watchdog, which begins to count down.
func (Machine) Open(device string) (wd.Dog, error) {
	f, err := os.OpenFile(device, os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	return &dog{f: f}, nil
}

// Reboot resets the machine at once, without a sync.
func (Machine) Reboot() { unix.Reboot(unix.LINUX_REBOOT_CMD_RESTART) }

// PowerOff turns the machine off at once.
func (Machine) PowerOff() { unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF) }

// Requests of linux/watchdog.h that x/sys has no functions for.
const (
	wdiocGetSupport = 0x80285700
	wdiocSetOptions = 0x80045704
	enableCard      = 0x0002
	canSetTimeout   = 0x0080
)

type info struct {
	options, firmware uint32
	identity          [32]byte
}

type dog struct{ f *os.File }

func (d *dog) info() (i info) {
	// A dog that does not answer is one without a name and without options.
	unix.Syscall(unix.SYS_IOCTL, d.f.Fd(), wdiocGetSupport, uintptr(unsafe.Pointer(&i)))
	return i
}

func (d *dog) Identity() string {
	i := d.info()
	name, _, _ := bytes.Cut(i.identity[:], []byte{0})
	return string(name)
}

func (d *dog) CanSetTimeout() bool { return d.info().options&canSetTimeout != 0 }

func (d *dog) Timeout() uint32 {
	v, err := unix.IoctlGetInt(int(d.f.Fd()), unix.WDIOC_GETTIMEOUT)
	if err != nil {
		return 0
	}
	return uint32(v)
}

func (d *dog) SetTimeout(s uint32) {
	unix.IoctlSetPointerInt(int(d.f.Fd()), unix.WDIOC_SETTIMEOUT, int(s))
}

func (d *dog) EnableCard() { unix.IoctlSetPointerInt(int(d.f.Fd()), wdiocSetOptions, enableCard) }

func (d *dog) KeepAlive() { unix.IoctlWatchdogKeepalive(int(d.f.Fd())) }

func (d *dog) MagicClose() error {
	_, err := d.f.Write([]byte("V"))
	return err
}
