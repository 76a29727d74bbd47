// Package fsa is the state machine of a cluster's controller as a table: what it is about, what
// can happen, and what follows from that (controld_fsa.h and controld_matrix.h of Pacemaker
// 2.1.5). It knows nothing of how any of it is done; the packages of the controller import it.
package fsa
