// Package ops is what can be done with a CIB: query, create, modify, delete, replace, erase,
// bump, upgrade and application of a patchset, on sections or by XPath, with the rules
// for its version, validation by its schema, and permissions (the reference's
// lib/cib/cib_ops.c and cib_perform_op in cib_utils.c).
//
// [Perform] is a function: a CIB and a request give another CIB, an answer and the
// patchset between the two. The CIB given is never changed. Errors are those of this package and of
// package patch; package cib/result has their numbers.
//
// It differs from the reference where that crashes: an attribute replace of what does not exist yet,
// and an XPath that replaces all of the document, which is refused.
package ops
