// Package goption reads a command line and writes its help as GLib's GOption does,
// which Pacemaker's tools are made with.
//
// Options may stand anywhere before "--". A long option takes its value after "="
// or from the next argument, a short one, alone or the last of several in one
// argument, from the next; names are never shortened. --help, --help-all and
// --help-GROUP, -h and -?, end the reading with the help as it stood then. The text
// is GLib's in the C locale, where Pacemaker's tools leave it: the ellipsis after
// OPTION is a question mark.
//
// One thing is better here: values need not be ASCII. GLib refuses others, since
// the tools never say which locale they are in.
//
// Options have effects in the order of the command line, by functions; the package
// knows nothing of Pacemaker.
package goption
