// Package cpgmsg reads and writes the messages that Pacemaker's daemons send each other
// through closed process groups: an XML document behind a frame that says from which
// daemon of which node it comes and for whom it is. docs/wire/pcmk-cluster.md describes
// the bytes (lib/cluster/cpg.c of Pacemaker 2.1.5).
//
// A group's member sees all messages of the group; Message.For tells whether one is
// meant for it. What Decode returns is whole: sizes fit, the text has the announced
// length and no zero byte. It does not tell whether the text is XML, nor that the
// sender is who it says: Message.From compares.
package cpgmsg
