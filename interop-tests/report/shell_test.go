//go:build interop

package report_test

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
)

// The hosts have a secure shell of their own, which is not secure: crm_report wants one, and what a machine
// has of ssh must not decide. Its client goes by the name "ssh" on the hosts, its server by "sshd"; both are copies of
// this test. A connection carries the command in a line and then what it reads; back come frames of what
// it writes, each with a byte for the stream and its length, and at last the status.
const (
	standardOut = 1
	standardErr = 2
	statusFrame = 3
)

// server runs the commands of others, until it is killed.
func server() error {
	l, err := net.Listen("tcp", ":22")
	if err != nil {
		return err
	}
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		go serve(c)
	}
}

type framer struct {
	mu *sync.Mutex
	to io.Writer
	id byte
}

func (f framer) Write(b []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	head := binary.BigEndian.AppendUint32([]byte{f.id}, uint32(len(b)))
	if _, err := f.to.Write(append(head, b...)); err != nil {
		return 0, err
	}
	return len(b), nil
}

func serve(c net.Conn) {
	defer c.Close()
	in := bufio.NewReader(c)
	line, err := in.ReadString('\n')
	if err != nil {
		return
	}
	var mu sync.Mutex
	cmd := exec.Command("bash", "-c", strings.TrimSuffix(line, "\n"))
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, framer{&mu, c, standardOut}, framer{&mu, c, standardErr}
	status := 0
	if err := cmd.Run(); err != nil {
		status = 255
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			status = exit.ExitCode()
		}
	}
	_, _ = framer{&mu, c, statusFrame}.Write([]byte{byte(status)}) // the client sees that it ended early
}

// client is ssh [-T] -l USER HOST -- COMMAND.
func client(args []string) (status int, err error) {
	end := len(args) - 2
	if end < 1 || args[end] != "--" {
		return 0, fmt.Errorf("usage: ssh [-T] -l USER HOST -- COMMAND, not %q", args)
	}
	host := args[end-1]
	conn, err := net.Dial("tcp", net.JoinHostPort(host, "22"))
	if err != nil {
		return 0, fmt.Errorf("cannot reach %s", host)
	}
	defer conn.Close()
	if _, err := fmt.Fprintln(conn, args[end+1]); err != nil {
		return 0, err
	}
	go func() {
		_, _ = io.Copy(conn, os.Stdin) // the server tells by the frames when it has gone
		_ = conn.(*net.TCPConn).CloseWrite()
	}()
	in := bufio.NewReader(conn)
	for {
		head := make([]byte, 5)
		if _, err := io.ReadFull(in, head); err != nil {
			return 0, err
		}
		body := io.LimitReader(in, int64(binary.BigEndian.Uint32(head[1:])))
		switch head[0] {
		case standardOut:
			_, err = io.Copy(os.Stdout, body)
		case standardErr:
			_, err = io.Copy(os.Stderr, body)
		case statusFrame:
			code := make([]byte, 1)
			_, err = io.ReadFull(body, code)
			return int(code[0]), err
		}
		if err != nil {
			return 0, err
		}
	}
}
