// Package cibadmin puts command lines to the reference's cibadmin and crm_shadow and to ours:
// on files, and in a cluster of the reference's daemons.
package cibadmin
