// Package cibinput is how Pacemaker's tools come by XML and by the CIB: from files, from
// text and from the standard input (filename2xml, string2xml and stdin2xml of the
// reference's lib/common/xml.c), from the cluster or what the environment names in its
// place (lib/cib), and what they do with a CIB before they use it: validation and
// upgrade (lib/common/schemas.c).
//
// What is not well-formed is read as far as it goes, as the reference does: what is
// wrong is logged, and the rest is up to the schema.
package cibinput
