// Package featureset compares versions of what Pacemaker's nodes can do together: the
// CRM feature set, which a CIB has as crm_feature_set. Which digest, which form of a
// patchset and which parameters of an operation are used depends on it.
//
// Any package may import it.
package featureset

import (
	"math"
	"strings"
)

// Current is the feature set of Pacemaker 2.1.5.
const Current = "3.16.1"

// Compare orders versions by their numbers: -1, 0 or 1 (the reference's compare_version).
// What is no number counts as 0, and so does a number that is not there; one above 32
// bits is the largest.
func Compare(a, b string) int {
	for a != "" || b != "" {
		var x, y string
		x, a, _ = strings.Cut(a, ".")
		y, b, _ = strings.Cut(b, ".")
		if m, n := number(x), number(y); m != n {
			if m < n {
				return -1
			}
			return 1
		}
	}
	return 0
}

// number reads the digits that s begins with.
func number(s string) int64 {
	n := int64(0)
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			break
		}
		n = min(n*10+int64(s[i]-'0'), math.MaxInt32)
	}
	return n
}
