package logsys

import (
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// maxLine is QB_LOG_MAX_LEN less its terminating zero: neither a message nor a
// finished line is longer.
const maxLine = 511

// record is one line on its way to the targets.
type record struct {
	at     time.Time
	level  loglevel.Level
	subsys *subsystem
	to     *levels
	file   string // base name of the source file, "" when nobody asked
	line   int
	fn     string
	text   string
}

// layout is a line's form in one kind of target, in the words of libqb's
// format strings: %t time, %T time with milliseconds, %p level, %g subsystem,
// %f file, %l line, %n function, %b text; a number pads or cuts to a width.
type layout []verb

type verb struct {
	literal string // for what = 0
	what    byte
	width   int
}

// layouts are the three forms that a configuration gives.
type layouts struct {
	stderr, file, syslog layout
	facility             Facility
	caller               bool // a form shows where the line was logged
}

// formatString is the form that logconfig.c puts together; the others are
// derived from it.
func (c *Config) formatString() string {
	f := "%7p [%6g]"
	switch {
	case c.FileLine && c.FunctionName:
		f += " %f:%n:%l"
	case c.FileLine:
		f += " %f:%l"
	case c.FunctionName:
		f += " %n"
	}
	f += " %b"
	switch c.Timestamp {
	case TimestampOn:
		f = "%t " + f
	case TimestampHires:
		f = "%T " + f
	}
	return f
}

// fileFormat puts the process, host and program behind the time. Without a
// time nothing separates the program's name from the level; so it is in the
// reference.
func fileFormat(f string, pid int, host string) string {
	head := ""
	for _, stamp := range []string{"%t", "%T"} {
		if strings.HasPrefix(f, stamp) {
			head, f = stamp+" ", f[len(stamp):]
		}
	}
	escape := strings.NewReplacer("%", "%%")
	return head + "[" + strconv.Itoa(pid) + "] " + escape.Replace(host) + " corosync" + f
}

// syslogFormat takes time and level out, and leaves their blanks.
func syslogFormat(f string) string {
	for _, v := range []string{"%t", "%T", "%7p"} {
		f = strings.Replace(f, v, "", 1)
	}
	return f
}

func (c *Config) layouts(pid int, host string) *layouts {
	f := c.formatString()
	return &layouts{
		stderr:   parseLayout(f),
		file:     parseLayout(fileFormat(f, pid, host)),
		syslog:   parseLayout(syslogFormat(f)),
		facility: c.Facility,
		caller:   c.FileLine || c.FunctionName || c.Blackbox,
	}
}

func parseLayout(f string) layout {
	var l layout
	lit := ""
	for i := 0; i < len(f); i++ {
		if f[i] != '%' {
			lit += f[i : i+1]
			continue
		}
		i++
		if i < len(f) && f[i] == '%' {
			lit += "%"
			continue
		}
		width := 0
		for ; i < len(f) && f[i] >= '0' && f[i] <= '9'; i++ {
			width = width*10 + int(f[i]-'0')
		}
		if i == len(f) {
			break
		}
		if lit != "" {
			l, lit = append(l, verb{literal: lit}), ""
		}
		l = append(l, verb{what: f[i], width: width})
	}
	if lit != "" {
		l = append(l, verb{literal: lit})
	}
	return l
}

// append adds the record's line, without its end, to b.
func (l layout) append(b []byte, r *record) []byte {
	start := len(b)
	for _, v := range l {
		from := len(b)
		switch v.what {
		case 0:
			b = append(b, v.literal...)
		case 't':
			b = r.at.AppendFormat(b, "Jan 02 15:04:05")
		case 'T':
			b = r.at.AppendFormat(b, "Jan 02 15:04:05.000")
		case 'p':
			b = append(b, LevelName(r.level)...)
		case 'g':
			b = append(b, r.subsys.name...)
		case 'f':
			b = append(b, r.file...)
		case 'l':
			b = strconv.AppendInt(b, int64(r.line), 10)
		case 'n':
			b = append(b, r.fn...)
		case 'b':
			b = append(b, r.text...)
		}
		if v.width > 0 {
			for len(b)-from < v.width {
				b = append(b, ' ')
			}
			b = b[:from+v.width]
		}
		if len(b)-start >= maxLine {
			b = b[:start+maxLine]
			break
		}
	}
	if n := len(b); n > start && b[n-1] == '\n' {
		b = b[:n-1]
	}
	return b
}

// hostname is what a file's lines call this machine.
func hostname() string {
	h, err := os.Hostname()
	if err != nil {
		return "localhost"
	}
	return h
}
