// Package featureset compares versions of what Pacemaker's nodes can do together: the
// CRM feature set, which a CIB has as crm_feature_set. Which digest, which form of a
// patchset and which parameters of an operation are used depends on it.
//
// Any package may import it.
package featureset

import (
	"strconv"
	"strings"
)

// Release is the version of Pacemaker that we are like, Current its feature set.
const (
	Release = "2.1.5"
	Current = "3.16.1"
)

// Compare is -1, 0 or 1 as a is before, like or after b (compare_version): numbers
// with dots between them, of which missing ones are 0; only the empty version comes
// before 0. Where neither goes on with a number the reference goes on for ever;
// here the two are alike.
func Compare(a, b string) int {
	endedA, endedB := false, false
	for !endedA || !endedB {
		var na, nb int32
		restA, restB := a, b
		if !endedA {
			na, restA = number(a)
		}
		if !endedB {
			nb, restB = number(b)
		}
		if na != nb {
			if na < nb {
				return -1
			}
			return 1
		}
		restA, restB = strings.TrimPrefix(restA, "."), strings.TrimPrefix(restB, ".")
		if (endedA || restA == a && a != "") && (endedB || restB == b && b != "") {
			return 0
		}
		a, b = restA, restB
		endedA, endedB = a == "", b == ""
	}
	return 0
}

// number is the number that s begins with, as strtol(3) cut to an int has it, and what
// comes after it; 0 if there is none, -1 if s is empty.
func number(s string) (int32, string) {
	if s == "" {
		return -1, ""
	}
	text := strings.TrimLeft(s, " \t\n\v\f\r")
	end := 0
	if strings.HasPrefix(text, "-") || strings.HasPrefix(text, "+") {
		end = 1
	}
	first := end
	for end < len(text) && text[end] >= '0' && text[end] <= '9' {
		end++
	}
	if end == first {
		return 0, s
	}
	// What is out of range comes as the bound, as from strtol.
	v, _ := strconv.ParseInt(text[:end], 10, 64)
	return int32(v), text[end:]
}
