// Package peer runs hosts of the reference's libknet for the scenarios of
// transport knet: src/knetpeer.c, a program of one host with one link, driven by
// lines of text.
package peer

import (
	"bufio"
	_ "embed" // the program's source
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

//go:embed src/knetpeer.c
var source []byte

// Build compiles knetpeer into dir and returns its path. It needs gcc and
// libknet-dev.
func Build(dir string) (string, error) {
	program := filepath.Join(dir, "knetpeer")
	if err := os.WriteFile(program+".c", source, 0o644); err != nil {
		return "", err
	}
	cmd := exec.Command("gcc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-o", program, program+".c", "-lknet")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("compile knetpeer: %w\n%s", err, out)
	}
	return program, nil
}

// Key is the private key of n bytes that knetpeer uses.
func Key(n int) []byte {
	k := make([]byte, n)
	for i := range k {
		k[i] = byte(i*7 + 3)
	}
	return k
}

// A Host is a running knetpeer.
type Host struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines chan string
}

// Start runs a program that Build made; the options are those of knetpeer.c.
func Start(program string, options ...string) (*Host, error) {
	h := &Host{cmd: exec.Command(program, options...), lines: make(chan string, 1000)}
	out, err := h.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if h.in, err = h.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	h.cmd.Stderr = os.Stderr
	if err := h.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(h.lines)
		s := bufio.NewScanner(out)
		s.Buffer(nil, 1<<20)
		for s.Scan() {
			h.lines <- s.Text()
		}
	}()
	return h, nil
}

// Do writes a line of input.
func (h *Host) Do(format string, args ...any) error {
	_, err := fmt.Fprintf(h.in, format+"\n", args...)
	return err
}

// Wait reads output up to a line that begins with a text and returns that line.
// It fails when the host reports an error, ends, or lets the time pass.
func (h *Host) Wait(begin string, within time.Duration) (string, error) {
	end := time.After(within)
	for {
		select {
		case line, ok := <-h.lines:
			switch {
			case !ok:
				return "", fmt.Errorf("knetpeer ended before it said %q", begin)
			case strings.HasPrefix(line, "error"):
				return "", fmt.Errorf("knetpeer: %s", line)
			case strings.HasPrefix(line, begin):
				return line, nil
			}
		case <-end:
			return "", fmt.Errorf("knetpeer did not say %q in %v", begin, within)
		}
	}
}

// Message waits for the next message that the host receives.
func (h *Host) Message(within time.Duration) ([]byte, error) {
	line, err := h.Wait("recv ", within)
	if err != nil {
		return nil, err
	}
	return hex.DecodeString(strings.TrimPrefix(line, "recv "))
}

// Stop ends the host.
func (h *Host) Stop() {
	h.in.Close()
	go func() {
		for range h.lines {
		}
	}()
	kill := time.AfterFunc(10*time.Second, func() { h.cmd.Process.Kill() })
	h.cmd.Wait()
	kill.Stop()
}
