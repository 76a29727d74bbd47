package schema

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/golden"
)

// parse reads an XML text.
func parse(t testing.TB, text string) *etree.Element {
	t.Helper()
	doc := etree.NewDocument()
	if err := doc.ReadFromString(text); err != nil {
		t.Fatal(err)
	}
	return doc.Root()
}

// said are the messages of a kind, a line each.
func said(messages []Message, kind Kind) string {
	var b strings.Builder
	for _, m := range messages {
		if m.Kind == kind {
			b.WriteString(m.Text + "\n")
		}
	}
	return b.String()
}

func TestUpgradeAsTheReference(t *testing.T) {
	files, err := filepath.Glob("testdata/upgrade/*.xml")
	if err != nil || len(files) == 0 {
		t.Fatal("no goldens", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".xml"), func(t *testing.T) {
			in, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			want, err := os.ReadFile(strings.TrimSuffix(file, "xml") + "want")
			if err != nil {
				t.Fatal(err)
			}
			head, rest, _ := strings.Cut(string(want), "\n")
			cib, messages, _ := strings.Cut(rest, "\n")

			u, err := Upgrade(parse(t, string(in)), Options{})
			code := 0
			if err != nil {
				code = -203 // pcmk_err_schema_validation
			}
			if got := fmt.Sprintf("%d %d", code, u.Version); got != head {
				t.Errorf("return code and version %s, want %s (%v)", got, head, err)
			}
			if got, want := golden.Document(u.CIB), golden.Document(parse(t, cib)); got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
			if got := said(u.Messages, Transforming); got != messages {
				t.Errorf("said:\n%s\nwant:\n%s", got, messages)
			}
		})
	}
}

const minimal = `<cib validate-with="%s" admin_epoch="0" epoch="0" num_updates="0">` +
	`<configuration><crm_config/><nodes/><resources/><constraints>%s</constraints></configuration><status/></cib>`

func TestUpdateConfiguration(t *testing.T) {
	for _, tt := range []struct {
		validateWith, constraints string
		ok                        bool
		version                   Version
		says                      string
	}{
		{"pacemaker-1.2", "", true, V3_9, ""},
		{"PACEMAKER-3.0", "", true, V3_0, ""},
		{"pacemaker-3.0", "<nonsense/>", true, V3_0, ""}, // new enough: not looked at
		{"pacemaker-0.6", "<nonsense/>", false, V1_0,
			"Cannot upgrade configuration (claiming schema pacemaker-0.6) to at least pacemaker-3.0 because it" +
				" does not validate with any schema from unknown to pacemaker-3.9\n"},
		{"pacemaker-2.1", "<nonsense/>", false, V1_0,
			"Cannot upgrade configuration (claiming schema pacemaker-2.1) to at least pacemaker-3.0 because it" +
				" does not validate with any schema from pacemaker-2.1 to pacemaker-3.9\n"},
		{"none", "<nonsense/>", true, None, "Schema validation of configuration is disabled (enabling is encouraged" +
			" and prevents common misconfigurations)\n"},
	} {
		cib := parse(t, fmt.Sprintf(minimal, tt.validateWith, tt.constraints))
		before := golden.Document(cib)
		u, ok := UpdateConfiguration(cib)
		if ok != tt.ok || u.Version != tt.version {
			t.Errorf("%s: %v, %v, want %v, %v", tt.validateWith, ok, u.Version, tt.ok, tt.version)
		}
		if got := said(u.Messages, Configuration); got != tt.says {
			t.Errorf("%s says %q, want %q", tt.validateWith, got, tt.says)
		}
		if golden.Document(cib) != before {
			t.Errorf("%s: the document given was changed", tt.validateWith)
		}
	}
}

func TestUpgradeLimits(t *testing.T) {
	u, err := Upgrade(parse(t, fmt.Sprintf(minimal, "pacemaker-1.0", "")), Options{Max: V2_10})
	if err != nil || u.Version != V2_10 {
		t.Errorf("Max: %v, %v", u.Version, err)
	}
	u, err = Upgrade(parse(t, fmt.Sprintf(minimal, "pacemaker-3.0", "")), Options{ValidateOnly: true})
	if err != nil || u.Version != V3_9 {
		t.Errorf("ValidateOnly: %v, %v", u.Version, err)
	}
}

// TestUpgradeExplains: as crm_verify -V prints it, and logs what is said of 3.0.
func TestUpgradeExplains(t *testing.T) {
	for file, want := range map[string]string{
		"skips-broken-version": "element rsc_location: Relax-NG validity error : Expecting an element resource_set, got nothing\n" +
			"element rsc_location: Relax-NG validity error : Element rsc_location failed to validate content\n" +
			"element rsc_location: Relax-NG validity error : Element constraints has extra content: rsc_location\n",
		"stuck": "logged:\nRelax-NG validity error : Extra element rule in interleave\n" +
			"Relax-NG validity error : Extra element operations in interleave\n" +
			"element operations: Relax-NG validity error : Element primitive failed to validate content\n" +
			"element primitive: Relax-NG validity error : Element resources has extra content: primitive\n" +
			"logged:\nelement nvpair: Relax-NG validity error : Element nvpair failed to validate attributes\n" +
			"Relax-NG validity error : Extra element operations in interleave\n" +
			"element operations: Relax-NG validity error : Element primitive failed to validate content\n" +
			"element primitive: Relax-NG validity error : Element resources has extra content: primitive\n",
	} {
		in, err := os.ReadFile("testdata/upgrade/" + file + ".xml")
		if err != nil {
			t.Fatal(err)
		}
		u, _ := Upgrade(parse(t, string(in)), Options{Explain: true})
		got := ""
		seen := map[string]bool{}
		for _, m := range u.Messages {
			if m.Kind != Refused {
				continue
			}
			text := printed(m.Faults)
			if m.Logged {
				text = "logged:\n" + text
			}
			if !seen[text] { // several versions say the same
				got += text
			}
			seen[text] = true
		}
		if got != want {
			t.Errorf("%s: got\n%swant\n%s", file, got, want)
		}
	}
}
