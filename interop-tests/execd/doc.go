// Package execd runs our pacemaker-execd in place of the reference's: below a real
// pacemakerd and controller in clusters of three, with an agent that records how it was
// called, with the agents of Debian's packages, and in front of the reference's own test
// program.
package execd
