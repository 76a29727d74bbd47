// Package wire is the bytes of the totem single ring protocol as corosync
// 3.1.7 sends them: packed structures without padding, in the byte order of
// their sender, which the magic of the header gives away (exec/totemsrp.c,
// include/corosync/totem/totem.h). Over plain UDP a datagram is one such
// message and nothing else. docs/wire/totem.md describes every field.
//
// Each kind has a Parse method, which fills a struct that the caller owns and
// reuses its slices, so that the kinds of the token's path (ORFToken, Mcast)
// are read without allocation, and an AppendTo method that writes the same
// bytes back. A count is compared with what a ring may have and with the bytes
// that are there before anything is made of it; whatever is wrong is an error
// that names the field. Bytes after a message are left alone: the second result
// is how many were read.
//
// The package knows no state and keeps nothing of its input.
package wire
