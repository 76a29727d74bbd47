// Package cib compares what is pure of our CIB with the reference's tools: digests with
// cibadmin's, patchsets with crm_diff's, operations with those that cibadmin does on a
// file. Documents are the reference's regression tests, if RINGMASTER_CORPUS names them,
// our own, and what a seed makes of both.
//
// With -refresh the tests write the goldens of cib/digest, cib/patch, internal/cli/crmdiff
// and cib/ops anew.
package cib
