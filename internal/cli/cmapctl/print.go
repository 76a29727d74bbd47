package cmapctl

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/ringmaster-ha/ringmaster/cmap"
	"github.com/ringmaster-ha/ringmaster/internal/cserr"
)

// fetch gets a key's value and prints it; what goes wrong is told, and that is
// all. Binary values are not fetched unless they are to be shown.
func (t *tool) fetch(e cmap.Entry) {
	if e.Type == cmap.TypeBinary && !t.binary {
		t.print(e.Key, cmap.Binary(nil))
		return
	}
	var v cmap.Value
	var err error
	for try := 0; ; try++ {
		if v, err = t.c.Get(t.ctx, e.Key); err == nil && v.Type() != e.Type {
			err = cserr.InvalidParam // it has changed since
		}
		if reason(err) != cserr.TryAgain || try == retries {
			break
		}
		t.sleep(time.Second)
	}
	if err != nil {
		t.complain("Can't get value of %s. Error %v", e.Key, reason(err))
		return
	}
	t.print(e.Key, v)
}

// print writes the line of a key. -q leaves the key and the type away, but for
// binary values, where the reference keeps the type's last part.
func (t *tool) print(key string, v cmap.Value) {
	if !t.quiet {
		fmt.Fprintf(t.out, "%s (", key)
	}
	switch {
	case v.Type() == cmap.TypeBinary:
		t.out.WriteString("bin)")
		if t.binary {
			b, _ := v.Bin()
			t.out.WriteString(" = " + escape(b))
		}
	case v.Type() == 0: // a value that there is not
	case t.quiet:
		t.out.WriteString(text(v))
	default:
		fmt.Fprintf(t.out, "%v) = %s", v.Type(), text(v))
	}
	t.out.WriteByte('\n')
}

// text is a value as printf(3) shows it.
func text(v cmap.Value) string {
	f, ok := v.Float64()
	switch {
	case !ok:
		return v.String()
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	case math.IsNaN(f) && math.Signbit(f):
		return "-nan"
	case math.IsNaN(f):
		return "nan"
	}
	return fmt.Sprintf("%f", f)
}

// escape shows a binary value. Bytes from 0x80 on come with their sign
// extended, \xFFFFFF80, as they do from the reference on amd64.
func escape(b []byte) string {
	var s strings.Builder
	for _, c := range b {
		switch {
		case c == '\\':
			s.WriteString(`\\`)
		case c >= ' ' && c < 0x7f:
			s.WriteByte(c)
		default:
			fmt.Fprintf(&s, `\x%02X`, uint32(int8(c)))
		}
	}
	return s.String()
}
