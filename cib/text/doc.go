// Package text writes XML as Pacemaker does (the reference's pcmk__xml2text and
// crm_xml_escape, lib/common/xml.c): what its tools print, what is on disk, and what
// digests are made of. It is not libxml2's serialisation: values are escaped in another
// way, prefixes of names and text outside of CDATA sections are left out.
//
// Escaping of the reference has a flaw: from the first character on that takes two bytes
// or more, nothing in the value is escaped. Digests are made of that text, so that
// [Digest] has it too. What is to be read again ([Lines], [Line]) differs from the
// reference where its outcome would be no XML: <, & and " are escaped there as well.
//
// Any package may import it. docs/wire/cib.md describes the text.
package text
