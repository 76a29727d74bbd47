// Package attrd runs our pacemaker-attrd below the reference's pacemakerd, and compares what
// becomes of attributes with a cluster that has the reference's alone: what tools print on
// each node, and what the CIB says. Needs root and Debian 12's packages.
package attrd
