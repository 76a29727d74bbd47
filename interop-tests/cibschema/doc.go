// Package cibschema compares cib/schema with the reference's libcrmcommon, and
// internal/xmltree with libxml2, which a
// small C program (testdata/oracle.c, built by the test with gcc) asks: whole
// configurations and thousands of mutations of them, at every version. The reference's own test
// configurations are read from RINGMASTER_CORPUS/xml, if that is set.
//
// With -refresh the tests write cib/schema's goldens anew.
package cibschema
