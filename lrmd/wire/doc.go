// Package wire is the XML that the executor and its clients exchange
// (docs/wire/lrmd.md): requests are read, replies and events are made, and for tests and
// Go clients the other way round. What is odd in a request is an error that names the attribute;
// what is missing is empty, as the reference has it.
//
// It belongs to package lrmd's shell and to its clients, and knows no sockets.
package wire
