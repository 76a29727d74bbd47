package crmmon

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/sys/unix"
)

// terminal is a screen that shows the top of what is written to it since it was blanked. A
// nil terminal is none: its methods do nothing.
//
// What the reference leaves to ncurses is done with the escape sequences that every terminal
// of today knows: a screen of its own, which gives the old one back at the end. What is below
// the last line is not shown; the reference writes it over the last line.
type terminal struct {
	in            io.Reader
	out           io.Writer
	text          bytes.Buffer // since it was blank
	width, height int

	fd    int // of the input, -1 if it is no file
	size  int // the descriptor that knows the size, -1 for none
	saved *unix.Termios
	winch chan os.Signal
}

const (
	ownScreen, oldScreen = "\x1b[?1049h\x1b[H\x1b[2J", "\x1b[?1049l"
	home, clearLine      = "\x1b[H", "\x1b[K"
	clearBelow           = "\x1b[J"
)

// openTerminal takes the screen, and keys one by one without echo.
func openTerminal(in io.Reader, out io.Writer) *terminal {
	const width, height = 80, 24
	t := &terminal{in: in, out: out, width: width, height: height, fd: -1, size: -1}
	if f, ok := in.(*os.File); ok {
		t.fd = int(f.Fd())
		if old, err := unix.IoctlGetTermios(t.fd, unix.TCGETS); err == nil {
			now := *old
			now.Lflag &^= unix.ICANON | unix.ECHO
			now.Cc[unix.VMIN], now.Cc[unix.VTIME] = 1, 0
			if unix.IoctlSetTermios(t.fd, unix.TCSETS, &now) == nil {
				t.saved = old
			}
		}
	}
	if f, ok := out.(*os.File); ok {
		t.size = int(f.Fd())
	}
	t.measure()
	io.WriteString(t.out, ownScreen)
	return t
}

// close gives the screen back.
func (t *terminal) close() {
	if t == nil {
		return
	}
	if t.winch != nil {
		signal.Stop(t.winch)
	}
	io.WriteString(t.out, oldScreen)
	if t.saved != nil {
		_ = unix.IoctlSetTermios(t.fd, unix.TCSETS, t.saved) // who took the terminal away has it as he likes
	}
}

// measure asks for the size.
func (t *terminal) measure() {
	if t == nil || t.size < 0 {
		return
	}
	if s, err := unix.IoctlGetWinsize(t.size, unix.TIOCGWINSZ); err == nil && s.Col > 0 && s.Row > 0 {
		t.width, t.height = int(s.Col), int(s.Row)
	}
}

// resized tells when the size has changed.
func (t *terminal) resized() <-chan os.Signal {
	if t == nil {
		return nil
	}
	t.winch = make(chan os.Signal, 1)
	signal.Notify(t.winch, unix.SIGWINCH)
	return t.winch
}

// blank takes all away that is shown.
func (t *terminal) blank() {
	if t != nil {
		t.text.Reset()
	}
}

// Write adds to what is shown and shows it.
func (t *terminal) Write(b []byte) (int, error) {
	t.text.Write(b)
	if err := t.draw(); err != nil {
		return 0, err
	}
	return len(b), nil
}

func (t *terminal) draw() error {
	var b strings.Builder
	b.WriteString(home)
	for i, line := range screenLines(t.text.String(), t.width, t.height) {
		if i > 0 {
			b.WriteString("\r\n")
		}
		b.WriteString(line + clearLine)
	}
	b.WriteString(clearBelow)
	_, err := io.WriteString(t.out, b.String())
	return err
}

// screenLines are the lines of a text as a screen of that size has them: long ones go on in
// the next, tabs lead to every eighth column.
func screenLines(text string, width, height int) (lines []string) {
	const tab = 8
	var line strings.Builder
	column := 0
	next := func() {
		lines = append(lines, line.String())
		line.Reset()
		column = 0
	}
	put := func(r rune) {
		if column == width {
			next()
		}
		line.WriteRune(r)
		column++
	}
	for _, r := range text {
		switch {
		case r == '\n':
			next()
		case r == '\t':
			for put(' '); column%tab != 0; {
				put(' ')
			}
		case r < ' ' || r == utf8.RuneError:
			put('?')
		default:
			put(r)
		}
	}
	if line.Len() > 0 {
		next()
	}
	return lines[:min(len(lines), height)]
}

// keys are what somebody types, until there is no more.
func (t *terminal) keys(ctx context.Context, tasks *sync.WaitGroup) <-chan byte {
	if t == nil {
		return nil
	}
	keys := make(chan byte)
	tasks.Go(func() {
		defer close(keys)
		var b [1]byte
		for t.ready(ctx) {
			if n, err := t.in.Read(b[:]); n == 0 || err != nil {
				return
			}
			select {
			case keys <- b[0]:
			case <-ctx.Done():
				return
			}
		}
	})
	return keys
}

// ready waits for a key, which a read could not be kept from at the end, and tells whether there is one.
func (t *terminal) ready(ctx context.Context) bool {
	if t.fd < 0 {
		return ctx.Err() == nil
	}
	const look = 100 // ms between two looks at whether it is the end
	for ctx.Err() == nil {
		p := []unix.PollFd{{Fd: int32(t.fd), Events: unix.POLLIN}}
		switch n, err := unix.Poll(p, look); {
		case err != nil && err != unix.EINTR:
			return false
		case n > 0:
			return true
		}
	}
	return false
}
