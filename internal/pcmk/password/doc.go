// Package password verifies the passwords of the system's users, for remote access to the CIB
// (authenticate_user of daemons/based/based_remote.c in Pacemaker 2.1.5).
//
// The reference asks PAM, service login. That needs the C library, which our programs are not linked
// with. What that service comes to on Debian is pam_unix, and pam_unix of a process that may not
// read /etc/shadow runs unix_chkpwd, which may: so does this package. It thus knows every hash that the
// system's crypt(3) knows, yescrypt among them, never sees one itself, and needs no more rights
// than the cluster's user has, whose own password is the only one that unix_chkpwd verifies for
// him. pam_nologin and pam_faildelay of that service are done here.
//
// Deviation: what else an administrator puts into /etc/pam.d/login, such as a directory service, is not
// asked, and CIB_pam_service, which names another service, means nothing.
//
// Daemons import it.
package password
