package daemon

import (
	"bytes"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// dog is wd.Dog over a device of linux/watchdog.h.
type dog struct{ f *os.File }

// watchdogInfo is struct watchdog_info.
type watchdogInfo struct {
	options, firmware uint32
	identity          [32]byte
}

const optionSetTimeout = 0x0080 // WDIOF_SETTIMEOUT

func (d *dog) info() (i watchdogInfo) {
	// A device that does not answer has no options and no name.
	_, _, _ = unix.Syscall(unix.SYS_IOCTL, d.f.Fd(), unix.WDIOC_GETSUPPORT, uintptr(unsafe.Pointer(&i)))
	return i
}

func (d *dog) Identity() string {
	i := d.info()
	name, _, _ := bytes.Cut(i.identity[:], []byte{0})
	return string(name)
}

func (d *dog) CanSetTimeout() bool { return d.info().options&optionSetTimeout != 0 }

func (d *dog) Timeout() uint32 {
	v, err := unix.IoctlGetInt(int(d.f.Fd()), unix.WDIOC_GETTIMEOUT)
	if err != nil {
		return 0
	}
	return uint32(v)
}

func (d *dog) SetTimeout(s uint32) {
	// What has become of it Timeout tells.
	_ = unix.IoctlSetPointerInt(int(d.f.Fd()), unix.WDIOC_SETTIMEOUT, int(s))
}

func (d *dog) EnableCard() {
	_ = unix.IoctlSetPointerInt(int(d.f.Fd()), unix.WDIOC_SETOPTIONS, unix.WDIOS_ENABLECARD)
}

func (d *dog) KeepAlive() { _ = unix.IoctlWatchdogKeepalive(int(d.f.Fd())) }

func (d *dog) MagicClose() error {
	_, err := d.f.WriteString("V")
	return err
}
