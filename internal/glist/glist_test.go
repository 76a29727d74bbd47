package glist_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/glist"
)

// The wants are what libglib 2.74.6 makes of the same lists and comparisons.
func TestSort(t *testing.T) {
	ascending := func(a, b int) int { return a - b }
	// Rock, paper, scissors: no order at all.
	circular := func(a, b int) int {
		switch (a - b + 3) % 3 {
		case 0:
			return 0
		case 1:
			return 1
		}
		return -1
	}
	for _, tt := range []struct {
		list    []int
		compare func(a, b int) int
		want    []int
	}{
		{nil, ascending, nil},
		{[]int{5, 3, 1, 4, 2}, ascending, []int{1, 2, 3, 4, 5}},
		{[]int{0, 1, 2}, circular, []int{0, 1, 2}},
		{[]int{2, 0, 1, 2, 1}, circular, []int{1, 1, 2, 2, 0}},
		{[]int{0, 2, 1, 1, 0, 2, 2}, circular, []int{2, 2, 0, 0, 1, 1, 2}},
	} {
		got := slices.Clone(tt.list)
		glist.Sort(got, tt.compare)
		if !slices.Equal(got, tt.want) {
			t.Errorf("Sort(%v) = %v, want %v", tt.list, got, tt.want)
		}
	}
}

func TestSortIsStable(t *testing.T) {
	list := []string{"b1", "a1", "b2", "a2", "a3", "b3"}
	glist.Sort(list, func(a, b string) int { return int(a[0]) - int(b[0]) })
	if got, want := fmt.Sprint(list), "[a1 a2 a3 b1 b2 b3]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func BenchmarkSort(b *testing.B) {
	for _, n := range []int{3, 12, 200} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			list := make([]int, n)
			b.ReportAllocs()
			for b.Loop() {
				for i := range list {
					list[i] = i * 7919 % n
				}
				glist.Sort(list, func(a, b int) int { return a - b })
			}
		})
	}
}
