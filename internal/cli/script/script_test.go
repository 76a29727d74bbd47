package script

import (
	"fmt"
	"strings"
	"testing"
)

func TestOptions(t *testing.T) {
	for line, want := range map[string]string{
		"p -ab x --long y --value=z rest -c": "[{-a } {-b x} {--long } {--value z} {-c }] true",
		"p --lon --vers -- -a":               "[{--long } {--version }] true",
		"p --v":                              "[] false\np: option '--v' is ambiguous; possibilities: '--value' '--version'\n",
		"p -x -b":                            "[] false\np: invalid option -- 'x'\np: option requires an argument -- 'b'\n",
	} {
		var errs strings.Builder
		options, ok := Options(strings.Fields(line), "ab:c", "long,value:,version", &errs)
		got := fmt.Sprint(options, " ", ok)
		if errs.String() != "" {
			got += "\n" + errs.String()
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", line, got, want)
		}
	}
}
