// Package crypto seals and opens the packets of transport knet as libknet 1.25
// does (libknet/crypto.c, crypto_nss.c, crypto_openssl.c), so that peers of
// either of its models read ours and we theirs. docs/wire/knet.md has the layout.
//
// A sealed packet is a salt of 16 random bytes, the plaintext encrypted with AES
// in CBC mode with the salt as initialisation vector and PKCS #7 padding, and an
// HMAC over both. The AES key is the first bytes of the private key, the HMAC's
// key all of it: nothing is derived. Without a cipher the packet is the
// plaintext and the HMAC; a cipher without an HMAC is refused.
//
// An Instance is one such configuration. A Keyring holds the up to two that live
// side by side while a cluster changes its key, and says which of them seals.
//
// Nothing of a packet is looked at before its HMAC is found right, in constant
// time. What fails is an error that wraps one of four kinds, to be counted.
// Sealing and opening allocate nothing once buffers have grown. Neither type may
// be used by two goroutines at once.
//
// The package draws no random bytes itself: whoever makes an Instance passes the
// source of its salts.
package crypto
