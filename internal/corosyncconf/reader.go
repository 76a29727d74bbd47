package corosyncconf

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/icmap"
)

type mapReader = *icmap.Map

func (r *reader) has(key string) bool {
	_, err := r.m.Get(key)
	return err == nil
}

// str is a string's value; "" when it is no string.
func (r *reader) str(key string) string {
	s, _ := r.m.GetString(key)
	return s
}

// str0 tells whether the key is there and is a string.
func (r *reader) str0(key string) bool {
	_, err := r.m.GetString(key)
	return err == nil
}

// fail is an error about the first of the keys.
func (r *reader) fail(text string, keys ...string) *InputError { return r.f.fail(text, keys...) }

func (f *File) fail(text string, keys ...string) *InputError {
	e := &InputError{Position: f.At(keys...), Text: text}
	if len(keys) > 0 {
		e.Key = keys[0]
		if v, err := f.Map.Get(keys[0]); err == nil {
			e.Got = v.String()
		}
	}
	return e
}

// nodeKey splits "nodelist.node.3.ring0_addr" into 3 and "ring0_addr".
func nodeKey(key string) (pos uint32, item string, ok bool) {
	rest, ok := strings.CutPrefix(key, "nodelist.node.")
	if !ok {
		return 0, "", false
	}
	number, item, ok := strings.Cut(rest, ".")
	n, err := strconv.ParseUint(number, 10, 31)
	return uint32(n), item, ok && err == nil && item != ""
}

// ringNumber splits "ring3_addr" into 3.
func ringNumber(item string) (n uint32, ok bool) {
	s, ok := strings.CutPrefix(item, "ring")
	if !ok {
		return 0, false
	}
	s, ok = strings.CutSuffix(s, "_addr")
	v, err := strconv.ParseUint(s, 10, 32)
	return uint32(v), ok && err == nil
}

func nodeItem(pos uint32, item string) string { return fmt.Sprintf("nodelist.node.%d.%s", pos, item) }

func linkItem(link uint32, item string) string {
	return fmt.Sprintf("totem.interface.%d.%s", link, item)
}

// atoi is atoi(3): the number in front, 0 without one.
func atoi(s string) uint32 {
	end := 0
	for end < len(s) && s[end] >= '0' && s[end] <= '9' {
		end++
	}
	n, err := strconv.ParseUint(s[:end], 10, 31)
	if err != nil && end > 0 {
		return 1<<31 - 1
	}
	return uint32(n)
}
