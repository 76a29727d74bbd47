// Package wire owns the bytes of quorum: the messages that votequorum sends
// over the ring, and the requests, responses and events of libquorum and
// libvotequorum. docs/wire/votequorum.md and docs/wire/quorum.md describe them.
//
// Ring messages come in the sender's byte order and are given here without
// their 16-byte header, which the carrier puts in front. IPC messages are in
// this machine's byte order and are given whole, header included.
//
// Every Parse function checks counts before it sizes anything, keeps nothing
// of its input, names the field that is wrong, and never panics. What AppendTo
// leaves as padding is zero; the reference sends whatever its stack held.
//
// The engines and the clients of quorum import this package; it imports
// nothing of theirs.
package wire
