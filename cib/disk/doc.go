// Package disk keeps a CIB in files, as the reference's lib/cib/cib_file.c and
// daemons/based/based_io.c do: cib.xml and its digest cib.xml.sig, a hundred backups
// cib-N.raw and cib-N.raw.sig, and cib.last with the number of the next one.
// docs/wire/cib.md describes them.
//
// A write goes to temporary files, which are synchronised, read again and then renamed; the
// files that were there have become a backup before. Invariant: wherever a write is cut
// off, by a crash or a loss of power, reading finds the CIB as it was before or as it is
// after, whole; once [Store.Write] has returned, as it is after. The tests cut at
// every call of the [FS], with every outcome of what was not synchronised.
//
// It differs from the reference: of backups it tries all, the newest first, where that never
// tries the oldest and so does not find an only one; cib.last is replaced, not emptied first; a
// file that is no XML is set aside like one that does not fit its digest, where that leaves it, and then
// never writes again because of it; a failed write leaves no temporary files; what was written and reads differently is an error, not an abort; and the digest
// is that of what is read again, so that values which escaping changes do not make the file useless.
//
// The package comment of cib/digest says what digests are. Who may write in the folder is for the daemon to
// check. Daemons and tools may import this package.
package disk
