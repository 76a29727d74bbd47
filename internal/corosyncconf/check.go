package corosyncconf

import (
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/icmap"
)

// Check is another part's own reading of the keys with a prefix: logging by the
// log, system by the daemon. Read says what is wrong without knowing where; it
// must not change the map.
type Check struct {
	Prefix string // "logging."
	Read   func(*icmap.Map) error
}

// Check has a part read its keys. If it fails, the culprit is the first key
// without which it fails otherwise or not at all; the *InputError has its line.
func (f *File) Check(c Check) error {
	if e := f.check(c); e != nil {
		return e
	}
	return nil
}

func (f *File) check(c Check) *InputError {
	err := c.Read(f.Map)
	if err == nil {
		return nil
	}
	text := strings.TrimSpace(err.Error())
	for key := range f.Map.Iterate(c.Prefix) {
		without := f.Map.Clone()
		without.Delete(key)
		if other := c.Read(without); other == nil || other.Error() != err.Error() {
			return f.fail(text, key)
		}
	}
	return f.fail(text, strings.TrimSuffix(c.Prefix, "."))
}
