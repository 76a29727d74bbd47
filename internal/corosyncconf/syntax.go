package corosyncconf

import (
	"bytes"
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/icmap"
)

// lineMax is the most bytes that a line may have without its end: the
// reference reads into 512 bytes.
const lineMax = 510

// pathMax bounds the full name of a section or key (ICMAP_KEYNAME_MAXLEN, with
// its terminator).
const pathMax = icmap.KeyNameMax - 1

// handler is told what a file contains. The state is the handler's own: a
// section gets that of the section around it, changed by sectionStart.
type handler interface {
	sectionStart(path string, s state, at Position) (state, *InputError)
	sectionEnd(path string, s state, at Position) *InputError
	item(path, key, value string, s state, at Position) *InputError
}

// parser walks over the lines of one file, exec/coroparse.c's parse_section.
type parser struct {
	at   Position
	rest []byte
	h    handler
}

func parse(file string, text []byte, h handler) *InputError {
	p := &parser{at: Position{File: file}, rest: text, h: h}
	return p.section("", 0, stateNormal)
}

// next returns the next line without end and trailing blanks; false at the end
// of the file.
func (p *parser) next() (string, bool, *InputError) {
	if len(p.rest) == 0 {
		return "", false, nil
	}
	p.at.Line++
	line, rest, ended := bytes.Cut(p.rest, []byte{'\n'})
	if len(line) > lineMax {
		return "", false, errorAt(p.at, "Line too long")
	}
	p.rest = rest
	// The reference stops at a NUL, and then misses the end of the line.
	if i := bytes.IndexByte(line, 0); i > 0 && ended {
		return "", false, errorAt(p.at, "Line too long")
	} else if i >= 0 {
		line = line[:i]
	}
	line = bytes.TrimSuffix(line, []byte{'\r'})
	return strings.TrimRight(string(line), " \t"), true, nil
}

const blanks = " \t"

// name trims what may stand around the name of a section or key: blanks, and
// at the end colons and braces too, but for a first character.
func name(s string) string {
	s = strings.TrimLeft(s, blanks)
	if s == "" {
		return ""
	}
	return s[:1] + strings.TrimRight(s[1:], blanks+":{")
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// section reads up to the closing brace of the section at path, or to the end
// of the file at the top.
func (p *parser) section(path string, depth int, s state) *InputError {
	for {
		line, ok, err := p.next()
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		if t := strings.TrimLeft(line, blanks); t == "" || t[0] == '#' {
			continue
		}
		if before, after, ok := strings.Cut(line, "{"); ok {
			if err := p.open(path, name(before), strings.Trim(after, blanks), depth, s); err != nil {
				return err
			}
			continue
		}
		if before, after, ok := strings.Cut(line, ":"); ok {
			key := name(before)
			if len(path)+len(key)+1 > pathMax {
				return errorAt(p.at, "New key makes total cmap path too long")
			}
			if err := p.h.item(join(path, key), key, strings.Trim(after, blanks), s, p.at); err != nil {
				return err
			}
			continue
		}
		if strings.Contains(line, "}") {
			if strings.Trim(line, blanks) != "}" {
				return errorAt(p.at, "Extra characters before or after closing bracket '}'")
			}
			if depth == 0 {
				return errorAt(p.at, "Unexpected closing brace")
			}
			return p.h.sectionEnd(path, s, p.at)
		}
		return errorAt(p.at, "Line is not opening or closing section or key value")
	}
	if path != "" {
		return errorAt(p.at, "Missing closing brace")
	}
	return nil
}

func (p *parser) open(path, section, after string, depth int, s state) *InputError {
	switch {
	case section == "":
		return errorAt(p.at, "Missing section name before opening bracket '{'")
	case after != "":
		return errorAt(p.at, "Extra characters after opening bracket '{'")
	case len(path)+len(section)+1 > pathMax:
		return errorAt(p.at, "Start of section makes total cmap path too long")
	}
	path = join(path, section)
	s, err := p.h.sectionStart(path, s, p.at)
	if err != nil {
		return err
	}
	return p.section(path, depth+1, s)
}
