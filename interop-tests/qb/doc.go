// Package qb proves internal/qb against libqb itself: C clients of our server
// and our client of a C server, over both transports. The C programs in
// testdata are built with gcc and libqb's headers. The tests stand behind the
// build tag "interop"; with -refresh they also write the captures that the
// plain tests of internal/qb compare with.
package qb
