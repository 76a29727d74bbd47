package password

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// Delay is what a client waits for a refusal (pam_faildelay, as Debian's login has it).
const Delay = 3 * time.Second

// Error is a refusal, with PAM's number and text for it.
type Error struct {
	Code int
	Text string
}

func (e *Error) Error() string { return fmt.Sprintf("%s (%d)", e.Text, e.Code) }

// PAM's refusals. Whatever pam_unix finds wrong, Debian's stacks end with pam_deny, which knows one
// number only; that the helper cannot be run is said apart, so that somebody finds out.
var (
	ErrAuthentication = &Error{7, "Authentication failure"}
	ErrAccount        = &Error{7, "Authentication failure"} // right password, closed account
	ErrUnavailable    = &Error{9, "Authentication service cannot retrieve authentication info"}
)

// helpers verify passwords, the first that there is; nologin are the files that keep everybody but root
// out while they exist.
var (
	helpers = []string{"/usr/sbin/unix_chkpwd", "/sbin/unix_chkpwd"}
	nologin = []string{"/var/run/nologin", "/etc/nologin"}
)

// Checker verifies passwords. The zero value asks the system.
type Checker struct {
	// run runs the helper and returns its exit status.
	run func(ctx context.Context, stdin []byte, args ...string) (int, error)
}

// Check is nil if a password is a user's and the account is open, else an *Error. It returns at once;
// who refuses a client should let it wait for Delay.
func (c Checker) Check(ctx context.Context, user, password string) error {
	run := c.run
	if run == nil {
		run = runHelper
	}
	if user == "" || strings.HasPrefix(user, "-") || strings.ContainsAny(user+password, "\x00") {
		return ErrAuthentication
	}
	if user != "root" {
		for _, file := range nologin {
			if _, err := os.Stat(file); err == nil {
				return ErrAuthentication
			}
		}
	}
	status, err := run(ctx, append([]byte(password), 0), user, "nullok")
	switch {
	case err != nil:
		return ErrUnavailable
	case status != 0:
		return ErrAuthentication
	}
	// 12 is a password that is to be changed, which the reference does not let pass either.
	if status, err = run(ctx, nil, user, "chkexpiry"); err != nil || status != 0 {
		return ErrAccount
	}
	return nil
}

func runHelper(ctx context.Context, stdin []byte, args ...string) (int, error) {
	var path string
	for _, path = range helpers {
		if _, err := os.Stat(path); err == nil {
			break
		}
	}
	cmd := exec.CommandContext(ctx, path, args...)
	// It refuses to work with a terminal, and thinks that who types is guessing.
	cmd.Stdin, cmd.Env, cmd.WaitDelay = bytes.NewReader(stdin), []string{}, time.Second
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() >= 0 {
		return exit.ExitCode(), nil
	}
	return 0, err
}
