package wire

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/beevik/etree"
)

// ErrMalformed is an element that is not the message it should be.
var ErrMalformed = errors.New("malformed fencing message")

// errMissing is why an attribute cannot be read that is not there.
var errMissing = errors.New("missing")

func malformed(e *etree.Element, attr string, err error) error {
	return fmt.Errorf("%w: attribute %s of %s: %w", ErrMalformed, attr, e.Tag, err)
}

// number reads a number of 32 bits.
func number(e *etree.Element, attr string) (int, error) {
	a := e.SelectAttr(attr)
	if a == nil {
		return 0, malformed(e, attr, errMissing)
	}
	n, err := strconv.ParseInt(a.Value, 10, 32)
	if err != nil {
		return 0, malformed(e, attr, err)
	}
	return int(n), nil
}

// optional is number, or 0 where there is none.
func optional(e *etree.Element, attr string) (int, error) {
	if e.SelectAttr(attr) == nil {
		return 0, nil
	}
	return number(e, attr)
}

// required is an attribute that has to be there.
func required(e *etree.Element, attr string) (string, error) {
	if v := e.SelectAttrValue(attr, ""); v != "" {
		return v, nil
	}
	return "", malformed(e, attr, errMissing)
}

// setSome sets an attribute, unless its value is empty.
func setSome(e *etree.Element, attr, value string) {
	if value != "" {
		e.CreateAttr(attr, value)
	}
}

// wrapped is the element that a message carries, or nil.
func wrapped(e *etree.Element) *etree.Element {
	if d := e.SelectElement(tagData); d != nil {
		if children := d.ChildElements(); len(children) > 0 {
			return children[0]
		}
	}
	return nil
}

// wrap makes data what a message carries.
func wrap(e, data *etree.Element) {
	if data != nil {
		e.CreateElement(tagData).AddChild(data)
	}
}

// find is the first element of a name below e, or e itself.
func find(e *etree.Element, tag string) *etree.Element {
	if e.Tag == tag {
		return e
	}
	for _, c := range e.ChildElements() {
		if f := find(c, tag); f != nil {
			return f
		}
	}
	return nil
}
