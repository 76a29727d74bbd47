// Package pcmkcluster holds what Ringmaster reads and writes between Pacemaker's daemons
// against the reference's daemons, which send and take it on hosts of the lab.
package pcmkcluster
