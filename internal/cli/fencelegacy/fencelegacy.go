// Package fencelegacy is fence_legacy(8): the fence agent by which Pacemaker uses the stonith plugins of cluster-glue, such
// as external/ssh (the reference's agents/stonith/fence_legacy.in). It runs the command stonith, which has to be
// installed, with the action, the target and, in the environment, the plugin's parameters.
//
// Options come from the command line first, then, a line each, from standard input, which is what the fencer does. The
// reference is a script in Python, whose rules for command lines hold here; so does it write what it says itself, unless to a
// terminal, after all that the command does. It differs where that script ends by an exception, as for a command
// that is not there: the status is 1 as well, the text another. And the lines of a usage are 80 characters at most, whatever
// the terminal.
package fencelegacy

import (
	"bufio"
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"unicode"

	"golang.org/x/sys/unix"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
)

const version = "1.1.0"

var (
	//go:embed usage.txt
	usage string
	//go:embed metadata.xml
	metadata string
)

// settings are what the agent is asked for.
type settings struct {
	plugin, node, action, command string
	quiet, help, version          bool
}

// ending is a status to end with; all is said.
type ending crmexit.Code

func (e ending) Error() string { return crmexit.Code(e).String() }

// Main runs the agent and returns its exit status. What it reads from standard input becomes part of the
// process's environment.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var late bytes.Buffer
	own := io.Writer(&late)
	if f, ok := stdout.(*os.File); ok && terminal(f) {
		own = stdout
	}
	err := run(args, stdin, own, stdout, stderr)
	_, failed := stdout.Write(late.Bytes())
	var end ending
	switch {
	case errors.As(err, &end):
		return int(end)
	case err != nil:
		fmt.Fprintln(stderr, err)
		return int(crmexit.Error)
	case failed != nil:
		return int(crmexit.Error)
	}
	return int(crmexit.OK)
}

func terminal(f *os.File) bool {
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}

// run writes what the agent says to own, and has the command write to stdout.
func run(args []string, stdin io.Reader, own, stdout, stderr io.Writer) error {
	s, err := parse(args, stderr)
	switch {
	case err != nil:
		return err
	case s.help:
		_, err = io.WriteString(own, usage)
		return err
	case s.version:
		_, err = fmt.Fprintln(own, version)
		return err
	}
	if err := s.read(stdin, stderr); err != nil {
		return err
	}
	quiet := s.quiet
	words := []string{s.command, "-t", s.plugin, "-E"}
	switch s.action = strings.ToLower(s.action); s.action {
	case "metadata":
		_, err = io.WriteString(own, metadata)
		return err
	case "hostlist", "list":
		quiet = true
		words = append(words, "-l")
	case "monitor", "stat", "status":
		words = append(words, "-S")
	default:
		if s.node == "" {
			if !quiet {
				fmt.Fprintln(own, "failed: no plug number")
			}
			return ending(crmexit.Error)
		}
		words = append(words, "-T", name(s.action), s.node)
	}
	if !quiet {
		fmt.Fprintln(own, "Performing: "+strings.Join(words, " "))
	}
	status, err := execute(words, stdin, stdout, stderr)
	if err != nil {
		return err
	}
	result := "success"
	if status != 0 {
		result, err = "failed", ending(crmexit.Error)
	}
	if !quiet {
		fmt.Fprintf(own, "%s: %s %d\n", result, s.node, status)
	}
	return err
}

// name is the command's for an action.
func name(action string) string {
	switch action {
	case "reboot":
		return "reset"
	case "poweron":
		return "on"
	case "poweroff":
		return "off"
	}
	return action
}

// read takes options from standard input; what is not the agent's own is the plugin's.
func (s *settings) read(in io.Reader, stderr io.Writer) error {
	lines := bufio.NewReader(in)
	for count := 0; ; {
		line, err := lines.ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read options: %w", err)
		}
		if line = strings.TrimFunc(line, blank); line != "" && line[0] != '#' {
			count++
			name, value, ok := strings.Cut(line, "=")
			name = strings.TrimRightFunc(name, blank)
			if !ok || name == "" {
				fmt.Fprintf(stderr, "parse error: illegal name in option %d\n", count)
				return ending(crmexit.InvalidParam)
			}
			if err := s.set(name, strings.TrimLeftFunc(value, blank)); err != nil {
				return err
			}
		}
		if err != nil {
			return nil
		}
	}
}

func (s *settings) set(name, value string) error {
	switch name {
	case "plugin":
		s.plugin = value
		return nil
	case "option", "action":
		s.action = value
		return nil
	case "stonith":
		s.command = value
		return nil
	case "agent": // the fencer's
		return nil
	case "nodename":
		s.node = value
	}
	return os.Setenv(name, value)
}

// blank tells what Python strips.
func blank(r rune) bool { return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f }

// execute runs a command and gives its status, that of one which a signal ended below 0.
func execute(words []string, stdin io.Reader, stdout, stderr io.Writer) (int, error) {
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, stdout, stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return 0, err
	}
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return -int(status.Signal()), nil
	}
	return cmd.ProcessState.ExitCode(), nil
}
