// Package acl is what users may see and change of a CIB: its section acls, with roles,
// targets, groups and permissions in today's form and in that of before schema 2.0 (the
// reference's lib/common/acl.c).
//
// Where enable-acl is set, all users but root and the cluster's own have the permissions that
// the section gives them and no others. A permission is for the elements that an XPath leads
// to and for what is in them; a nearer one wins over one further out, and deny over the rest on the same
// element. [Permissions] guard changes of a document; [Filter] takes out of a copy what
// a user may not read.
//
// It differs from the reference in a role that refers to itself, which makes that one
// recurse without end, and in a permission without a kind, on which it aborts: both are passed over.
//
// Everything here is a function of its arguments. Packages of cib/ and above may import it.
package acl
