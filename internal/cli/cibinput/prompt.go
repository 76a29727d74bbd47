package cibinput

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// prompt asks the user for a word that is not to be seen; false if there is no terminal to ask at
// (pcmk__text_prompt).
func (r *Reader) prompt(what string) (string, bool) {
	terminal, ok := r.Stdin.(*os.File)
	if !ok {
		return "", false
	}
	fd := int(terminal.Fd())
	settings, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return "", false
	}
	silent := *settings
	silent.Lflag &^= unix.ECHO
	if err := unix.IoctlSetTermios(fd, unix.TCSETS, &silent); err != nil {
		return "", false
	}
	fmt.Fprintf(r.Stderr, "%s: ", what)
	var word string
	_, err = fmt.Fscan(terminal, &word)
	fmt.Fprintln(r.Stderr)
	_ = unix.IoctlSetTermios(fd, unix.TCSETS, settings)
	return word, err == nil
}
