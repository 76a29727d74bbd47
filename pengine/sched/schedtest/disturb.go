package schedtest

import "github.com/beevik/etree"

// Disturb takes elements of a CIB away, doubles or moves them, and gives them values
// that others have, as draw decides, which is a number from 0 to below n. A clone does
// not get more than nine instances: a thousand only take their time.
func Disturb(cib *etree.Element, draw func(n int) int) {
	for range 1 + draw(12) {
		all := cib.FindElements(".//*")
		e, other := all[draw(len(all))], all[draw(len(all))]
		switch draw(5) {
		case 0:
			if e.Parent() != nil && e.Parent() != cib {
				e.Parent().RemoveChild(e)
			}
		case 1:
			if e.Parent() != nil && e.Parent() != cib {
				e.Parent().AddChild(e.Copy())
			}
		case 2:
			other.AddChild(e.Copy())
		case 3:
			if len(e.Attr) > 0 {
				e.RemoveAttr(e.Attr[draw(len(e.Attr))].Key)
			}
		default:
			if len(e.Attr) > 0 && len(other.Attr) > 0 {
				e.Attr[draw(len(e.Attr))].Value = other.Attr[draw(len(other.Attr))].Value
			}
		}
	}
	for _, nvpair := range cib.FindElements(".//nvpair[@name='clone-max']") {
		if len(nvpair.SelectAttrValue("value", "")) > 1 {
			nvpair.CreateAttr("value", "9")
		}
	}
}
