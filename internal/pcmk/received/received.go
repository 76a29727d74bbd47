// Package received reads the XML that clients and peers send as text, as the reference does (string2xml of
// lib/common/xml.c): what is not well-formed is no reason to refuse it. The reference itself sends such texts, since of a
// value nothing is escaped behind the first letter that takes two bytes. Its readers keep what libxml2 makes of it, say so,
// and go on with that; so do ours, or a change that one manager makes would be none to another.
//
// Any daemon, and what carries its messages, may import it.
package received

import (
	"fmt"
	"strings"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
)

// libxml2's numbers for a text with nothing in it, and for one that goes on behind its end (xmlParserErrors).
const (
	documentEmpty = 4
	documentEnd   = 5
)

// XML is the element that a message is. Its error says why there is none; then, and where a part had to be guessed, the log
// has what is wrong.
func XML(log loglevel.Logger, message string) (*etree.Element, error) {
	doc, err := xmltree.Parse([]byte(message), xmltree.KeepText)
	if err == nil {
		return doc.Root(), nil
	}
	doc, _, problems := xmltree.Recover([]byte(message), xmltree.KeepText)
	root := doc.Root()
	say(log, message, root, problems)
	if root == nil {
		return nil, fmt.Errorf("text: %w", err)
	}
	return root, nil
}

// say logs what is wrong with a message, of which root could be read.
func say(log loglevel.Logger, message string, root *etree.Element, problems []xmltree.Problem) {
	if len(problems) == 0 || !log.Enabled(loglevel.Error) {
		return
	}
	for _, p := range problems {
		for _, line := range p.Print("") {
			loglevel.LogfAt(log, loglevel.Error, "log_xmllib_err", "XML Error: %s", strings.TrimSuffix(line, "\n"))
		}
	}
	const function = "string2xml"
	last := problems[len(problems)-1]
	loglevel.LogfAt(log, loglevel.Warning, function, "Parsing failed (domain=%d, level=%d, code=%d): %s", last.Domain, last.Level(), last.Code, last.Text)
	switch last.Code {
	case documentEmpty:
	case documentEnd:
		const piece = 80
		for at := 0; at < len(message); at += piece {
			loglevel.LogfAt(log, loglevel.Warning, function, "Parse error[+%.3d]: %s", at, message[at:min(at+piece, len(message))])
		}
	default:
		fully := ""
		if root != nil {
			fully = " fully"
		}
		loglevel.LogfAt(log, loglevel.Error, function, "Couldn't%s parse %d chars: %s", fully, len(message), message)
		if root != nil {
			for line := range strings.Lines(text.Lines(root)) {
				loglevel.LogfAt(log, loglevel.Error, function, "Partial   %s", strings.TrimSuffix(line, "\n"))
			}
		}
	}
}
