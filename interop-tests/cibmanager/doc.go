// Package cibmanager puts our pacemaker-based in the place of the reference's, on one node of
// three and on all, below the reference's pacemakerd and between its other
// daemons, and compares what the tools print with what they print among the reference's
// managers. It needs root and Debian's packages.
package cibmanager
