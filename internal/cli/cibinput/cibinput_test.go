package cibinput

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/cli/pcmktool"
)

// reader reads, and its log goes to the text.
func reader(stdin string) (*Reader, *strings.Builder) {
	var said strings.Builder
	c := pcmktool.Common{Verbosity: 4}
	return &Reader{Log: c.NewLog("tool", &said), Stdin: strings.NewReader(stdin), Stderr: &said}, &said
}

const valid = `<cib validate-with="pacemaker-3.9" epoch="1" num_updates="0" admin_epoch="0"><configuration><crm_config/><nodes/><resources/><constraints/></configuration></cib>`

// What stands for the cluster, and in which order it counts.
func TestSubstitutes(t *testing.T) {
	folder := t.TempDir()
	for name, epoch := range map[string]string{"shadow.test": "2", "file.xml": "3"} {
		text := strings.Replace(valid, `epoch="1"`, `epoch="`+epoch+`"`, 1)
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("CIB_shadow_dir", folder)
	t.Setenv("CIB_shadow", "")
	t.Setenv("CIB_file", filepath.Join(folder, "file.xml"))
	epoch := func() string {
		r, said := reader("")
		d, err := r.Query()
		if err != nil {
			return said.String() + err.Error()
		}
		return d.Root.SelectAttrValue("epoch", "")
	}
	if got := epoch(); got != "3" {
		t.Errorf("a file: %s", got)
	}
	t.Setenv("CIB_shadow", "test")
	if got := epoch(); got != "2" {
		t.Errorf("a shadow: %s", got)
	}
	t.Setenv("CIB_shadow", "none")
	if got, want := epoch(), "(cib_file_signon) \tinfo: Connection to local file '"+filepath.Join(folder, "shadow.none")+"' for tool failed: No such device or address\nCIB query failed: Input file not available"; got != want {
		t.Errorf("no shadow: got\n%s\nwant\n%s", got, want)
	}
}

// A file that stands for the cluster must be what it claims to be.
func TestInvalidSubstitute(t *testing.T) {
	file := filepath.Join(t.TempDir(), "in.xml")
	if err := os.WriteFile(file, []byte(strings.Replace(valid, "<nodes/>", "<bogus/>", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	r, said := reader("")
	if _, err := r.QueryFile(file); err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"(xml_log) \terror: ", "(load_file_cib) \terror: CIB does not validate against pacemaker-3.9\n"} {
		if !strings.Contains(said.String(), want) {
			t.Errorf("%q is not said:\n%s", want, said)
		}
	}
}

func TestCompressed(t *testing.T) {
	for name, want := range map[string]string{
		"good.bz2":      "",
		"truncated.bz2": "(decompress_file) \terror: Could not read compressed truncated.bz2: compressed file finishes before the logical end of stream is detected | bzerror=-7\n",
		"text.bz2":      "(decompress_file) \terror: Could not read compressed text.bz2: the compressed stream does not start with the correct magic bytes | bzerror=-5\n",
		"missing.bz2": "Could not open missing.bz2 for reading: No such file or directory (2)\n" +
			"(decompress_file) \terror: Could not open missing.bz2 for reading: No such file or directory (2)\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir("testdata")
			r, said := reader("")
			d := r.File(name)
			if said.String() != want || (d != nil) != (want == "") {
				t.Errorf("%v, got\n%swant\n%s", d, said, want)
			}
		})
	}
}

func TestEscape(t *testing.T) {
	for in, want := range map[string]string{
		"a<b>&\"'": "a&lt;b&gt;&amp;&quot;&apos;", "\t\n\r": `    \n\r`, "\x01\x7f": `\001\177`, "<é<": "&lt;é<", "\xff<": `\37777777777&lt;`,
	} {
		if got := escape(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}
