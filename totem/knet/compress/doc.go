// Package compress packs user data as libknet 1.25 does before it cuts it into
// packets (libknet/compress.c and compress_*.c). docs/wire/knet.md has the
// format of each model. Models are known on the wire by a number, which the
// header of a packet of user data carries, so that a receiver needs no
// configuration to unpack what it gets.
//
// Offered are the models of corosync.conf for which there is a library in Go:
// zlib, lz4, lz4hc, lzma, bzip2 and zstd. lzo2 has none; to configure it is an
// error that says so, and so is a packet that it packed.
//
// What comes from the network may claim any size. Nothing is unpacked beyond
// the bound that the caller gives.
package compress
