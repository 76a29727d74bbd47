// Package patch makes and applies patchsets: what changes one version of a CIB to the next,
// as nodes send it to each other and crm_diff prints it (the reference's
// lib/common/patchset.c). docs/wire/cib.md describes both formats.
//
// [Create] writes down the changes of a document that has tracked or found them (package
// document); [Apply] makes them. A patchset that does not fit is refused with one of the errors
// here, which crm_exit_t and the protocol have numbers for. What peers and users send is
// not believed: a malformed patchset is an error, never a panic.
//
// It differs from the reference where that reads what it has freed (an object that is
// deleted and moved, or created in what is deleted, by one patchset): that is ErrFailed here.
//
// Everything here is a function of its arguments. Packages of cib/ and above may import it.
package patch
