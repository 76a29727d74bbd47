// Package notify is how a daemon behaves towards what starts it: the service
// manager (sd_notify(3)), the pid file, the terminal that it leaves. It does
// what the reference's exec/main.c does, for a program that cannot fork.
//
// Going to the background: Go's runtime does not survive fork(2), so the program
// starts itself again (Background) in a session of its own, and waits. The new
// process reads its configuration with the old one's standard streams, so that
// complaints are seen; when it has found everything in order it redirects the
// streams and tells so (Detach), and the old one ends with status 0. If it ends
// before, the old one ends with its status.
package notify
