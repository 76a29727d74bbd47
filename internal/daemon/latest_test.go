package daemon

import (
	"testing"
	"testing/synctest"
)

// TestLatest gives jobs while one hangs, as on a disk that has stalled.
func TestLatest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l latest
		var ran []int
		disk := make(chan struct{})
		l.do(func() { <-disk; ran = append(ran, 0) })
		synctest.Wait()
		for i := 1; i < 100; i++ {
			l.do(func() { ran = append(ran, i) }) // none of them waits
		}
		close(disk)
		synctest.Wait()
		if len(ran) != 2 || ran[0] != 0 || ran[1] != 99 {
			t.Errorf("ran %v, want the first and the last", ran)
		}
		l.do(func() { ran = append(ran, 100) })
		synctest.Wait()
		if len(ran) != 3 {
			t.Errorf("ran %v, want one more", ran)
		}
	})
}
