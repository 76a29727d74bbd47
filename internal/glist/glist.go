// Package glist sorts as GLib's g_list_sort does. The merges are taken in the
// very same order, which matters because some of Pacemaker's comparisons are no
// order: what they come to depends on which pairs are asked about.
package glist

// Sort is g_list_sort: stable, by merging the sorted halves of a list, of which
// the first is the shorter one. compare is negative if a comes before b.
func Sort[T any](list []T, compare func(a, b T) int) {
	var few [16]T // so that a short list, as most are, needs no other memory
	spare := few[:0]
	if len(list) > len(few) {
		spare = make([]T, 0, len(list))
	}
	sort(list, spare, compare)
}

func sort[T any](list, spare []T, compare func(a, b T) int) {
	if len(list) < 2 {
		return
	}
	first, second := list[:len(list)/2], list[len(list)/2:]
	// Debian's GLib sorts the second half first, which shows in what comparisons log.
	sort(second, spare, compare)
	sort(first, spare, compare)
	merged := spare[:0]
	for len(first) > 0 && len(second) > 0 {
		if compare(first[0], second[0]) <= 0 {
			merged, first = append(merged, first[0]), first[1:]
		} else {
			merged, second = append(merged, second[0]), second[1:]
		}
	}
	merged = append(merged, first...)
	merged = append(merged, second...)
	copy(list, merged)
}
