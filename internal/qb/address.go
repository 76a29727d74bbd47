package qb

import (
	"fmt"
	"os"
	"strings"
	"unsafe"

	"github.com/ringmaster-ha/ringmaster/internal/root"
	"golang.org/x/sys/unix"
)

// ForceFilesystemSockets is the file whose mere existence makes libqb bind
// services in the file system rather than in the abstract name space (libqb's
// FORCESOCKETSFILE as Debian builds it).
const ForceFilesystemSockets = "/etc/libqb/force-filesystem-sockets"

// SocketDir is where services are bound then: libqb's SOCKETDIR, which Debian
// 12's build sets to /tmp.
const SocketDir = "/tmp"

// MaxName is the length that the name of a service stays below: libqb keeps
// names in NAME_MAX bytes and leaves room for suffixes.
const MaxName = 255 - 20

// pathMax is the room of sun_path, its final NUL included.
const pathMax = 108

// FilesystemSockets reports whether this machine asks for sockets in the file
// system. libqb looks once per process; so should a caller.
func FilesystemSockets() bool {
	_, err := os.Stat(ForceFilesystemSockets)
	return err == nil
}

// DefaultSocketDir is where the sockets of this node's services are when nobody
// says otherwise: empty for the abstract name space.
func DefaultSocketDir() string {
	if dir := root.SocketDir(); dir != "" {
		return dir
	}
	if FilesystemSockets() {
		return SocketDir
	}
	return ""
}

// Address is where a socket is bound. libqb pads abstract names with NULs up to
// the end of sun_path, and the padding is part of the name, so a shorter
// address would be another one.
type Address struct {
	path string // in the file system, else empty
	raw  unix.RawSockaddrUnix
	len  uintptr
}

// ServiceAddress returns the address of the service called name: in the
// directory dir, or where DefaultSocketDir says if that is empty.
func ServiceAddress(name, dir string) (*Address, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	if dir == "" {
		dir = DefaultSocketDir()
	}
	if dir == "" {
		return Abstract(name)
	}
	p := dir + "/" + name
	if len(p) >= pathMax {
		return nil, fmt.Errorf("qb: socket path %q: %d bytes, want less than %d", p, len(p), pathMax)
	}
	a := &Address{path: p}
	a.set(0, p)
	a.len = uintptr(2 + len(p) + 1)
	return a, nil
}

// Abstract returns the abstract address called name.
func Abstract(name string) (*Address, error) {
	if name == "" || len(name) > pathMax-2 || strings.IndexByte(name, 0) >= 0 {
		return nil, fmt.Errorf("qb: abstract socket name %q: want 1 to %d bytes without NUL", name, pathMax-2)
	}
	a := new(Address)
	a.set(1, name)
	a.len = unsafe.Sizeof(a.raw)
	return a, nil
}

func (a *Address) set(at int, name string) {
	a.raw.Family = unix.AF_UNIX
	// Characters are signed on some machines only.
	copy(unsafe.Slice((*byte)(unsafe.Pointer(&a.raw.Path)), pathMax)[at:], name)
}

// Path is where in the file system it is, or empty.
func (a *Address) Path() string { return a.path }

// Bind binds the socket fd to the address. (The x/sys package has no way to
// give an abstract name its full length.)
func (a *Address) Bind(fd int) error { return a.call(unix.SYS_BIND, fd) }

// Connect connects the socket fd to the address.
func (a *Address) Connect(fd int) error { return a.call(unix.SYS_CONNECT, fd) }

func (a *Address) call(trap uintptr, fd int) error {
	for {
		_, _, errno := unix.Syscall(trap, uintptr(fd), uintptr(unsafe.Pointer(&a.raw)), a.len)
		switch errno {
		case 0:
			return nil
		case unix.EINTR:
		default:
			return errno
		}
	}
}

// CheckName tells whether name can be that of a service.
func CheckName(name string) error {
	if name == "" || len(name) > MaxName || strings.ContainsAny(name, "/\x00") {
		return fmt.Errorf("qb: service name %q: want 1 to %d bytes without slash and NUL", name, MaxName)
	}
	return nil
}
