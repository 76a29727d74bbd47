// Package stonithadmin is stonith_admin(8): it asks the fencer about devices, topologies
// and history, has nodes fenced, and asks agents about themselves (the reference's
// tools/stonith_admin.c, lib/pacemaker/pcmk_fence.c and lib/fencing/st_output.c).
//
// # Deviations from the reference
//
// What --last finds out is not written to syslog. Plugins of cluster-glue are listed and described by way of that
// package's files and its tool stonith, not of its library.
package stonithadmin
