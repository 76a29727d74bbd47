package crmreport

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/dsnet/compress/bzip2"
)

var xmlValue = pattern{text: func() string { return `value="[^"]*"` }}

// mask hides the first value in each line that has a name which one of the patterns finds, as an attribute of XML: each
// pattern by itself. A pattern that is none hides all: nothing of the text is left.
func mask(text, patterns string) (string, error) {
	var names []*regexp.Regexp
	for _, p := range strings.Fields(patterns) {
		if strings.Contains(p, "/") {
			return "", fmt.Errorf("%s: a slash in a pattern", p)
		}
		re, err := basic(`name="` + p + `"`)
		if err != nil {
			return "", err
		}
		names = append(names, re)
	}
	var out strings.Builder
	for line := range strings.Lines(text) {
		for _, name := range names {
			if name.MatchString(strings.TrimSuffix(line, "\n")) {
				if at := xmlValue.get().FindStringIndex(line); at != nil {
					line = line[:at[0]] + `value="****"` + line[at[1]:]
				}
			}
		}
		out.WriteString(line)
	}
	return out.String(), nil
}

// sanitizeFile hides what is secret in a file, which keeps its time but is only its owner's from then on.
func (c *collector) sanitizeFile(path string) {
	if c.sanitize == "" || !isFile(path) {
		return
	}
	if err := c.sanitized(path); err != nil {
		fmt.Fprintf(c.Err, "sed: %s\n", err)
	}
}

func (c *collector) sanitized(path string) error {
	st, err := os.Stat(path)
	if err != nil {
		return err
	}
	text, wrong := mask(string(content(path)), c.sanitize)
	var b bytes.Buffer
	if wrong == nil {
		if wrong = pack(&b, path, text); wrong != nil {
			b.Reset()
		}
	}
	if err := os.Remove(path); err != nil {
		return err
	}
	err = errors.Join(os.WriteFile(path, b.Bytes(), 0o600), os.Chtimes(path, st.ModTime(), st.ModTime()))
	return errors.Join(wrong, err)
}

// pack writes a text as the name of its file wants it packed.
func pack(to io.Writer, name, text string) (err error) {
	var w io.WriteCloser
	switch {
	case strings.HasSuffix(name, "gz"):
		w = gzip.NewWriter(to)
	case strings.HasSuffix(name, "bz2"):
		if w, err = bzip2.NewWriter(to, &bzip2.WriterConfig{Level: 9}); err != nil {
			return err
		}
	default:
		_, err = io.WriteString(to, text)
		return err
	}
	_, err = io.WriteString(w, text)
	return errors.Join(err, w.Close())
}

// sanitizeAll hides what is secret in all files that may have secrets in them; logs have their own turn.
func (c *collector) sanitizeAll() {
	var files []string
	if c.conf != "" {
		files = append(files, c.path(filepath.Base(c.conf)))
	}
	files = append(files, c.path(cibFile), c.path(cibFile+".live"))
	inputs, err := filepath.Glob(c.path("pengine/*"))
	if err == nil {
		files = append(files, inputs...)
	}
	for _, f := range files {
		c.sanitizeFile(f)
	}
}
