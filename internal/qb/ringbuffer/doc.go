// Package ringbuffer is libqb's ring of chunks (lib/ringbuffer.c), as its IPC
// uses it: one process writes, another reads, in two files "<base>-header" and
// "<base>-data" that each maps.
//
// Every message is a chunk: a word with its length, a magic word, the bytes,
// padded to whole words; chunks wrap around the end of the data. A semaphore in
// the header counts the chunks that are ready.
//
// Who creates a ring is not who must be obeyed: each side keeps its own
// position to itself and only publishes it. What it reads from the other side,
// the other's position, the magic and the length of a chunk, is checked before
// use and costs that ring only (ErrCorrupt). A Ring is not safe for concurrent
// use, except that its two directions, Write and Read, are of two processes.
package ringbuffer
