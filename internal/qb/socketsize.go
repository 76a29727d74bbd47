package qb

import "golang.org/x/sys/unix"

// SetSocketSize gives a datagram socket buffers for messages of max bytes.
func SetSocketSize(fd, max int) error {
	for _, opt := range []int{unix.SO_SNDBUF, unix.SO_RCVBUF} {
		have, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, opt)
		if err == nil && have <= max {
			err = unix.SetsockoptInt(fd, unix.SOL_SOCKET, opt, max)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
