package agent

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/ringmaster-ha/ringmaster/internal/child"
	"github.com/ringmaster-ha/ringmaster/lrmd"
)

// Metadata has an agent say what it is, at once and for whoever shows it to people. Scripts of LSB
// cannot: for them it is put together from the comments at their beginning, without the script being run
// (services_action_sync). An executor's operation "meta-data" runs the script all the same.
func (r *Runner) Metadata(op *lrmd.Operation) *lrmd.Result {
	a := *op
	if lrmd.Is(a.Class, lrmd.ClassService) {
		a.Class = r.expand(op)
	}
	if !lrmd.Is(a.Class, lrmd.ClassLSB) {
		done := make(chan *lrmd.Result, 1)
		r.Start(1, op, func(_ lrmd.Token, res *lrmd.Result) { done <- res })
		return <-done
	}
	path := r.full(lsbDir, a.Type)
	f, err := os.Open(path)
	if err == nil {
		defer f.Close()
		var text string
		if text, err = lsbMetadata(a.Type, f); err == nil {
			return &lrmd.Result{Class: a.Class, Code: int(lrmd.OK), Status: lrmd.Done, Stdout: text}
		}
	}
	return execError(&a, path, child.Errno(err))
}

// lsbHeader is what a script says of itself, each value escaped for XML.
type lsbHeader struct {
	provides, requiredStart, requiredStop, shouldStart, shouldStop, defaultStart, defaultStop, short, long *string
}

// lsbLine is how much of a line the reference reads at once: what comes after it is a line of its own.
const lsbLine = 1023

// lsbMetadata is what services__get_lsb_metadata makes of a script.
func lsbMetadata(name string, script io.Reader) (string, error) {
	h, err := readLSBHeader(bufio.NewReaderSize(script, 4*lsbLine))
	if err != nil {
		return "", err
	}
	or := func(value *string, otherwise string) string {
		if value == nil {
			return otherwise
		}
		return *value
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<?xml version='1.0'?>
<!DOCTYPE resource-agent SYSTEM 'ra-api-1.dtd'>
<resource-agent name='%s' version='0.1'>
  <version>1.0</version>
  <longdesc lang='en'>
%s  </longdesc>
  <shortdesc lang='en'>%s</shortdesc>
  <parameters>
  </parameters>
  <actions>
`, name, or(h.long, name), or(h.short, name))
	for _, a := range []struct{ name, times string }{
		{"'meta-data'   ", "timeout='5'"}, {"'start'       ", "timeout='15'"}, {"'stop'        ", "timeout='15'"}, {"'status'      ", "timeout='15'"},
		{"'restart'     ", "timeout='15'"}, {"'force-reload'", "timeout='15'"}, {"'monitor'     ", "timeout='15' interval='15'"},
	} {
		fmt.Fprintf(&b, "    <action name=%s %s />\n", a.name, a.times)
	}
	b.WriteString("  </actions>\n  <special tag='LSB'>\n")
	for _, v := range []struct {
		name  string
		value *string
	}{
		{"Provides", h.provides}, {"Required-Start", h.requiredStart}, {"Required-Stop", h.requiredStop}, {"Should-Start", h.shouldStart},
		{"Should-Stop", h.shouldStop}, {"Default-Start", h.defaultStart}, {"Default-Stop", h.defaultStop},
	} {
		fmt.Fprintf(&b, "    <%[1]s>%[2]s</%[1]s>\n", v.name, or(v.value, ""))
	}
	b.WriteString("  </special>\n</resource-agent>\n")
	return b.String(), nil
}

// readLSBHeader reads the block of comments between its marks. The first value of a name counts, and, as in
// the reference, the line after a description counts for nothing.
func readLSBHeader(script *bufio.Reader) (h lsbHeader, err error) {
	var names = []struct {
		prefix string
		value  **string
	}{
		{"# Provides:", &h.provides}, {"# Required-Start:", &h.requiredStart}, {"# Required-Stop:", &h.requiredStop}, {"# Should-Start:", &h.shouldStart},
		{"# Should-Stop:", &h.shouldStop}, {"# Default-Start:", &h.defaultStart}, {"# Default-Stop:", &h.defaultStop}, {"# Short-Description:", &h.short},
	}
	inHeader := false
lines:
	for {
		line, err := readPart(script)
		if line == "" || err != nil {
			return h, err
		}
		if strings.HasPrefix(line, "### BEGIN INIT INFO") {
			inHeader = true
			continue
		}
		if !inHeader {
			continue
		}
		for _, n := range names {
			if rest, ok := strings.CutPrefix(line, n.prefix); ok && *n.value == nil {
				text := escapeEntities(rest)
				*n.value = &text
				continue lines
			}
		}
		if rest, ok := strings.CutPrefix(line, "# Description:"); ok && h.long == nil {
			for {
				if line, err = readPart(script); err != nil {
					return h, err
				}
				if !strings.HasPrefix(line, "#  ") && !strings.HasPrefix(line, "#\t") {
					break
				}
				rest += line[1:]
			}
			text := escapeEntities(rest)
			h.long = &text
		}
		if strings.HasPrefix(line, "### END INIT INFO") || !strings.HasPrefix(line, "#") {
			return h, nil
		}
	}
}

// readPart reads a line with its end, or as much of it as the reference would; empty at the end of all.
func readPart(r *bufio.Reader) (string, error) {
	b, err := r.Peek(lsbLine)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	if i := bytes.IndexByte(b, '\n'); i >= 0 {
		b = b[:i+1]
	}
	line := string(b)
	_, err = r.Discard(len(line))
	return line, err
}

// escapeEntities is xmlEncodeEntitiesReentrant for a text that claims no encoding: what is not ASCII becomes a
// number, the byte's own if it is no UTF-8, and what XML cannot have is left out.
func escapeEntities(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		c, n := utf8.DecodeRuneInString(s)
		switch {
		case c == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, "&#%d;", s[0])
		case c >= utf8.RuneSelf:
			fmt.Fprintf(&b, "&#x%X;", c)
		case c == '<':
			b.WriteString("&lt;")
		case c == '>':
			b.WriteString("&gt;")
		case c == '&':
			b.WriteString("&amp;")
		case c == '\r':
			b.WriteString("&#13;")
		case c >= ' ', c == '\n', c == '\t':
			b.WriteRune(c)
		}
		s = s[n:]
	}
	return b.String()
}
