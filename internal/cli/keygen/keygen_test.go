package keygen

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestGolden replays what the C tool has said; testdata/refresh.sh records it.
func TestGolden(t *testing.T) {
	golden, err := os.ReadFile("testdata/golden.txt")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	for _, c := range strings.Split(string(golden), "== ")[1:] {
		args, want, _ := strings.Cut(c, "\n")
		var out, errs, got bytes.Buffer
		status := Main(append([]string{"corosync-keygen"}, strings.Fields(args)...), nil, &out, &errs)
		fmt.Fprintf(&got, "status %d\n", status)
		prefix(&got, "out:", out.String())
		prefix(&got, "err:", errs.String())
		if st, err := os.Stat("key"); err == nil {
			fmt.Fprintf(&got, "key %o %d\n", st.Mode().Perm(), st.Size())
			if err := os.Remove("key"); err != nil {
				t.Fatal(err)
			}
		}
		if got.String() != want {
			t.Errorf("%s: got\n%swant\n%s", args, got.String(), want)
		}
	}
}

func prefix(w *bytes.Buffer, p, text string) {
	for _, l := range strings.SplitAfter(text, "\n") {
		if l != "" {
			w.WriteString(p + l)
		}
	}
}

// TestSourceEnds: the reference would ask for keys for ever.
func TestSourceEnds(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("short", make([]byte, 100), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	if status := Main([]string{"x/corosync-keygen", "-r", "short", "-k", "key"}, nil, &out, &errs); status != 1 {
		t.Errorf("status %d, want 1", status)
	}
	if want := "generate entropy (1248 bits still needed).\n"; !strings.HasSuffix(out.String(), want) {
		t.Errorf("got %q", out.String())
	}
	if want := "corosync-keygen: Could not read /dev/random: EOF\n"; errs.String() != want {
		t.Errorf("got %q, want %q", errs.String(), want)
	}
	if _, err := os.Stat("key"); err == nil {
		t.Error("a key was written")
	}
}
