package golden

import (
	"fmt"
	"strings"

	"github.com/beevik/etree"
)

// Document writes a document down so that two can be compared: an element a line, white
// space between them aside.
func Document(e *etree.Element) string {
	var b strings.Builder
	writeLines(&b, e)
	return b.String()
}

func writeLines(b *strings.Builder, e *etree.Element) {
	fmt.Fprintf(b, "<%s", e.FullTag())
	for _, declares := range []bool{true, false} { // libxml2 keeps declarations apart
		for i := range e.Attr {
			if strings.HasPrefix(e.Attr[i].FullKey(), "xmlns") == declares {
				fmt.Fprintf(b, " %s=%q", e.Attr[i].FullKey(), e.Attr[i].Value)
			}
		}
	}
	b.WriteString(">\n")
	for _, token := range e.Child {
		switch t := token.(type) {
		case *etree.Element:
			writeLines(b, t)
		case *etree.Comment:
			fmt.Fprintf(b, "<!--%s-->\n", t.Data)
		case *etree.CharData:
			if strings.TrimSpace(t.Data) != "" {
				fmt.Fprintf(b, "%q\n", t.Data)
			}
		}
	}
	fmt.Fprintf(b, "</%s>\n", e.FullTag())
}
