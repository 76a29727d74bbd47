package pcmktool

import (
	"bufio"
	"bytes"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
)

func TestSplit(t *testing.T) {
	for line, want := range map[string]string{
		"p -abc":           "p -a -b -c",
		"p -ad2005 x":      "p -a -d 2005 x",
		"p -ad -x":         "p -a -d -x",
		"p -d --":          "p -d --",
		"p -12 -1x -01":    "p -12 -1 -x -0 -1",
		"p - --long=x":     "p - --long=x",
		"p -a -- -bc -ddd": "p -a -- -bc -ddd",
	} {
		if got := strings.Join(Split(strings.Fields(line), "d"), " "); got != want {
			t.Errorf("%s: got %s, want %s", line, got, want)
		}
	}
}

func TestQuote(t *testing.T) {
	if got, want := Quote([]string{"a", "b c", "d'e", "f 'g'"}), `a 'b c' d'e 'f \'g\''`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestXML(t *testing.T) {
	var b bytes.Buffer
	x := newXML(destination{w: bufio.NewWriter(&b)}, []string{"tool", "<é>\n"})
	x.Element("list", "name", `"x"`).Add("item").SetText("a<b>\"\n\t\r\x01")
	x.Err("%d wrong", 3)
	if err := x.Finish(crmexit.NoSuch); err != nil {
		t.Fatal(err)
	}
	const want = `<pacemaker-result api-version="2.25" request="tool &lt;&#xE9;&gt;&#10;">
  <list name="&quot;x&quot;">
    <item>a&lt;b&gt;"
	&#13;</item>
  </list>
  <status code="105" message="No such object">
    <errors>
      <error>3 wrong</error>
    </errors>
  </status>
</pacemaker-result>
`
	if b.String() != want {
		t.Errorf("got\n%s", b.String())
	}
}
