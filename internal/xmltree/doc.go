// Package xmltree reads XML into an etree document, several times faster than
// etree does by way of encoding/xml, and as strictly as libxml2: configurations of tens of
// megabytes are read by every tool that starts.
//
// What is not well-formed is refused with the line: tags that do not match, attributes
// that come twice, characters and entities that XML does not have, nesting deeper than
// libxml2 allows. Attribute values are normalised. Documents are UTF-8. A document type
// declaration is passed over; one that declares something is refused, so that
// there are no entities but XML's own five.
//
// Recover reads what is not well-formed as far as libxml2 does when it is told to
// recover, and says what libxml2 says of it, word by word. It differs where a document
// type declaration declares more than entities of text, and in encodings: it knows UTF-8,
// Latin-1 and ASCII.
//
// The strings of a document are parts of one copy of its text. Attributes without a
// prefix do not know their element (etree.Attr.Element is nil), which saves time and
// memory; nothing else tells a document from one that etree has read.
package xmltree
