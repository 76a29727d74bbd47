package explain

import (
	"slices"
	"strings"
)

// nearest are the names that are most like one, the likest first: few, and none
// that is quite another.
func nearest(name string, names []string) (near []string) {
	const most = 3
	if name == "" {
		return nil
	}
	type rated struct {
		name     string
		distance int
	}
	var all []rated
	seen := map[string]bool{}
	for _, n := range names {
		if seen[n] {
			continue
		}
		seen[n] = true
		d := distance(strings.ToLower(name), strings.ToLower(n))
		if strings.HasPrefix(n, name) || strings.HasPrefix(name, n) {
			d = min(d, 1)
		}
		if d <= (len(name)+2)/3 {
			all = append(all, rated{n, d})
		}
	}
	slices.SortStableFunc(all, func(a, b rated) int { return a.distance - b.distance })
	for _, r := range all[:min(most, len(all))] {
		near = append(near, r.name)
	}
	return near
}

// distance is how many letters have to be put in, taken out, replaced or swapped
// with the next one to make a of b (optimal string alignment).
func distance(a, b string) int {
	var before, last []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before, last = last, row
		row = make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j]+cost, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return row[len(b)]
}
