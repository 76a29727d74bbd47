package notify

import (
	"errors"
	"net"
	"os"
	"strings"
)

// Ready is what the reference tells systemd each time a synchronisation has
// been completed.
const Ready = "READY=1"

// Systemd sends states, one a line, to the service manager that has started
// this process; without one it does nothing. Like sd_notify(3) it does not wait
// for anybody.
func Systemd(states ...string) error { return send(os.Getenv("NOTIFY_SOCKET"), states) }

func send(socket string, states []string) error {
	if socket == "" {
		return nil
	}
	if socket[0] != '/' && socket[0] != '@' {
		return errors.New("notify: NOTIFY_SOCKET is neither a path nor an abstract name")
	}
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = c.Write([]byte(strings.Join(states, "\n")))
	return err
}
