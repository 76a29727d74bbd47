// Package dhtls is TLS 1.2 (RFC 5246) without certificates: Diffie-Hellman over finite fields
// between parties who do not prove who they are. That is what Pacemaker's GnuTLS comes to for remote
// access to the CIB (priority NORMAL:+ANON-DH), and Go's crypto/tls does not have it.
//
// What is there: client and server; the suites TLS_DH_anon_WITH_AES_256_GCM_SHA384 and
// TLS_DH_anon_WITH_AES_128_GCM_SHA256 (RFC 5288), the groups of RFC 7919 and their negotiation, the
// extended master secret (RFC 7627), the indication of secure renegotiation (RFC 5746). What is not,
// because nobody here needs it: other ciphers, resumption, renegotiation, compression.
//
//	client                                server
//	ClientHello               -------->
//	                                      ServerHello
//	                                      ServerKeyExchange   group, public value
//	                          <--------   ServerHelloDone
//	ClientKeyExchange                     public value
//	[ChangeCipherSpec]
//	Finished                  -------->
//	                                      [ChangeCipherSpec]
//	                          <--------   Finished
//	data                      <------->   data
//
// It keeps out who listens, and nobody who can put himself in between: that is so with the
// reference as well. For the same reason, and because each secret is used once, the arithmetic is
// math/big's, whose time depends on the secret.
//
// Keys that both sides know beforehand (TLS_DHE_PSK, RFC 4279, which Pacemaker Remote has) differ in three
// places: an identity stands before the values in both key exchange messages ([params] and public values
// are parsed apart from what is around them), the premaster secret has two parts, and the
// suites have other numbers.
//
// A peer's bytes are parsed by package cryptobyte, lengths compared with what is there, and nothing is
// kept of a message that is too large. The protocols above know who may import it: what is on
// a socket of Pacemaker's.
package dhtls
