package golden

import (
	"bytes"
	"encoding/json"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Sandbox is a run of a program in a folder with files: a line of JSON in a golden file. There
// a long text that comes more than once is a line of its own before its first use, and "=" and
// its number stand for it.
type Sandbox struct {
	Args   []string          `json:"args"`          // the program's name first
	Env    []string          `json:"env,omitempty"` // NAME=VALUE
	Stdin  string            `json:"stdin,omitempty"`
	Files  map[string]string `json:"files,omitempty"`
	Status int               `json:"status"`
	Stdout string            `json:"stdout,omitempty"`
	Stderr string            `json:"stderr,omitempty"`
	After  map[string]string `json:"after,omitempty"` // files that are new or different
	Gone   []string          `json:"gone,omitempty"`
}

// Play lays out the files in an empty folder, runs a program there and notes what has come
// of it. Its argument is the sandbox, whose results are not of this run.
func (s Sandbox) Play(t testing.TB, folder string, run func(s Sandbox, stdout, stderr io.Writer) int) Sandbox {
	t.Helper()
	for name, text := range s.Files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out, errs bytes.Buffer
	s.Status = run(s, &out, &errs)
	s.Stdout, s.Stderr = string([]rune(out.String())), string([]rune(errs.String()))
	s.After, s.Gone = nil, nil
	seen := map[string]bool{}
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		name := strings.TrimPrefix(path, folder+"/")
		seen[name] = true
		if was, ok := s.Files[name]; !ok || was != string(b) {
			if s.After == nil {
				s.After = map[string]string{}
			}
			s.After[name] = string([]rune(string(b)))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Files)) {
		if !seen[name] {
			s.Gone = append(s.Gone, name)
		}
	}
	return s
}

// Compare says how a run differs from the one that was wanted, and tells whether it does not.
func (s Sandbox) Compare(t testing.TB, want Sandbox) bool {
	t.Helper()
	if s.Status == want.Status && s.Stdout == want.Stdout && s.Stderr == want.Stderr && maps.Equal(s.After, want.After) && slices.Equal(s.Gone, want.Gone) {
		return true
	}
	t.Errorf("%q %q stdin %q\nstatus: got %d, want %d, gone: got %q, want %q", want.Args, want.Env, want.Stdin, s.Status, want.Status, s.Gone, want.Gone)
	texts := func(s Sandbox) map[string]string {
		m := maps.Clone(s.After)
		if m == nil {
			m = map[string]string{}
		}
		m["(stdout)"], m["(stderr)"] = s.Stdout, s.Stderr
		return m
	}
	got, wanted := texts(s), texts(want)
	all := maps.Clone(got)
	maps.Copy(all, wanted)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if got[name] != wanted[name] {
			t.Errorf("%s %s", name, Difference(strings.Split(got[name], "\n"), strings.Split(wanted[name], "\n")))
		}
	}
	return false
}

// RepeatSandboxes plays the runs of a file again, by run, which is the tool.
func RepeatSandboxes(t *testing.T, path string, least int, run func(args []string, stdin io.Reader, stdout, stderr io.Writer) int) {
	t.Helper()
	count := 0
	var texts []string
	for line := range strings.Lines(string(read(t, path))) {
		if strings.HasPrefix(line, `"`) {
			var text string
			if err := json.Unmarshal([]byte(line), &text); err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			texts = append(texts, text)
			continue
		}
		var want Sandbox
		if err := json.Unmarshal([]byte(line), &want); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		want = want.texts(func(text string) string {
			if number, ok := strings.CutPrefix(text, "="); ok {
				n, err := strconv.Atoi(number)
				if err != nil || n >= len(texts) {
					t.Fatalf("%s: text %s", path, number)
				}
				return texts[n]
			}
			return text
		})
		count++
		t.Run("", func(t *testing.T) {
			for _, name := range []string{"CIB_file", "CIB_shadow", "CIB_user", "CIB_shadow_dir", "CIB_port", "EDITOR", "SHELL", "PS1"} {
				t.Setenv(name, "")
				os.Unsetenv(name)
			}
			for _, e := range want.Env {
				name, value, _ := strings.Cut(e, "=")
				t.Setenv(name, value)
			}
			folder := t.TempDir()
			t.Chdir(folder)
			want.Play(t, folder, func(s Sandbox, stdout, stderr io.Writer) int {
				return run(s.Args, strings.NewReader(s.Stdin), stdout, stderr)
			}).Compare(t, want)
		})
	}
	if count < least {
		t.Errorf("only %d runs in %s", count, path)
	}
}

// WriteSandboxes writes such a file.
func WriteSandboxes(t testing.TB, path string, runs []Sandbox) {
	t.Helper()
	const long = 200
	counts := map[string]int{}
	for _, s := range runs {
		s.texts(func(text string) string { counts[text]++; return text })
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	write := func(v any) {
		if err := e.Encode(v); err != nil {
			t.Fatal(err)
		}
	}
	numbers := map[string]string{}
	for _, s := range runs {
		write(s.texts(func(text string) string {
			if len(text) < long || counts[text] < 2 {
				return text
			}
			if numbers[text] == "" {
				numbers[text] = "=" + strconv.Itoa(len(numbers))
				write(text)
			}
			return numbers[text]
		}))
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// texts is a copy with other texts.
func (s Sandbox) texts(other func(string) string) Sandbox {
	s.Stdout, s.Stderr = other(s.Stdout), other(s.Stderr)
	for _, m := range []*map[string]string{&s.Files, &s.After} {
		*m = maps.Clone(*m)
		for _, name := range slices.Sorted(maps.Keys(*m)) {
			(*m)[name] = other((*m)[name])
		}
	}
	return s
}
