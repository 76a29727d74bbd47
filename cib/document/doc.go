// Package document is a CIB that remembers what is changed in it, as the reference's
// lib/common/xml.c does: the ground on which operations, access control and patchsets
// stand.
//
// While changes are tracked, an attribute that is removed stays where it is, marked as
// deleted, and an element that is removed leaves its path behind; each change marks its
// element and all those around it. [Document.Accept] forgets the marks and takes deleted
// attributes away. [Document.Compare] finds the changes afterwards, from the document as it
// was before. Marks are kept beside the tree and only for what has changed: reading
// and accepting cost nothing for what has not.
//
// With a [Guard], changes that a user has no permission for are not made, and
// the document knows that something was denied ([Document.Denied]).
//
// All changes of a tracked document go through its methods. Trees are etree's; of their
// contents elements and comments count, text and processing instructions do not take part.
// Where the reference dereferences a null pointer (an attribute removed that is not there,
// CDATA among siblings that are compared), this does what was meant.
//
// Everything here is a function of its arguments. Packages of cib/ and above may import it.
package document
