// Package cpg proves closed process groups among C and Go: the same
// conversations through libcpg and through our client, with corosync's daemon
// and with ours, must read the same (build tag interop; needs root, gcc and the
// reference's packages).
package cpg
