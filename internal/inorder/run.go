package inorder

import (
	"sync"
	"sync/atomic"
)

// Run works on pieces 0 to n-1 and takes each once. Workers, from 0, do theirs at the same time;
// take is called in the order of the pieces, by one worker at a time, after it has done that
// one. Run returns when all are taken. One worker does everything on the caller's goroutine.
func Run(n, workers int, work, take func(worker, piece int)) {
	if workers = min(workers, n); workers <= 1 {
		for i := range n {
			work(0, i)
			take(0, i)
		}
		return
	}
	var (
		begun atomic.Int64
		wait  sync.WaitGroup
		turns = make([]chan struct{}, n+1) // closed when it is the piece's; the last is nobody's
	)
	for i := range turns {
		turns[i] = make(chan struct{})
	}
	close(turns[0])
	loop := func(worker int) {
		for i := int(begun.Add(1)) - 1; i < n; i = int(begun.Add(1)) - 1 {
			work(worker, i)
			<-turns[i]
			take(worker, i)
			close(turns[i+1])
		}
	}
	for w := range workers - 1 {
		wait.Go(func() { loop(w + 1) })
	}
	loop(0)
	wait.Wait()
}
