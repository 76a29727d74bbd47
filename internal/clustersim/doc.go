// Package clustersim puts the whole executive, synchronisation, CPG and
// votequorum, on the nodes of totem/sim, with clients that come, join a process
// group, send, leave and go, and checks what they see.
//
//   - Each client's stay in the group is a process to a checker of extended
//     virtual synchrony (totem/evs), fed with what libcpg would be told: ring
//     configurations and messages. The interop tests check real rings the same way.
//   - A node is quorate only in a ring with more than half of the votes, and
//     nodes of one ring agree about it.
//   - In the end all nodes know the same processes in the same groups, which are
//     those of the clients that are there.
//
// It is for tests and the sim command.
package clustersim
