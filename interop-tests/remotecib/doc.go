// Package remotecib puts the same command lines, over TCP, to a CIB manager of the reference's and to
// ours, with the reference's tools and with ours: what they print and end with, and what the CIB
// becomes, has to be the same whoever talks to whom. Wrong passwords and users, closed ports and garbage are
// among them.
package remotecib
