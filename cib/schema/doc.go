// Package schema knows the CIB's grammar at every version that Pacemaker 2.1.5
// has one for, and how a CIB written for an older version becomes one of a newer.
//
// The grammar is one text, cib.grammar, in a short notation of RELAX NG; what
// a version has and another lacks is marked there. [Version.Validate] compares a
// document with it and accepts and refuses what libxml2 does with the reference's
// schemas, duplicate IDs and dangling IDREFs included. A pattern is turned
// into an automaton while documents are read: the states are what may still come in
// an element (Brzozowski's derivatives), and each is computed once.
//
// [Upgrade] and [UpdateConfiguration] are the reference's update_validation and
// cli_config_update (lib/common/schemas.c). Two steps between versions change the
// document: 1.3 to 2.0 (ACLs) and 2.10 to 3.0 (options that got other names or places).
// Both are written here in Go; the reference's are XSLT, and what theirs makes of odd
// input, ours makes too. docs/wire/cib-schema.md describes the versions and the steps.
//
// Everything here is a function of its arguments, safe for concurrent use on
// different documents; nothing does I/O. Any package may import it.
package schema
