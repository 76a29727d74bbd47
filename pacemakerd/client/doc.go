// Package client asks the launcher of a node's daemons, pacemakerd, how it is, as tools do (the
// reference's lib/common/ipc_pacemakerd.c).
//
// Tools and tests import it.
package client
