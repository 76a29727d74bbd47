package crmverify

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	claims = regexp.MustCompile(`validate-with\s*=\s*("[^"]*"|'[^']*')`)
	many   = regexp.MustCompile(`[0-9]{3,}`)
)

// FuzzVerify: whatever text comes, it is read, validated, unpacked and scheduled without
// a panic, in little time, and with one of the statuses that the reference has. A second
// run claims no schema, so that the scheduler sees what a schema would refuse.
func FuzzVerify(f *testing.F) {
	for _, pattern := range []string{"testdata/cibs/*.xml", "testdata/worst/*.xml", "../../../pengine/status/testdata/*.xml"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			f.Fatal("no seeds", err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(string(text))
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		// Thousands of instances or replicas only take their time.
		if strings.Contains(text, "clone-max") || strings.Contains(text, "replicas") || strings.Contains(text, "promoted-max") {
			text = many.ReplaceAllString(text, "99")
		}
		now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
		for _, cib := range []string{text, claims.ReplaceAllString(text, `validate-with="none"`)} {
			began := time.Now()
			code := run([]string{"crm_verify", "-VV", "-p"}, strings.NewReader(cib), io.Discard, io.Discard, now)
			if !slices.Contains([]int{0, 1, 76, 78}, code) {
				t.Errorf("status %d", code)
			}
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("took %v", took)
			}
		}
	})
}
