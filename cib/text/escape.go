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

// special are the bytes that may have to be escaped; values without any, which is nearly all,
// are appended as they are.
var special = func() (table [256]bool) {
	for c := range table {
		table[c] = c < ' ' || c > '~'
	}
	for _, c := range `<>&"'` {
		table[c] = true
	}
	return table
}()

// AppendEscaped appends an attribute's value as the reference escapes it: line ends become a
// backslash and a letter, tabs four blanks, other control characters octal numbers.
func AppendEscaped(b []byte, value string, how Escaping) []byte {
	first := 0
	for first < len(value) && !special[value[first]] {
		first++
	}
	if first == len(value) {
		return append(b, value...)
	}
	plain := false
	start := 0
	for i := first; i < len(value); i++ {
		c := value[i]
		if !special[c] {
			continue
		}
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
