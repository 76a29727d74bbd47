// Package wire is the bytes of kronosnet's protocol as libknet 1.25 has them
// (libknet/onwire.h): what a datagram of transport knet holds once it is
// authenticated and decrypted. docs/wire/knet.md describes every field.
//
// A datagram is a header of six bytes and then, by its type, a fragment of user
// data, a ping or pong, or a path MTU probe or the answer to one. Numbers that
// the other side has to understand are big endian; the time in a ping and the
// size in a probe come back to their sender as they left and are understood by
// nobody else: in the reference in its machine's byte order, here little endian.
//
// Each kind has a Parse method, which fills a struct that the caller owns and
// allocates nothing, and an AppendTo method that writes the same bytes. What no
// sender writes is refused with an error that names the field; the reserved
// bytes and what stands after a ping or a probe are not looked at, as in the
// reference.
//
// The package also has the arithmetic of sizes (libknet/onwire.c): what
// encryption adds, how much user data goes into a packet of a given MTU and how
// large a probe must be. It knows no state and keeps nothing of its input.
package wire
