package cmapctl

import (
	"io"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/ringmaster-ha/ringmaster/cmap"
	"github.com/ringmaster-ha/ringmaster/internal/cserr"
)

// set stores a value given as text.
func (t *tool) set(key, typ, value string) error {
	v, err := t.value(typ, value)
	if err == nil && v.Type() == cmap.TypeBinary && v.Len() == 0 {
		err = cserr.InvalidParam // libcmap takes no bytes for no value
	} else if err == nil {
		err = t.c.Set(t.ctx, key, v)
	}
	if _, ours := err.(fault); ours || err == nil {
		return err
	}
	return faultf("Failed to set key %s. Error %v", key, reason(err))
}

// ranges of the signed and of the unsigned types.
var (
	signed   = map[string]int64{"i8": math.MaxInt8, "i16": math.MaxInt16, "i32": math.MaxInt32, "i64": math.MaxInt64}
	unsigned = map[string]uint64{"u8": math.MaxUint8, "u16": math.MaxUint16, "u32": math.MaxUint32, "u64": math.MaxUint64}
)

func (t *tool) value(typ, text string) (cmap.Value, error) {
	bad := faultf("%s is not valid %s type value", text, typ)
	outOfRange := faultf("%s is not valid %s integer", text, typ)
	if limit, ok := signed[typ]; ok {
		n, ok := scanInt(text)
		switch {
		case !ok:
			return cmap.Value{}, bad
		case n > limit || n < -limit-1:
			return cmap.Value{}, outOfRange
		}
		return makeInt(typ, n), nil
	}
	if limit, ok := unsigned[typ]; ok {
		n, ok := scanUint(text)
		switch {
		case !ok:
			return cmap.Value{}, bad
		case n > limit:
			return cmap.Value{}, outOfRange
		}
		return makeUint(typ, n), nil
	}
	switch typ {
	case "flt", "dbl":
		f, ok := scanFloat(text)
		switch {
		case !ok:
			return cmap.Value{}, bad
		case typ == "flt":
			return cmap.Float(float32(f)), nil
		}
		return cmap.Double(f), nil
	case "str":
		return cmap.String(text), nil
	case "bin":
		return t.readBinary(text)
	}
	return cmap.Value{}, faultf("Unknown type %s", typ)
}

func makeInt(typ string, n int64) cmap.Value {
	switch typ {
	case "i8":
		return cmap.Int8(int8(n))
	case "i16":
		return cmap.Int16(int16(n))
	case "i32":
		return cmap.Int32(int32(n))
	}
	return cmap.Int64(n)
}

func makeUint(typ string, n uint64) cmap.Value {
	switch typ {
	case "u8":
		return cmap.Uint8(uint8(n))
	case "u16":
		return cmap.Uint16(uint16(n))
	case "u32":
		return cmap.Uint32(uint32(n))
	}
	return cmap.Uint64(n)
}

// Numbers are read as sscanf(3) does: blanks in front are skipped, what follows
// the number is ignored, and what is too large becomes the largest there is.
var (
	intPrefix = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^[ \t\n\v\f\r]*([+-]?)([0-9]+)`)
	})
	floatPrefix = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)^[ \t\n\v\f\r]*([+-]?(?:0x[0-9a-f]*\.?[0-9a-f]+(?:p[+-]?[0-9]+)?|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?|inf(?:inity)?|nan))`)
	})
)

func scanInt(s string) (int64, bool) {
	m := intPrefix().FindStringSubmatch(s)
	if m == nil {
		return 0, false
	}
	n, _ := strconv.ParseInt(m[1]+m[2], 10, 64) // out of range it is the limit
	return n, true
}

func scanUint(s string) (uint64, bool) {
	m := intPrefix().FindStringSubmatch(s)
	if m == nil {
		return 0, false
	}
	n, err := strconv.ParseUint(m[2], 10, 64)
	if m[1] == "-" && err == nil {
		n = -n // as strtoul(3)
	}
	return n, true
}

func scanFloat(s string) (float64, bool) {
	m := floatPrefix().FindStringSubmatch(s)
	if m == nil {
		return 0, false
	}
	text := strings.ToLower(m[1])
	if strings.Contains(text, "0x") && !strings.Contains(text, "p") {
		text += "p0" // Go wants an exponent
	}
	f, _ := strconv.ParseFloat(text, 64) // out of range it is infinite
	return f, true
}

func (t *tool) readBinary(name string) (cmap.Value, error) {
	in := t.in
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return cmap.Value{}, faultf("Can't open input file: %s", strerror(err))
		}
		defer f.Close()
		in = f
	}
	b, _ := io.ReadAll(in) // the reference takes what it has read
	return cmap.Binary(b), nil
}
