package inorder_test

import (
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/inorder"
)

func TestRun(t *testing.T) {
	for _, tt := range []struct{ n, workers int }{
		{0, 4}, {1, 4}, {7, 1}, {7, 0}, {3, 8}, {1000, 2}, {1000, 7},
	} {
		made := make([]atomic.Int32, tt.n)
		own := make([]int, max(tt.workers, 1)) // each worker's, so that the race detector sees who takes
		var order []int
		inorder.Run(tt.n, tt.workers, func(worker, i int) {
			made[i].Add(1)
			own[worker] = i
		}, func(worker, i int) {
			if own[worker] != i {
				t.Errorf("%d pieces, %d workers: worker %d takes %d after it made %d", tt.n, tt.workers, worker, i, own[worker])
			}
			order = append(order, i)
		})
		for i := range made {
			if made[i].Load() != 1 {
				t.Errorf("%d pieces, %d workers: piece %d made %d times", tt.n, tt.workers, i, made[i].Load())
			}
		}
		if len(order) != tt.n || !slices.IsSorted(order) {
			t.Errorf("%d pieces, %d workers: taken in the order %v", tt.n, tt.workers, order)
		}
	}
}

func TestText(t *testing.T) {
	for _, pieces := range []int{0, 1, 500} {
		var want, got strings.Builder
		for i := range pieces {
			want.WriteString(strconv.Itoa(i) + " ")
		}
		inorder.Text(pieces, func() func([]byte, int) []byte {
			return func(b []byte, piece int) []byte { return append(strconv.AppendInt(b, int64(piece), 10), ' ') }
		}, func(piece []byte) { got.Write(piece) })
		if got.String() != want.String() {
			t.Errorf("%d pieces: %s", pieces, got.String())
		}
	}
}
