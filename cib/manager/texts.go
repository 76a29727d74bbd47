package manager

import (
	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/packed"
)

// maxTexts is of how many parts of a CIB the text is kept.
const maxTexts = 16

// texts are what queries were answered with since the CIB last changed. Monitors and tools
// ask for the same again and again, and to write and compress a large CIB takes far longer
// than all else about a query.
type texts struct {
	kept   map[*etree.Element]*packed.Shared
	blocks packed.Blocks // compressed, of this CIB and those before
}

// of is the text of an element of a CIB; ok is false for an element that is none of it, as answers
// that are made for one query.
func (t *texts) of(e, cib *etree.Element) (s *packed.Shared, ok bool) {
	if s := t.kept[e]; s != nil {
		return s, true
	}
	for up := e; up != cib; up = up.Parent() {
		if up == nil {
			return nil, false
		}
	}
	s = packed.NewShared(func() []byte { return text.AppendLine(nil, e) }, &t.blocks)
	if t.kept == nil || len(t.kept) >= maxTexts {
		t.kept = make(map[*etree.Element]*packed.Shared)
	}
	t.kept[e] = s
	return s, true
}

// forget is for another CIB in the place of the one there was.
func (t *texts) forget() { clear(t.kept) }
