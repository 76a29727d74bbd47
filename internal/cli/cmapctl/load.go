package cmapctl

import (
	"os"
	"strings"
)

// lineMax is how many bytes of a line the reference reads at a time; the rest
// is to it another line.
const lineMax = 1023

// load carries out a file of settings. A file that cannot be read is told and
// otherwise no failure.
func (t *tool) load() error {
	text, err := os.ReadFile(t.file)
	if err != nil {
		t.complain("Couldn't open file.: %s", strerror(err))
		return nil
	}
	for line := range strings.Lines(string(text)) {
		for len(line) > 0 {
			n := min(len(line), lineMax)
			if err := t.setting(line[:n]); err != nil {
				return err
			}
			line = line[n:]
		}
	}
	return nil
}

// setting is one line: "key type value" sets, "^key" deletes a key and
// "^^prefix" all keys that begin so.
func (t *tool) setting(line string) error {
	line = strings.TrimLeft(line, " \t")
	if line == "" || line[0] == '#' || line[0] == '\n' {
		return nil
	}
	words := strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == '\n' })
	if prefix, ok := strings.CutPrefix(words[0], "^^"); ok {
		return t.deletePrefix(prefix)
	}
	if key, ok := strings.CutPrefix(words[0], "^"); ok {
		if err := t.c.Delete(t.ctx, key); err != nil {
			t.complain("Can't delete key %s. Error %v", key, reason(err))
		}
		return nil
	}
	if len(words) < 3 {
		return faultf("Both type and value for key %s are required", words[0])
	}
	return t.set(words[0], words[1], words[2])
}
