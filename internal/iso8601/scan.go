package iso8601

// A scanner reads as C's sscanf does, of which Pacemaker's idea of a date is made.
type scanner struct {
	rest string
	read int  // numbers stored
	over bool // the input ended, or something else stood there
}

// eof is what sscanf returns when the input ends before the first number.
const eof = -1

// scan reads a number into each of fields, each of at most width characters (0 for
// any) and with between of separators before it; it returns how many it stored, or
// eof.
func scan(s string, width []int, separators []string, fields ...*int32) int {
	in := scanner{rest: s}
	for i, f := range fields {
		if separators != nil && !in.literal(separators[i]) {
			break
		}
		n, ok := in.number(width[i])
		if !ok {
			break
		}
		*f = n
		in.read++
	}
	if in.read == 0 && in.over {
		return eof
	}
	return in.read
}

func (in *scanner) literal(l string) bool {
	if len(in.rest) < len(l) || in.rest[:len(l)] != l {
		return false
	}
	in.rest = in.rest[len(l):]
	return true
}

// number is %d, or %4d for a width of 4. White space before it does not count.
func (in *scanner) number(width int) (n int32, ok bool) {
	s := in.rest
	for s != "" && isSpace(s[0]) {
		s = s[1:]
	}
	if s == "" {
		in.over = true
		return 0, false
	}
	if width <= 0 || width > len(s) {
		width = len(s)
	}
	end := 0
	if s[0] == '+' || s[0] == '-' {
		end = 1
	}
	for end < width && isDigit(s[end]) {
		end++
	}
	v, used := strtol(s[:end])
	if used == 0 {
		return 0, false
	}
	in.rest = s[end:]
	return int32(v), true
}

// strtol is C's in base 10: the value, as near as 64 bits allow, and how many bytes
// it took, none if there is no digit.
func strtol(s string) (v int64, used int) {
	i, negative := 0, false
	for i < len(s) && isSpace(s[i]) {
		i++
	}
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		negative = s[i] == '-'
		i++
	}
	first, clipped := i, false
	var u uint64
	for ; i < len(s) && isDigit(s[i]); i++ {
		if u > (1<<63)/10 {
			clipped = true
			continue
		}
		u = u*10 + uint64(s[i]-'0')
	}
	switch {
	case i == first:
		return 0, 0
	case negative && (clipped || u >= 1<<63):
		return -1 << 63, i
	case clipped || u > 1<<63-1:
		return 1<<63 - 1, i
	case negative:
		return -int64(u), i
	}
	return int64(u), i
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }
