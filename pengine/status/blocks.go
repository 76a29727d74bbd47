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
