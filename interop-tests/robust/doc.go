// Package robust holds the scenarios in which something goes wrong around one
// daemon: clients that write without pause or never read, a log that nobody
// takes, a disk that stalls, hostile packets and clients. What it shows is that
// the token does not wait and that others do not notice. All of it is in the
// tests.
package robust
