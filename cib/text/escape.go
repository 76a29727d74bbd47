package text

// Escaping says what happens after the first character of a value that takes two bytes or
// more.
type Escaping uint8

const (
	// Faithful escapes nothing there, as the reference does.
	Faithful Escaping = iota
	// Readable escapes there what would be no XML.
	Readable
)

// AppendEscaped appends an attribute's value as the reference escapes it: line ends become a
// backslash and a letter, tabs four blanks, other control characters octal numbers.
func AppendEscaped(b []byte, value string, how Escaping) []byte {
	plain := false
	start := 0
	for i := range len(value) {
		c := value[i]
		escape := ""
		switch {
		case c >= 0x80 && !plain && i+1 < len(value) && value[i+1] >= 0x80:
			plain = true
			if how == Faithful {
				return append(b, value[start:]...)
			}
		case c == '<':
			escape = "&lt;"
		case c == '"':
			escape = "&quot;"
		case c == '&':
			escape = "&amp;"
		case plain:
		case c == '>':
			escape = "&gt;"
		case c == '\'':
			escape = "&apos;"
		case c == '\t':
			escape = "    "
		case c == '\n':
			escape = `\n`
		case c == '\r':
			escape = `\r`
		case c < ' ' || c > '~':
			escape = string([]byte{'\\', '0' + c>>6, '0' + c>>3&7, '0' + c&7})
		}
		if escape != "" {
			b = append(append(b, value[start:i]...), escape...)
			start = i + 1
		}
	}
	return append(b, value[start:]...)
}
