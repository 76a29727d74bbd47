package inorder

import "runtime"

// mostWriters is how many work on one text at most: what takes the pieces has only one
// processor, and each further one helps less.
const mostWriters = 4

// Text makes the pieces of a text, on all processors but no more than four, and hands them to
// take in order. Each worker gets a function of its own from writer, which appends a piece by
// its number. A piece is only valid until take returns.
func Text(pieces int, writer func() func(b []byte, piece int) []byte, take func(piece []byte)) {
	workers := max(1, min(runtime.GOMAXPROCS(0), mostWriters, pieces))
	appends, texts := make([]func([]byte, int) []byte, workers), make([][]byte, workers)
	for i := range appends {
		appends[i] = writer()
	}
	Run(pieces, workers, func(worker, piece int) {
		texts[worker] = appends[worker](texts[worker][:0], piece)
	}, func(worker, _ int) { take(texts[worker]) })
}
