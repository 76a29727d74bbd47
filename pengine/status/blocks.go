package status

// blocks gives out zero values many of which are allocated at once: for what
// there is a lot of and lives as long as the working set.
type blocks[T any] struct{ free []T }

const blockSize = 256

func (b *blocks[T]) take() *T {
	if len(b.free) == 0 {
		b.free = make([]T, blockSize)
	}
	taken := &b.free[0]
	b.free = b.free[1:]
	return taken
}

// relationLists begins lists of relations: most stay as short as what they begin with.
type relationLists struct{ free []*Relation }

const firstRelations = 4

func (l *relationLists) add(to []*Relation, r *Relation) []*Relation {
	if cap(to) == 0 {
		if len(l.free) == 0 {
			l.free = make([]*Relation, firstRelations*blockSize)
		}
		to, l.free = l.free[:0:firstRelations], l.free[firstRelations:]
	}
	return append(to, r)
}
