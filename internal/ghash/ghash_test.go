package ghash_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/ghash"
)

func numbered(format string, from, n int) (keys []string) {
	for i := range n {
		keys = append(keys, fmt.Sprintf(format, from+i))
	}
	return keys
}

// The orders are those of libglib 2.74: see testdata/README.
func TestOrder(t *testing.T) {
	for name, keys := range map[string][]string{
		"few":      numbered("node%d", 1, 3),
		"numbers":  numbered("%d", 1, 16),
		"many":     numbered("node%d", 1, 64),
		"thousand": numbered("rsc-%d", 0, 700),
		"odd":      numbered("é%d", 0, 30),
	} {
		want, err := os.ReadFile("testdata/" + name + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Trim(fmt.Sprint(ghash.Order(keys)), "[]")
		if got != strings.TrimSpace(string(want)) {
			t.Errorf("%s: walks in the order\n%s, want\n%s", name, got, want)
		}
	}
}

func TestOrderKeepsTheFirstOfEqualKeys(t *testing.T) {
	got := ghash.Order([]string{"a", "b", "a", "c", "b"})
	slices.Sort(got)
	if want := []int{0, 1, 3}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
