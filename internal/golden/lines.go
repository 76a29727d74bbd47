package golden

import (
	"fmt"
	"slices"
	"strings"
)

// Lines are the lines of a text that are not blank, without the white space at
// their ends.
func Lines(text string) (lines []string) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// Sorted are a text's Lines in the order of the alphabet.
func Sorted(text string) []string {
	lines := Lines(text)
	slices.Sort(lines)
	return lines
}

// Difference says which is the first line that two texts do not share, or is "".
func Difference(got, want []string) string {
	at := func(lines []string, i int) string {
		if i < len(lines) {
			return lines[i]
		}
		return "(end)"
	}
	for i := range max(len(got), len(want)) {
		if g, w := at(got, i), at(want, i); g != w {
			return fmt.Sprintf("line %d\n\t got %s\n\twant %s", i+1, g, w)
		}
	}
	return ""
}
