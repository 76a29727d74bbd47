// Package alerts changes node attributes in a cluster that has alerts about them, and compares how a
// recording agent is called for it where the manager of attributes is the reference's and where it
// is ours (package mix). By default the executor is the reference's; -daemons says what else is to be ours:
//
//	go test -tags interop ./interop-tests/alerts -daemons pacemaker-attrd,pacemaker-execd
package alerts
