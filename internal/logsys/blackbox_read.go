package logsys

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// ParseBlackbox reads a flight recorder's file, ours or libqb's of version 2
// (with nanoseconds), of this machine's byte order. It returns the entries
// before the first that is malformed, and its error.
func ParseBlackbox(b []byte) ([]Entry, error) {
	if len(b) < 2*fileHeaderLen {
		return nil, fmt.Errorf("blackbox header: %d bytes, want %d", len(b), 2*fileHeaderLen)
	}
	u32 := func(off int) uint32 { return native.Uint32(b[off:]) }
	if u32(0) != 0 || u32(4) != blackboxReadPt || u32(8) != blackboxWritePt || u32(12) != blackboxVersion || u32(16) != 0 {
		return nil, fmt.Errorf("blackbox header: not of version %d", blackboxVersion)
	}
	words, write, read, version, hash := u32(20), u32(24), u32(28), u32(32), u32(36)
	if version != ringVersion {
		return nil, fmt.Errorf("ring version: %d, want %d", version, ringVersion)
	}
	if hash != words+write+read+version {
		return nil, fmt.Errorf("ring hash: %#x, want %#x", hash, words+write+read+version)
	}
	data := b[2*fileHeaderLen:]
	if uint64(len(data)) != 4*uint64(words) {
		return nil, fmt.Errorf("ring size: %d words, file has %d bytes", words, len(data))
	}
	if words == 0 || write >= words || read >= words {
		return nil, fmt.Errorf("ring pointers: write %d and read %d of %d", write, read, words)
	}
	// Unroll the ring, from where reading starts.
	used := (write + words - read) % words
	flat := make([]byte, 0, 4*used)
	if end := read + used; end <= words {
		flat = append(flat, data[4*read:4*end]...)
	} else {
		flat = append(append(flat, data[4*read:]...), data[:4*(end-words)]...)
	}
	var out []Entry
	for len(flat) > 0 {
		if len(flat) < 8 {
			return out, fmt.Errorf("chunk header: %d bytes left", len(flat))
		}
		n, magic := uint64(native.Uint32(flat)), native.Uint32(flat[4:])
		if magic != chunkMagic {
			return out, fmt.Errorf("chunk magic: %#x", magic)
		}
		room := 8 + (n+3)&^3
		if room > uint64(len(flat)) {
			return out, fmt.Errorf("chunk size: %d of %d", n, len(flat)-8)
		}
		e, err := parseEntry(flat[8 : 8+n])
		if err != nil {
			return out, err
		}
		out, flat = append(out, e), flat[room:]
	}
	return out, nil
}

func parseEntry(b []byte) (Entry, error) {
	var e Entry
	if len(b) < 13 {
		return e, fmt.Errorf("entry: %d bytes", len(b))
	}
	e.Line, e.Tag, e.Level = native.Uint32(b), native.Uint32(b[4:]), loglevel.Level(b[8])
	fn := uint64(native.Uint32(b[9:]))
	b = b[13:]
	if fn == 0 || fn > uint64(len(b)) {
		return e, fmt.Errorf("function name: length %d of %d", fn, len(b))
	}
	e.Func, b = cString(b[:fn]), b[fn:]
	if len(b) < 20 {
		return e, fmt.Errorf("entry: %d bytes after the function name", len(b))
	}
	sec, nsec := native.Uint64(b), native.Uint64(b[8:])
	if nsec >= 1e9 {
		return e, fmt.Errorf("timestamp: %d ns", nsec)
	}
	e.At = time.Unix(int64(sec), int64(nsec))
	n := uint64(native.Uint32(b[16:]))
	b = b[20:]
	if n == 0 || n > maxLine+1 || n > uint64(len(b)) {
		return e, fmt.Errorf("message: length %d of %d", n, len(b))
	}
	text, err := deserialize(b[:n])
	if err != nil {
		return e, err
	}
	e.Text = strings.TrimRight(text, "\n")
	return e, nil
}

func cString(b []byte) string {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	return string(b)
}

// deserialize prints a C format whose arguments follow it as raw memory
// (qb_vsnprintf_deserialize).
func deserialize(b []byte) (string, error) {
	end := bytes.IndexByte(b, 0)
	if end < 0 {
		return "", fmt.Errorf("message: format has no end")
	}
	format, args := string(b[:end]), b[end+1:]
	var out strings.Builder
	take := func(n int) []byte {
		if n > len(args) {
			return nil
		}
		v := args[:n]
		args = args[n:]
		return v
	}
	for {
		i := strings.IndexByte(format, '%')
		if i < 0 {
			out.WriteString(format)
			return out.String(), nil
		}
		out.WriteString(format[:i])
		format = format[i+1:]
		spec, size := "%", 4
		for {
			if format == "" {
				return "", fmt.Errorf("message: conversion has no end")
			}
			c := format[0]
			format = format[1:]
			switch {
			case strings.IndexByte("#- +0123456789.", c) >= 0:
				spec += string(c)
				continue
			case strings.IndexByte("'I", c) >= 0:
				continue
			case strings.IndexByte("lztj", c) >= 0:
				size = 8
				continue
			case c == '*':
				v := take(4)
				if v == nil {
					return "", fmt.Errorf("message: width is missing")
				}
				spec += fmt.Sprint(int32(native.Uint32(v)))
				continue
			}
			if err := convert(&out, spec, c, size, take, &args); err != nil {
				return "", err
			}
			break
		}
	}
}

// convert prints one argument. A width beyond any line's length is refused
// before it makes fmt allocate it.
func convert(out io.Writer, spec string, c byte, size int, take func(int) []byte, args *[]byte) error {
	if len(spec) > 12 || widthOf(spec) > maxLine {
		return fmt.Errorf("message: conversion %s%c too wide", spec, c)
	}
	missing := func() error { return fmt.Errorf("message: argument of %s%c is missing", spec, c) }
	switch c {
	case '%':
		io.WriteString(out, "%")
	case 'd', 'i', 'u', 'o', 'x', 'X', 'p':
		if c == 'p' {
			size = 8
		}
		v := take(size)
		if v == nil {
			return missing()
		}
		n := uint64(0)
		if size == 8 {
			n = native.Uint64(v)
		} else if n = uint64(native.Uint32(v)); c == 'd' || c == 'i' {
			n = uint64(int32(n))
		}
		switch c {
		case 'd', 'i':
			fmt.Fprintf(out, spec+"d", int64(n))
		case 'u':
			fmt.Fprintf(out, spec+"d", n)
		case 'p':
			if n == 0 {
				io.WriteString(out, "(nil)")
			} else {
				fmt.Fprintf(out, "%#x", n)
			}
		default:
			fmt.Fprintf(out, spec+string(c), n)
		}
	case 'e', 'E', 'f', 'F', 'g', 'G', 'a', 'A':
		v := take(8)
		if v == nil {
			return missing()
		}
		if c == 'a' || c == 'A' {
			c += 'x' - 'a'
		}
		fmt.Fprintf(out, spec+string(c), math.Float64frombits(native.Uint64(v)))
	case 'c':
		v := take(1)
		if v == nil {
			return missing()
		}
		fmt.Fprintf(out, "%s", v)
	case 's':
		end := bytes.IndexByte(*args, 0)
		if end < 0 {
			return missing()
		}
		v := take(end + 1)
		fmt.Fprintf(out, spec+"s", v[:end])
	default:
		return fmt.Errorf("message: conversion %%%c", c)
	}
	return nil
}

// widthOf is the largest number in a conversion.
func widthOf(spec string) int {
	most, n := 0, 0
	for _, c := range spec {
		if c >= '0' && c <= '9' {
			n = n*10 + int(c-'0')
			most = max(most, n)
		} else {
			n = 0
		}
	}
	return most
}

// PrintBlackbox writes entries as qb-blackbox(8) does.
func PrintBlackbox(w io.Writer, entries []Entry) error {
	for _, e := range entries {
		if _, err := fmt.Fprintf(w, "%-7s %s %s(%d):%d: %s\n", LevelName(e.Level),
			e.At.Format("Jan 02 15:04:05.000"), e.Func, e.Line, e.Tag, e.Text); err != nil {
			return err
		}
	}
	return nil
}
