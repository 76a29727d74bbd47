// Package based drives the CIB by pcs and crm, with the reference's CIB manager or ours on each
// node of a cluster whose other programs are the reference's (package mix), has managers killed,
// nodes crash and networks part, files damaged and disks full, and many write and follow at once. What single tools
// do to it is in package cibmanager.
package based
