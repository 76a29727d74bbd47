// Package frame reads and writes the messages that Pacemaker's daemons and their clients
// exchange over libqb's IPC: a header behind libqb's own, and an XML document as text,
// compressed if it is large. docs/wire/pcmk-ipc.md describes the bytes
// (lib/common/ipc_common.c and ipc_server.c of Pacemaker 2.1.5).
//
// It is a pure codec. What Decode returns is whole: the sizes fit each other, and the text
// has the announced length and no zero byte. It does not tell whether the text is XML.
//
// Where the reference ends the daemon by an assertion, because a client's text does not end
// where its header says, Decode returns an error.
package frame
