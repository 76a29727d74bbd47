package server

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// The calls below never wait, so the scheduler need not be told of them, and
// they allocate nothing, as their like in the x/sys package do.

// sendBytes sends on a stream socket without waiting. It returns how many
// bytes went, or -errno.
func sendBytes(fd int, b []byte) int {
	for {
		n, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))),
			uintptr(len(b)), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, 0, 0)
		if errno == 0 {
			return int(n)
		}
		if errno != unix.EINTR {
			return -int(errno)
		}
	}
}

// recvBytes receives from a stream socket without waiting. It returns how many
// bytes came, 0 at the end, or -errno.
func recvBytes(fd int, b []byte) int {
	for {
		n, _, errno := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))),
			uintptr(len(b)), unix.MSG_DONTWAIT, 0, 0)
		if errno == 0 {
			return int(n)
		}
		if errno != unix.EINTR {
			return -int(errno)
		}
	}
}

// sendMessage sends one datagram made of parts, without waiting. iov has room
// for their number.
func sendMessage(fd int, parts [][]byte, iov []unix.Iovec) unix.Errno {
	n := 0
	for _, p := range parts {
		if len(p) > 0 {
			iov[n].Base = unsafe.SliceData(p)
			iov[n].SetLen(len(p))
			n++
		}
	}
	msg := unix.Msghdr{Iov: unsafe.SliceData(iov)}
	msg.SetIovlen(n)
	defer clear(iov[:n]) // not to keep the parts alive
	for {
		_, _, errno := unix.RawSyscall(unix.SYS_SENDMSG, uintptr(fd), uintptr(unsafe.Pointer(&msg)),
			unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
		if errno != unix.EINTR {
			return errno
		}
	}
}
